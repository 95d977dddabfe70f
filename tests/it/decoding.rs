//! What is decoded of a JPEG where less than all is enough, against what `--exact` gives.

use crate::support::{Place, muted_jpeg};

#[test]
fn gray_is_decoded_as_such_and_said_once() {
    let place = Place::new();
    place.put("in/a.jpg", &muted_jpeg(91, 60, 3));
    place.put("in/b.jpg", &muted_jpeg(64, 48, 3));
    place.put("in/gray.jpg", &muted_jpeg(50, 40, 1));
    place.draw("in/c.png", 40, 30);
    let note = "decoded to luma alone";
    let options = ["-i", "in", "-f", "png", "-r", "brightness:0,grayscale"];
    let ran = place.run_cpu(&[&options[..], &["-o", "luma"]].concat()).ends(0);
    ran.says(&["note: decoded to luma alone (2 images); --exact decodes all\n"]);
    let ran = place.run_cpu(&[&options[..], &["-o", "exact", "--exact"]].concat()).ends(0);
    assert!(!ran.stderr.contains(note));
    for name in ["a", "b", "c", "gray"] {
        let [luma, exact] = ["luma", "exact"]
            .map(|directory| image::load_from_memory(&place.read(&format!("{directory}/{name}.png"))).unwrap());
        assert_eq!((luma.color(), luma.width()), (exact.color(), exact.width()));
        let pairs = luma.as_bytes().iter().zip(exact.as_bytes());
        assert!(pairs.clone().all(|(l, e)| l.abs_diff(*e) <= 1), "{name}");
        let is_same = pairs.clone().all(|(l, e)| l == e);
        assert!(is_same || ["a", "b"].contains(&name), "{name} differs");
    }
    for recipe in ["grayscale:bt709", "invert,grayscale", "sepia"] {
        let ran = place.run_cpu(&["-i", "in", "-r", recipe, "--overwrite"]).ends(0);
        assert!(!ran.stderr.contains(note), "{recipe}");
    }
}

#[test]
fn json_tells_what_was_left_out() {
    let place = Place::new();
    place.put("in/a.jpg", &muted_jpeg(91, 60, 3));
    let json = place.run_cpu(&["-i", "in", "-r", "grayscale", "--json"]).ends(0).json();
    assert_eq!(json["left_out"]["to luma alone"], 1);
    assert_eq!(json["outcomes"][0]["left_out"][0], "to luma alone");
    assert_eq!(json["outcomes"][0]["input_pixels"], 91 * 60);
}
