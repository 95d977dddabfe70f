//! Turns stored pixels upright.

use crate::image::{Demand, Layout, Reduction, Samples};
use ::image::metadata::Orientation;

/// Which stored pixel each upright pixel is: `origin + x step_x + y step_y`, in pixels.
struct Walk {
    origin: isize,
    step_x: isize,
    step_y: isize,
}

/// The layout after orientation: quarter turns swap the sides.
pub(super) fn upright_layout(stored: Layout, orientation: Orientation) -> Layout {
    if swaps(orientation) { stored.sized(stored.height, stored.width) } else { stored }
}

/// Whether it is a quarter turn, mirrored or not.
fn swaps(orientation: Orientation) -> bool {
    orientation.to_exif() >= 5
}

/// What is demanded of the stored image where that is demanded of the upright one.
pub(super) fn stored_demand(upright: Demand, orientation: Orientation) -> Demand {
    let least = upright.least.map(|(width, height)| if swaps(orientation) { (height, width) } else { (width, height) });
    Demand { least, ..upright }
}

/// How the upright image lies over the whole one where a stored image of that whole layout was decoded smaller.
pub(super) fn upright_reduction(stored: Layout, by: u32, orientation: Orientation) -> Reduction {
    let Walk { step_x, step_y, .. } = walk(stored, orientation);
    let Layout { width, height, .. } = upright_layout(stored, orientation);
    // Of the last pixel, as much as the whole image does not fill; it comes first where the walk goes backwards.
    let before = |step: isize, side: u32| {
        if step < 0 { f64::from(side.div_ceil(by)) - f64::from(side) / f64::from(by) } else { 0.0 }
    };
    Reduction { by, width, height, left: before(step_x, width), top: before(step_y, height) }
}

fn walk(stored: Layout, orientation: Orientation) -> Walk {
    let (width, last_x, last_y) = (stored.width as isize, stored.width as isize - 1, stored.height as isize - 1);
    // Where the upright top left pixel lies, then how far a step right and a step down lead in the stored pixels.
    let (x, y, step_x, step_y) = match orientation {
        Orientation::NoTransforms => (0, 0, 1, width),
        Orientation::FlipHorizontal => (last_x, 0, -1, width),
        Orientation::Rotate180 => (last_x, last_y, -1, -width),
        Orientation::FlipVertical => (0, last_y, 1, -width),
        Orientation::Rotate90FlipH => (0, 0, width, 1),
        Orientation::Rotate90 => (0, last_y, -width, 1),
        Orientation::Rotate270FlipH => (last_x, last_y, -width, -1),
        Orientation::Rotate270 => (last_x, 0, width, -1),
    };
    Walk { origin: y * width + x, step_x, step_y }
}

/// The upright samples. `samples` are of the stored layout; without a transform they come back as they are.
pub(super) fn upright(samples: Samples, stored: Layout, orientation: Orientation) -> Samples {
    if orientation == Orientation::NoTransforms {
        return samples;
    }
    match samples {
        Samples::U8(v) => Samples::U8(permuted(&v, stored, orientation)),
        Samples::U16(v) => Samples::U16(permuted(&v, stored, orientation)),
        Samples::F32(v) => Samples::F32(permuted(&v, stored, orientation)),
    }
}

fn permuted<T: Copy + Default>(samples: &[T], stored: Layout, orientation: Orientation) -> Vec<T> {
    match stored.channels() {
        1 => permuted_pixels::<T, 1>(samples, stored, orientation),
        2 => permuted_pixels::<T, 2>(samples, stored, orientation),
        3 => permuted_pixels::<T, 3>(samples, stored, orientation),
        _ => permuted_pixels::<T, 4>(samples, stored, orientation),
    }
}

fn permuted_pixels<T: Copy + Default, const N: usize>(samples: &[T], stored: Layout, turn: Orientation) -> Vec<T> {
    /// Side of the blocks, px: a block's rows and columns both stay in the first cache.
    const BLOCK: usize = 32;
    let pixels = samples.as_chunks::<N>().0;
    let upright = upright_layout(stored, turn);
    let (width, height) = (upright.width as usize, upright.height as usize);
    let Walk { origin, step_x, step_y } = walk(stored, turn);
    let mut target = vec![[T::default(); N]; pixels.len()];
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            let right = (left + BLOCK).min(width);
            for y in top..(top + BLOCK).min(height) {
                let mut source = origin + y as isize * step_y + left as isize * step_x;
                for pixel in &mut target[y * width + left..y * width + right] {
                    *pixel = pixels[source as usize];
                    source += step_x;
                }
            }
        }
    }
    target.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of letters, upright, for each stored orientation of an image whose stored rows are given.
    fn turned(rows: &[&str], exif: u8) -> Vec<String> {
        let stored = Layout::new(rows[0].len() as u32, rows.len() as u32, 1);
        let orientation = Orientation::from_exif(exif).unwrap();
        let samples = upright(Samples::U8(rows.concat().into_bytes()), stored, orientation);
        let Samples::U8(samples) = samples else { unreachable!() };
        let width = upright_layout(stored, orientation).width as usize;
        samples.chunks(width).map(|row| String::from_utf8(row.to_vec()).unwrap()).collect()
    }

    #[test]
    fn every_orientation_of_an_f_comes_out_upright() {
        let stored: [&[&str]; 8] = [
            &["###", "#..", "##.", "#.."],
            &["###", "..#", ".##", "..#"],
            &["..#", ".##", "..#", "###"],
            &["#..", "##.", "#..", "###"],
            &["####", "#.#.", "#..."],
            &["#...", "#.#.", "####"],
            &["...#", ".#.#", "####"],
            &["####", ".#.#", "...#"],
        ];
        for (exif, rows) in (1..).zip(stored) {
            assert_eq!(turned(rows, exif), ["###", "#..", "##.", "#.."], "orientation {exif}");
        }
    }

    #[test]
    fn every_sample_type_and_channel_count_moves_whole_pixels() {
        for channels in 1..=4 {
            let stored = Layout::new(70, 45, channels);
            let code = |x: u32, y: u32, c: u32| ((x * 45 + y) * 4 + c) as u16;
            let mut v = Vec::new();
            for y in 0..45 {
                for x in 0..70 {
                    v.extend((0..channels).map(|c| code(x, y, c)));
                }
            }
            let floats = Samples::F32(v.iter().map(|v| f32::from(*v)).collect());
            let mut expected = Vec::new();
            for y in 0..70 {
                for x in 0..45 {
                    expected.extend((0..channels).map(|c| code(y, 44 - x, c)));
                }
            }
            let expected_floats = Samples::F32(expected.iter().map(|v| f32::from(*v)).collect());
            assert_eq!(upright(Samples::U16(v), stored, Orientation::Rotate90), Samples::U16(expected));
            assert_eq!(upright(floats, stored, Orientation::Rotate90), expected_floats);
        }
    }
}
