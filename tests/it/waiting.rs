//! A slow store, simulated: who waits for it, and what that takes.

use super::support::Place;

#[test]
fn files_that_are_read_ahead_are_waited_for_together() {
    let place = Place::new();
    place.draw_many(12, 32, 32);
    let seconds = |schedule: &str| {
        let arguments = ["-i", "in", "-o", schedule, "-r", "invert", "--schedule", schedule, "-j", "2", "--json"];
        let delayed = [&arguments[..], &["--source-delay", "100ms", "--in-flight", "12"]].concat();
        let document = place.run_cpu(&delayed).ends(0).json();
        assert_eq!(document["simulation"]["source_delay_seconds"], 0.1);
        document["seconds"].as_f64().unwrap()
    };
    let [sequential, parallel] = ["sequential", "parallel"].map(seconds);
    assert!(sequential >= 1.2, "12 files took {sequential} s one after another");
    assert!((0.6..sequential).contains(&parallel), "6 files for each of two workers took {parallel} s");
    for schedule in ["concurrent", "overlapped"] {
        let seconds = seconds(schedule);
        // All wait at once, so that only a machine that is at a loss for other reasons needs half of it.
        assert!((0.1..0.6).contains(&seconds), "{schedule}: {seconds} s");
        assert_eq!(place.files(schedule), place.files("sequential"), "{schedule}");
    }
}

#[test]
fn a_narrow_line_is_shared_by_all_who_read() {
    let place = Place::new();
    place.draw_many(8, 128, 128);
    let bytes: usize = place.files("in").values().map(Vec::len).sum();
    // Half a second for all of them.
    let rate = format!("{}B/s", 2 * bytes);
    for schedule in ["sequential", "overlapped"] {
        let arguments = ["-i", "in", "-o", schedule, "-r", "invert", "--schedule", schedule];
        let ran = place.run_cpu(&[&arguments[..], &["--source-bandwidth", &rate, "--json"]].concat()).ends(0);
        let seconds = ran.json()["seconds"].as_f64().unwrap();
        assert!((0.5..2.5).contains(&seconds), "{schedule}: {seconds} s");
    }
}

#[test]
fn the_summary_says_that_it_was_a_simulation() {
    let place = Place::new();
    place.draw_many(1, 8, 8);
    place
        .run_cpu(&["-i", "in", "--source-delay", "20ms", "--source-bandwidth", "2MB/s"])
        .ends(0)
        .says(&["simulation: each file came 20 ms late, files came at most at 2 MB/s\n"]);
}

/// Threads of the command while its images are waited for.
#[cfg(target_os = "linux")]
fn most_threads(place: &Place, options: &[&str]) -> usize {
    let output = format!("out{}", options.concat());
    let arguments = ["-i", "in", "-o", &output, "-r", "invert", "--quiet", "-j", "2"];
    let mut child = place.start_cpu(&[&arguments[..], options].concat());
    let tasks = format!("/proc/{}/task", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(std::fs::read_dir(&tasks).map_or(0, Iterator::count));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    most
}

#[cfg(target_os = "linux")]
#[test]
fn threads_do_not_grow_with_files_in_flight() {
    let place = Place::new();
    place.draw_many(24, 16, 16);
    for schedule in ["concurrent", "overlapped"] {
        let counts = ["8", "512"].map(|in_flight| {
            let delayed = ["--in-flight", in_flight, "--source-delay", "300ms"];
            most_threads(&place, &[&["--schedule", schedule][..], &delayed].concat())
        });
        assert!(counts[0] > 4 && counts[0] == counts[1], "{schedule}: {counts:?} threads");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_time_takes_no_more_threads_than_workers_that_may_be_replaced() {
    let place = Place::new();
    place.draw_many(600, 16, 16);
    let [without, with] = [&[][..], &["--timeout", "20s"]].map(|options| most_threads(&place, options));
    assert!(without > 4 && with <= without + 2, "{with} threads, {without} without a limit");
}
