//! The comparison itself is tested: it fails where it has to.

use imgproc::image::{Image, Layout, Samples};

use crate::support::compare::{Difference, Failure, Limit, Side, compare};
use crate::support::images::{Content, sample};

fn verdict(expected: &Image, actual: &Image, limit: Limit) -> Result<Difference, Box<Failure>> {
    let sides = [expected, actual].map(|image| Side { by: "test", image });
    compare("harness", "self test", sides[0], sides[1], limit)
}

fn changed(image: &Image, sample: usize, by: i32) -> Image {
    let mut image = image.clone();
    match &mut image.samples {
        Samples::U8(v) => v[sample] = (i32::from(v[sample]) + by) as u8,
        Samples::U16(v) => v[sample] = (i32::from(v[sample]) + by) as u16,
        Samples::F32(v) => v[sample] += by as f32,
    }
    image
}

#[test]
fn one_changed_sample_fails() {
    for (channels, bits, step) in [(1, 8, 1), (3, 8, 1), (4, 8, 1), (3, 16, 257), (2, 16, 257)] {
        let image = sample(13, 7, channels, bits, Content::Gradient).image;
        assert_eq!(verdict(&image, &image, Limit::levels(0.0)).unwrap().worst, 0.0);
        for at in [0, image.samples.len() / 2] {
            let level = image.samples.level(at);
            let by = if level > 128.0 { -step } else { step };
            assert!(verdict(&image, &changed(&image, at, by), Limit::levels(0.0)).is_err());
            assert!(verdict(&image, &changed(&image, at, by), Limit::levels(1.0)).is_ok());
            assert!(verdict(&image, &changed(&image, at, 2 * by), Limit::levels(1.0)).is_err());
        }
    }
}

#[test]
fn one_code_of_sixteen_bits_fails_where_none_may_differ() {
    let image = sample(5, 5, 1, 16, Content::Gradient).image;
    assert!(verdict(&image, &changed(&image, 12, 1), Limit::levels(0.0)).is_err());
}

#[test]
fn swapped_channels_fail() {
    let image = sample(9, 9, 3, 8, Content::Noise).image;
    let Samples::U8(v) = &image.samples else { panic!("8-bit") };
    let swapped = v.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
    assert!(verdict(&image, &Image::new(image.layout, Samples::U8(swapped)), Limit::levels(1.0)).is_err());
}

#[test]
fn another_size_channel_count_or_depth_fails_even_with_every_pixel_allowed() {
    let any = Limit { levels: 255.0, share: 1.0 };
    let of = |w, h, channels, bits| sample(w, h, channels, bits, Content::Constant).image;
    for other in [of(4, 6, 3, 8), of(6, 4, 4, 8), of(6, 4, 3, 16), of(6, 5, 3, 8)] {
        assert!(verdict(&of(6, 4, 3, 8), &other, any).is_err());
    }
}

#[test]
fn colour_counts_unless_alpha_is_zero_in_both() {
    let of = |gray, alpha| Image::new(Layout::new(1, 1, 2), Samples::U8(vec![gray, alpha]));
    assert!(verdict(&of(9, 0), &of(200, 0), Limit::levels(0.0)).is_ok());
    assert!(verdict(&of(9, 0), &of(200, 1), Limit::levels(1.0)).is_err());
    assert!(verdict(&of(9, 1), &of(200, 1), Limit::levels(0.0)).is_err());
}

#[test]
fn share_counts_pixels_beyond_the_levels() {
    let image = sample(40, 50, 3, 8, Content::Constant).image;
    let limit = Limit { levels: 1.0, share: 0.001 };
    let two = changed(&changed(&image, 0, 100), 3, 100);
    assert_eq!(verdict(&image, &two, limit).unwrap().beyond, 2);
    assert!(verdict(&image, &changed(&two, 6, 100), limit).is_err());
}

#[test]
fn a_failure_says_what_where_and_by_how_much_and_draws_it() {
    let image = sample(6, 4, 3, 8, Content::Constant).image;
    let failure = verdict(&image, &changed(&image, (2 * 6 + 5) * 3 + 1, 9), Limit::levels(1.0)).unwrap_err();
    let text = failure.to_string();
    for part in ["harness", "self test", "(5, 2)", "9.0000 levels", "1 of 24 pixels", "4.1667 %"] {
        assert!(text.contains(part), "{part} missing in {text}");
    }
    assert!(failure.picture.expect("a picture").is_file());
}
