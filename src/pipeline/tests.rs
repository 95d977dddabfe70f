//! Runs with backends that misbehave, or keep count.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect files")]

mod scene;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use scene::{Act, DEVICE_DEPTH, Fake, Manner, Ran, Scene, counts, image};

use super::*;
use crate::backend::both::Both;
use crate::backend::cpu::CpuBackend;
use crate::codec::{self, EncodeOptions, Format};
use crate::image::{Image, Layout, Samples};
use crate::timeline::{Stage, Worker, figures};

#[test]
fn a_device_gives_the_same_under_every_schedule() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(20, schedule);
        let report = scene.run_fake(false, |_| Act::Compute);
        assert_eq!(counts(&report), (20, 0, 0), "{schedule:?}");
        let expected = image(None).samples;
        for i in 0..20 {
            let Samples::U8(inverted) = scene.output(&format!("{i:02}.png")).samples else { panic!("8 bits stay") };
            assert_eq!(Samples::U8(inverted.iter().map(|v| 255 - v).collect()), expected);
        }
        assert_eq!(report.figures, figures(&report.spans, report.wall, report.workers), "{schedule:?}");
        assert!(report.figures.device_busy.is_some_and(|busy| busy > 0.0), "{schedule:?}");
    }
}

#[test]
fn both_share_the_images_and_give_the_same() {
    let expected = image(None).samples;
    for schedule in [Schedule::Parallel, Schedule::Concurrent, Schedule::Overlapped] {
        let scene = Scene::new(40, schedule);
        let both = Both::new(Arc::new(CpuBackend), Arc::new(Fake::new(false, |_| Act::Compute)));
        let report = scene.run(Arc::new(both), &Shutdown::default());
        assert_eq!(counts(&report), (40, 0, 0), "{schedule:?}");
        for i in 0..40 {
            let Samples::U8(inverted) = scene.output(&format!("{i:02}.png")).samples else { panic!("8 bits stay") };
            assert_eq!(Samples::U8(inverted.iter().map(|v| 255 - v).collect()), expected);
        }
        let computed = report.spans.iter().filter(|span| span.stage == Stage::Compute);
        let (device, here): (Vec<&Span>, Vec<&Span>) = computed.partition(|span| span.worker == Worker::Device);
        assert!(device.len() + here.len() == 40 && !device.is_empty() && !here.is_empty(), "{schedule:?}");
    }
}

#[test]
fn a_lost_device_ends_a_run_of_both() {
    let fake = Fake::new(false, |_| Act::Die);
    let both = Both::new(Arc::new(CpuBackend), Arc::new(fake));
    let report = Scene::new(60, Schedule::Overlapped).run(Arc::new(both), &Shutdown::default());
    assert!(report.ended_by.as_ref().is_some_and(|failure| failure.to_string().contains("the device is gone")));
    assert!(counts(&report).1 >= 1);
}

#[test]
fn a_device_has_several_images_and_not_too_many() {
    let scene = Scene::new(40, Schedule::Overlapped);
    let fake = Arc::new(Fake::new(false, |_| Act::Compute));
    scene.run(fake.clone(), &Shutdown::default());
    let most = fake.most_at_once.load(Ordering::SeqCst);
    assert!((2..=2 + DEVICE_DEPTH + 1).contains(&most), "{most} at once");
}

#[test]
fn an_image_that_the_backend_refuses_fails_alone() {
    for schedule in Schedule::ALL {
        for here in [true, false] {
            let report = Scene::new(6, schedule).run_fake(here, |n| if n == 2 { Act::Fail } else { Act::Compute });
            assert_eq!(counts(&report), (5, 1, 0), "{schedule:?}");
            assert!(report.ended_by.as_ref().is_none());
        }
    }
}

#[test]
fn a_panic_fails_its_image_alone() {
    for schedule in Schedule::ALL {
        for here in [true, false] {
            let report = Scene::new(6, schedule).run_fake(here, |n| if n == 2 { Act::Panic } else { Act::Compute });
            assert_eq!(counts(&report), (5, 1, 0), "{schedule:?}, here: {here}");
            let failure = report.outcomes.iter().find_map(Outcome::failure).unwrap();
            assert!(failure.stage == Stage::Compute && failure.cause.contains("a bad kernel"), "{failure}");
        }
    }
}

/// A shutdown that is raised that many steps after a tenth of a second.
fn raised_soon(steps: usize) -> Shutdown {
    let shutdown = Shutdown::default();
    let stopper = shutdown.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        for _ in 0..steps {
            stopper.advance();
        }
    });
    shutdown
}

