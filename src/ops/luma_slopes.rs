//! Sobel slopes of one channel, and what is made of the two, as three channels, for edges and corners.

use std::ops::{Add, Sub};

use crate::image::Edges;
use crate::op::{Formula, Neighbourhood, NeighbourhoodRows};
use crate::shader_struct;
use crate::simd::blockwise;

/// What stands in the three channels.
#[derive(Clone, Copy, Debug)]
pub enum Slopes {
    /// gx, gy, abs(gx) + abs(gy)
    Taxicab,
    /// gx, gy, gx² + gy²
    Squared,
    /// gx², gx gy, gy²
    Products,
}

shader_struct! {
    /// `kind` counts taxicab, squared, products.
    struct LumaSlopes { kind: u32, }
}

#[derive(Debug)]
pub struct SlopesNeighbourhood {
    pub slopes: Slopes,
    pub edges: Edges,
}

impl Neighbourhood for SlopesNeighbourhood {
    fn formula(&self) -> Formula {
        let parameters = LumaSlopes { kind: self.slopes as u32 };
        Formula::new("luma_slopes", include_str!("../../shaders/ops/luma_slopes.wgsl"), &parameters)
    }

    fn reach(&self) -> u32 {
        1
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn row(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        match self.slopes {
            Slopes::Taxicab => of_slopes(&rows, output, |x, y| [x, y, x.abs() + y.abs()]),
            Slopes::Squared => of_slopes(&rows, output, |x, y| [x, y, x * x + y * y]),
            Slopes::Products => of_slopes(&rows, output, |x, y| [x * x, x * y, y * y]),
        }
    }

    fn is_whole(&self) -> bool {
        matches!(self.slopes, Slopes::Taxicab)
    }

    fn whole_row(&self, rows: NeighbourhoodRows<i16>, output: &mut [&mut [i16]]) {
        of_slopes(
            &rows,
            output,
            #[inline(always)]
            |x, y| [x, y, x.abs() + y.abs()],
        );
    }
}

fn of_slopes<T: Copy + Default + Add<Output = T> + Sub<Output = T>>(
    rows: &NeighbourhoodRows<T>,
    output: &mut [&mut [T]],
    made: impl Fn(T, T) -> [T; 3],
) {
    let [above, here, below] = rows.channels[0][..] else { panic!("slopes read three rows") };
    let [first, second, third] = output else { panic!("slopes give three channels") };
    let n = first.len();
    let [nw, north, ne] = [0, 1, 2].map(|dx| &above[dx..n + dx]);
    let [sw, south, se] = [0, 1, 2].map(|dx| &below[dx..n + dx]);
    blockwise(
        [first, second, third],
        [nw, north, ne, &here[..n], &here[2..n + 2], sw, south, se],
        #[inline(always)]
        |[nw, north, ne, west, east, sw, south, se]| {
            let (across, down) = (east - west, south - north);
            let gx = (ne - nw) + (across + across) + (se - sw);
            let gy = (sw - nw) + (down + down) + (se - ne);
            made(gx, gy)
        },
    );
}
