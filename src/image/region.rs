//! Rectangles of an image.

/// A rectangle of pixels; empty where a side is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Region {
    pub const EMPTY: Region = Region { x: 0, y: 0, width: 0, height: 0 };

    /// From half-open spans, columns and rows.
    pub fn from_spans((left, right): (u32, u32), (top, bottom): (u32, u32)) -> Region {
        if left >= right || top >= bottom {
            return Region::EMPTY;
        }
        Region { x: left, y: top, width: right - left, height: bottom - top }
    }

    pub fn right(self) -> u32 {
        self.x + self.width
    }

    pub fn bottom(self) -> u32 {
        self.y + self.height
    }

    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    pub fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The smallest region that holds both.
    pub fn union(self, other: Region) -> Region {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Region::from_spans(
            (self.x.min(other.x), self.right().max(other.right())),
            (self.y.min(other.y), self.bottom().max(other.bottom())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_holds_both_and_ignores_the_empty_one() {
        let a = Region { x: 2, y: 3, width: 4, height: 1 };
        let b = Region { x: 0, y: 5, width: 1, height: 2 };
        assert_eq!(a.union(b), Region { x: 0, y: 3, width: 6, height: 4 });
        assert_eq!(a.union(Region::EMPTY), a);
        assert_eq!(Region::EMPTY.union(b), b);
    }
}
