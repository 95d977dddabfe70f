//! What a window reads beyond the image. Twin: `shaders/shared/border.wgsl`.

/// `abcd` seen from outside; names as in the operations page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Border {
    /// `dcb abcd cba`
    Reflect101,
    /// `cba abcd dcb`
    Reflect,
    /// `aaa abcd ddd`
    Clamp,
    /// `bcd abcd abc`
    Wrap,
    /// `vvv abcd vvv`
    Constant,
}

impl Border {
    pub const NAMES: &'static [&'static str] = &["reflect101", "reflect", "clamp", "wrap", "constant"];

    pub fn from_name(name: &str) -> Option<Border> {
        let all = [Border::Reflect101, Border::Reflect, Border::Clamp, Border::Wrap, Border::Constant];
        Self::NAMES.iter().position(|n| *n == name).map(|i| all[i])
    }

    /// The number that the shader's twin switches on.
    pub fn code(self) -> u32 {
        match self {
            Border::Reflect101 => 0,
            Border::Reflect => 1,
            Border::Clamp => 2,
            Border::Wrap => 3,
            Border::Constant => 4,
        }
    }

    /// The position in `0..n` that position `i` reads; none where it reads the constant.
    pub fn index(self, i: i64, n: u32) -> Option<u32> {
        let n = i64::from(n);
        if (0..n).contains(&i) {
            return Some(i as u32);
        }
        let inside = match self {
            Border::Constant => return None,
            Border::Clamp => i.clamp(0, n - 1),
            Border::Wrap => i.rem_euclid(n),
            Border::Reflect101 if n == 1 => 0,
            Border::Reflect101 => {
                let t = i.rem_euclid(2 * n - 2);
                if t < n { t } else { 2 * n - 2 - t }
            }
            Border::Reflect => {
                let t = i.rem_euclid(2 * n);
                if t < n { t } else { 2 * n - 1 - t }
            }
        };
        Some(inside as u32)
    }

    /// The half-open span of positions in `0..n` that positions `low..high` read.
    pub fn span(self, low: i64, high: i64, n: u32) -> (u32, u32) {
        let inside = (low.clamp(0, i64::from(n)) as u32, high.clamp(0, i64::from(n)) as u32);
        if low >= 0 && high <= i64::from(n) {
            return inside;
        }
        let beyond = (low..0.min(high)).chain(i64::from(n).max(low)..high);
        let mut span = if inside.0 < inside.1 { inside } else { (n, 0) };
        for i in beyond.filter_map(|i| self.index(i, n)) {
            span = (span.0.min(i), span.1.max(i + 1));
        }
        if span.0 < span.1 { span } else { (0, 0) }
    }
}

/// A border with the value that `constant` reads: R, G, B (gray: the first) and alpha, on the working scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edges {
    pub border: Border,
    pub value: [f32; 4],
}

impl Edges {
    pub fn new(border: Border) -> Edges {
        Edges { border, value: [0.0; 4] }
    }

    pub fn constant(value: f32) -> Edges {
        Edges { border: Border::Constant, value: [value; 4] }
    }

    /// Whether all that is read beyond an image of whole 8-bit levels are such levels too.
    pub fn are_levels(self) -> bool {
        self.border != Border::Constant || self.value.iter().all(|v| f32::from(*v as u8) == *v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(border: Border, text: &str, reach: i64) -> String {
        let letters: Vec<char> = text.chars().collect();
        let n = letters.len() as u32;
        (-reach..i64::from(n) + reach).map(|i| border.index(i, n).map_or('v', |i| letters[i as usize])).collect()
    }

    #[test]
    fn borders_read_as_the_page_draws_them() {
        assert_eq!(seen(Border::Reflect101, "abcd", 3), "dcbabcdcba");
        assert_eq!(seen(Border::Reflect, "abcd", 3), "cbaabcddcb");
        assert_eq!(seen(Border::Clamp, "abcd", 3), "aaaabcdddd");
        assert_eq!(seen(Border::Wrap, "abcd", 3), "bcdabcdabc");
        assert_eq!(seen(Border::Constant, "abcd", 3), "vvvabcdvvv");
    }

    #[test]
    fn borders_hold_for_images_smaller_than_the_reach() {
        assert_eq!(seen(Border::Reflect101, "a", 3), "aaaaaaa");
        assert_eq!(seen(Border::Reflect101, "ab", 3), "babababa");
        assert_eq!(seen(Border::Reflect, "ab", 3), "bbaabbaa");
        assert_eq!(seen(Border::Wrap, "ab", 3), "babababa");
    }

    #[test]
    fn span_covers_every_position_read() {
        for border in [Border::Reflect101, Border::Reflect, Border::Clamp, Border::Wrap, Border::Constant] {
            for n in 1..7u32 {
                for low in -9..9i64 {
                    for high in low..10 {
                        let read: Vec<u32> = (low..high).filter_map(|i| border.index(i, n)).collect();
                        let (first, end) = border.span(low, high, n);
                        assert!(read.iter().all(|i| (first..end).contains(i)), "{border:?} {n} {low}..{high}");
                        assert!(read.is_empty() == (first == end), "{border:?} {n} {low}..{high}");
                    }
                }
            }
        }
    }
}
