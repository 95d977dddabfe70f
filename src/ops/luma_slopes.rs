//! Sobel slopes of one channel, and what is made of the two, as three channels, for edges and corners.

use crate::image::Edges;
use crate::op::{Formula, Neighbourhood, NeighbourhoodRows};
use crate::shader_struct;

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
}

fn of_slopes(rows: &NeighbourhoodRows, output: &mut [&mut [f32]], made: impl Fn(f32, f32) -> [f32; 3]) {
    let [above, here, below] = rows.channels[0][..] else { panic!("slopes read three rows") };
    let [first, second, third] = output else { panic!("slopes give three channels") };
    let n = first.len();
    let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
    for x in 0..n {
        let gx = (above[x + 2] - above[x]) + 2.0 * (here[x + 2] - here[x]) + (below[x + 2] - below[x]);
        let gy = (below[x] - above[x]) + 2.0 * (below[x + 1] - above[x + 1]) + (below[x + 2] - above[x + 2]);
        [first[x], second[x], third[x]] = made(gx, gy);
    }
}
