//! Devices as a user meets them: chosen by `auto`, shared with the CPU, calibrated.
#![cfg(feature = "gpu")]

use super::support::{Place, Ran};

/// Runs the main job over `in` with a cache directory of the test's own, but for the driver's compiled shaders.
fn run(place: &Place, arguments: &[&str]) -> Ran {
    run_with(place, &[&["-i", "in"], arguments].concat(), &[])
}

fn run_with(place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = place.command(arguments);
    command.envs(variables.iter().copied());
    let shaders = std::env::var_os("MESA_SHADER_CACHE_DIR").unwrap_or(place.path("shaders").into());
    command.env("MESA_SHADER_CACHE_DIR", shaders);
    for variable in ["XDG_CACHE_HOME", "LOCALAPPDATA"] {
        command.env(variable, place.path("cache"));
    }
    Ran::of(command.output().unwrap())
}

/// Which of the two it is hangs on what was measured, beside whatever else the machine does.
#[test]
fn auto_measures_a_named_adapter_once_and_says_what_it_expects_of_either() {
    let place = Place::new();
    place.draw_many(2, 40, 30);
    run(&place, &["--adapter", "0", "-o", "a"]).ends(0).says(&[
        "measuring ",
        "once",
        "auto: ",
        ", in about ",
        "would take about",
    ]);
    if cfg!(unix) {
        assert!(place.path("cache/imgproc/calibration.json").exists());
        let again = run(&place, &["--adapter", "0", "-o", "b"]).ends(0).says(&["auto: ", ", in about "]);
        assert!(!again.stderr.contains("measuring"), "{}", again.stderr);
    }
    let document = run(&place, &["--adapter", "0", "-o", "c", "--json"]).ends(0).json();
    let (reason, name) = (&document["backend"]["reason"], &document["backend"]["name"]);
    assert!(
        reason.as_str().unwrap().starts_with(&format!("auto: {}, in about ", name.as_str().unwrap())),
        "{document}"
    );
}

#[cfg(unix)]
#[test]
fn drivers_without_a_gpu_are_asked_once_until_devices_asks_anew() {
    let place = Place::new();
    place.draw_many(2, 40, 30);
    if run_with(&place, &["devices"], &[]).ends(0).stdout.contains("--backend gpu       none here") {
        let said = |out: &str| run(&place, &["-o", out]).ends(0).stderr;
        assert!(said("a").contains("no GPU was found when drivers were asked last"));
        place.put("cache/imgproc/no-gpu", b"another time");
        assert!(!said("b").contains("asked last"));
        assert!(said("c").contains("asked last"));
        let elsewhere = [("VK_ADD_DRIVER_FILES", "/nowhere")];
        let changed = run_with(&place, &["-i", "in", "-o", "d"], &elsewhere).ends(0);
        assert!(!changed.stderr.contains("asked last"), "{}", changed.stderr);
    } else {
        assert!(!place.path("cache/imgproc/no-gpu").exists());
    }
}

#[test]
fn both_say_how_they_shared_the_images() {
    let place = Place::new();
    place.draw_many(12, 300, 200);
    let ran = run(&place, &["--backend", "both", "--adapter", "0", "-r", "median:2"]).ends(0);
    let said = ran.says(&["12 images done", "images computed: ", " by cpu, ", "cpu and "]);
    assert_eq!(place.names("imgproc-out").len(), 12, "{}", said.stderr);
    run(&place, &["--backend", "both", "--adapter", "no such adapter", "-o", "none"])
        .ends(2)
        .says(&["no such adapter"]);
}

#[test]
fn an_adapter_whose_buffers_are_limited_gives_the_same_file() {
    let place = Place::new();
    // More than two of its buffers.
    place.draw("in/large.png", 1000, 700);
    let backend = std::env::var("IMGPROC_TEST_ADAPTER").unwrap_or_else(|_| "software".into());
    let lowered = [("IMGPROC_BUFFER_MIB", "1")];
    let into = |out, variables: &[_]| {
        let arguments = ["-i", "in", "--backend", &backend, "-r", "gaussian_blur:2,median:1,equalize", "-o", out];
        run_with(&place, &arguments, variables).ends(0);
        place.files(out)
    };
    assert_eq!(into("whole", &[]), into("cut", &lowered));
    let adapters = run_with(&place, &["devices", "--json"], &lowered).ends(0).json()["adapters"].clone();
    assert!(adapters.as_array().unwrap().iter().all(|adapter| adapter["max_buffer_bytes"] == 1 << 20), "{adapters}");
    for broken in ["0", "1MiB", "-1", "99999999999999999"] {
        let ran = run_with(&place, &["devices"], &[("IMGPROC_BUFFER_MIB", broken)]).ends(2);
        ran.says(&[&format!("IMGPROC_BUFFER_MIB={broken} is no number of MiB")]);
    }
}