#[test]
fn a_submit_that_blocks_does_not_keep_a_run_from_stopping() {
    for schedule in Schedule::ALL {
        // For ever, as far as this test goes.
        let fake = Arc::new(Fake::new(false, |_| Act::Block(Duration::from_secs(20))));
        let report = Scene::new(8, schedule).run(fake, &raised_soon(2));
        assert_eq!((counts(&report), report.interrupted), ((0, 0, 8), true), "{schedule:?}");
        assert!(report.wall < Duration::from_secs(10), "{schedule:?}: {:?}", report.wall);

        let fake = Arc::new(Fake::new(false, |_| Act::Block(Duration::from_millis(300))));
        let report = Scene::new(60, schedule).run(fake, &raised_soon(1));
        let (done, failed, unfinished) = counts(&report);
        assert!(done >= 1 && failed == 0 && unfinished > 20, "{schedule:?}: {done}, {failed}, {unfinished}");
    }
}

#[test]
fn a_device_that_is_lost_ends_the_run() {
    for schedule in Schedule::ALL {
        for manner in [(|n| if n >= 2 { Act::Die } else { Act::Compute }) as Manner, |n| {
            if n >= 2 { Act::Forget } else { Act::Compute }
        }] {
            let report = Scene::new(60, schedule).run_fake(false, manner);
            let (done, failed, unfinished) = counts(&report);
            assert!(report.ended_by.as_ref().is_some() && !report.interrupted, "{schedule:?}");
            assert!(done == 2 && failed >= 1 && unfinished > 0, "{schedule:?}: {done}, {failed}, {unfinished}");
            assert_eq!(done + failed + unfinished, 60);
        }
    }
}

#[test]
fn an_abort_does_not_wait_for_what_hangs() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(8, schedule);
        // Some backends hang with the worker in their hands: `compute` waits for the answer.
        let report = scene.run(Arc::new(Fake::new(false, |_| Act::Hang)), &raised_soon(2));
        assert_eq!((counts(&report), report.interrupted), ((0, 0, 8), true), "{schedule:?}");
        assert_eq!(fs::read_dir(scene.directory.path().join("out")).unwrap().count(), 0);
    }
}

#[test]
fn nothing_is_taken_up_once_the_run_is_to_finish() {
    for schedule in Schedule::ALL {
        let shutdown = Shutdown::default();
        shutdown.finish();
        let report = Scene::new(5, schedule).run(Arc::new(CpuBackend), &shutdown);
        assert_eq!(counts(&report), (0, 0, 5), "{schedule:?}");
    }
}

#[test]
fn outcomes_stand_in_the_order_of_inputs() {
    let report = Scene::new(20, Schedule::Overlapped).run_fake(true, |_| Act::Compute);
    let order: Vec<u32> = report.outcomes.iter().map(|o| o.index).collect();
    assert_eq!(order, (0..20).collect::<Vec<u32>>());
}

#[test]
fn who_ran_what_is_recorded() {
    let workers_of = |schedule, stage| {
        let report = Scene::new(6, schedule).run_fake(true, |_| Act::Compute);
        let spans = report.spans.iter().copied().filter(move |s| s.stage == stage);
        let workers: Vec<Worker> = spans.map(|s| s.worker).collect();
        assert!(workers.len() >= 6, "{schedule:?}: {stage:?} was recorded {} times", workers.len());
        workers
    };
    assert!(workers_of(Schedule::Overlapped, Stage::Read).iter().all(|w| *w == Worker::Loader));
    assert!(workers_of(Schedule::Concurrent, Stage::Decode).iter().all(|w| *w == Worker::Cpu(0)));
    assert!(workers_of(Schedule::Sequential, Stage::Write).iter().all(|w| *w == Worker::Cpu(0)));
}

#[test]
fn a_profile_stays_while_its_channels_do() {
    let mut profile = vec![0; 132];
    profile[3] = 132;
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    for (recipe, kept) in [("invert", Some(profile.clone())), ("grayscale", None)] {
        let mut scene = Scene::new(0, Schedule::Overlapped);
        scene.settings.recipe = Recipe::parse(recipe).unwrap();
        scene.put("a.png", &image(Some(profile.clone())));
        assert_eq!(counts(&scene.run(Arc::new(CpuBackend), &Shutdown::default())), (1, 0, 0));
        assert_eq!(scene.output("a.png").icc, kept, "{recipe}");
    }
}

/// The failures by the names of their inputs.
fn failures(report: &Ran) -> Vec<(String, String)> {
    let failed = report.outcomes.iter().filter_map(|o| Some((o, o.failure()?)));
    failed.map(|(o, f)| (o.input.file_name().unwrap().to_string_lossy().into_owned(), f.to_string())).collect()
}

