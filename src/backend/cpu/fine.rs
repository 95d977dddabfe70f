//! What columns are summed to in fixed point.

use super::samples::Code;
use super::tile::Value;

/// A level in 128ths, counted from level 128: what a sum over columns in fixed point gives. Holds levels -128 to 384.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Fine(pub i16);

impl From<u8> for Fine {
    #[inline(always)]
    fn from(level: u8) -> Fine {
        Fine((i16::from(level) - 128) << 7)
    }
}

impl From<Fine> for f32 {
    #[inline(always)]
    fn from(Fine(v): Fine) -> f32 {
        f32::from(v) / 128.0 + 128.0
    }
}

impl Value for Fine {
    #[inline(always)]
    fn sum(self, other: Fine) -> f32 {
        f32::from(self) + f32::from(other)
    }

    #[inline(always)]
    fn index(self) -> usize {
        f32::from(self) as usize
    }

    fn of_border(value: f32) -> Fine {
        Fine::from(value as u8)
    }
}

impl Code for Fine {
    #[inline(always)]
    fn nearest(level: f32) -> Fine {
        Fine(((level - 128.0) * 128.0).round() as i16)
    }

    #[inline(always)]
    fn of_level(level: u8, _: f32) -> Fine {
        level.into()
    }
}
