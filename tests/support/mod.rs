//! What the tests of operations share. Each test binary uses a part of it.
#![allow(dead_code)]
// The rules on disk and output are for the program; tests write pictures and counts.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

/// A test for each operation, so that they are named in the report, run side by side and fail alone; and one that none
/// of the registry is left out.
#[allow(unused_macros, reason = "not every binary tests them one by one")]
macro_rules! test_each_operation {
    ($check:ident) => {
        test_each_operation! { $check:
            resize crop pad flip rotate transpose perspective grayscale brightness contrast exposure gamma levels
            saturation hue tint sepia invert posterize threshold otsu adaptive_threshold normalize equalize clahe
            colormap vignette box_blur gaussian_blur motion_blur median bilateral non_local_means unsharp_mask
            convolve emboss pixelate sobel scharr prewitt laplacian difference_of_gaussians canny harris erode dilate
            open close morph_gradient top_hat black_hat flatten
        }
    };
    ($check:ident: $($name:ident)*) => {
        $(#[test]
        fn $name() {
            $check(stringify!($name));
        })*

        #[test]
        fn every_operation_of_the_registry_is_tested() {
            let registered: BTreeSet<&str> = registry().iter().map(|spec| spec.name).collect();
            assert_eq!(registered, [$(stringify!($name)),*].into_iter().collect());
        }
    };
}

pub mod cases;
pub mod compare;
pub mod images;
pub mod oracle;
pub mod png;
pub mod runs;
pub mod tolerance;