#[test]
fn what_changes_between_listing_and_reading_fails_alone() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(6, schedule);
        let path = |name: &str| scene.directory.path().join("in").join(name);
        let change = || {
            fs::remove_file(path("00.png")).unwrap();
            fs::write(path("01.png"), &fs::read(path("01.png")).unwrap()[..40]).unwrap();
            fs::remove_file(path("02.png")).unwrap();
            fs::create_dir(path("02.png")).unwrap();
            // One that gains bytes is whole all the same.
            let grown = [fs::read(path("03.png")).unwrap(), vec![7; 100_000]].concat();
            fs::write(path("03.png"), grown).unwrap();
            fs::write(path("04.png"), b"").unwrap();
        };
        let report = scene.run_after(change, Arc::new(CpuBackend), &Shutdown::default());
        let expected = [
            ("00.png", "read: there is no such file"),
            ("01.png", "decode: "),
            ("02.png", "read: it is not a regular file"),
            ("04.png", "decode: the file is empty"),
        ];
        let failures = failures(&report);
        assert_eq!(failures.len(), expected.len(), "{schedule:?}: {failures:?}");
        for ((name, text), (expected_name, begins)) in failures.iter().zip(expected) {
            assert!(name == expected_name && text.starts_with(begins), "{schedule:?}: {name}: {text}");
        }
        assert_eq!(counts(&report), (2, 4, 0));
    }
}

#[test]
fn what_takes_too_long_is_given_up_and_the_others_done() {
    for schedule in Schedule::ALL {
        // A worker that hangs, with the image; and a device that never answers.
        let hangs: Manner = |n| if n == 2 { Act::Block(Duration::from_secs(30)) } else { Act::Compute };
        let forgets: Manner = |n| if n == 2 { Act::Hang } else { Act::Compute };
        for (here, manner) in [(true, hangs), (false, forgets)] {
            let mut scene = Scene::new(12, schedule);
            scene.settings.timeout = Some(Duration::from_millis(400));
            let report = scene.run_fake(here, manner);
            assert_eq!(counts(&report), (11, 1, 0), "{schedule:?}, here: {here}");
            let failure = report.outcomes.iter().find_map(Outcome::failure).unwrap();
            assert_eq!(failure.to_string(), "compute: it took longer than 0.4 s", "{schedule:?}");
            assert!(report.left_behind && report.ended_by.as_ref().is_none());
        }
    }
}

#[test]
fn a_run_ends_where_every_image_hangs() {
    for schedule in Schedule::ALL {
        let mut scene = Scene::new(12, schedule);
        scene.settings.timeout = Some(Duration::from_millis(100));
        let report = scene.run_fake(true, |_| Act::Block(Duration::from_secs(30)));
        let (done, failed, unfinished) = counts(&report);
        assert!(done == 0 && failed >= 2 && failed + unfinished == 12, "{schedule:?}: {failed}, {unfinished}");
        assert!(report.ended_by.as_ref().unwrap().cause.contains("others are still not through"), "{schedule:?}");
        assert!(report.wall < Duration::from_secs(10), "{schedule:?}: {:?}", report.wall);
    }
}

#[test]
fn so_many_failures_end_a_run() {
    let mut scene = Scene::new(60, Schedule::Sequential);
    scene.settings.max_failures = Some(3);
    let report = scene.run_fake(true, |n| if n % 2 == 0 { Act::Fail } else { Act::Compute });
    let (done, failed, unfinished) = counts(&report);
    assert!(failed >= 3 && done >= 2 && unfinished > 30, "{done}, {failed}, {unfinished}");
}

#[test]
fn a_tiff_that_claims_too_much_behind_its_samples_is_read_no_further() {
    let scene = Scene::new(0, Schedule::Overlapped);
    let large = Image::new(Layout::new(2000, 1000, 1), Samples::U8(vec![7; 2_000_000]));
    let bytes = codec::encode(&large, &EncodeOptions { format: Format::Tiff, quality: 90 }).unwrap();
    fs::write(scene.directory.path().join("in/a.tif"), bytes).unwrap();
    let report = scene.run(Arc::new(CpuBackend), &Shutdown::default());
    assert!(failures(&report)[0].1.starts_with("decode: 2000x1000 px are 2.0 MP, the limit is 1.0 MP"));
    // The first part, and no second one with the rest.
    assert_eq!(report.spans.iter().filter(|span| span.stage == Stage::Read).count(), 1);
}
