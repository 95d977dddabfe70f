//! Which ICC profiles are kept.

use crate::image::Layout;

/// Profiles of more bytes are dropped: real ones hold at most a few hundred KiB, rarely 2 MiB.
const MAX_BYTES: usize = 4 << 20;

/// Whether a profile describes the colour channels of an image: the signature of its colour space says so.
pub(super) fn fits(profile: &[u8], layout: Layout) -> bool {
    let space = profile.get(16..20);
    let wanted: &[u8] = if layout.colours == 1 { b"GRAY" } else { b"RGB " };
    // 128 bytes of header and the number of tags are the least that a profile has.
    (132..=MAX_BYTES).contains(&profile.len()) && space == Some(wanted) && profile.get(36..40) == Some(b"acsp")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As much of a profile as `fits` looks at.
    pub(in crate::codec) fn profile(space: &[u8; 4]) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..600).map(|i| (i % 251) as u8).collect();
        bytes[..4].copy_from_slice(&600u32.to_be_bytes());
        bytes[16..20].copy_from_slice(space);
        bytes[36..40].copy_from_slice(b"acsp");
        bytes
    }

    #[test]
    fn a_profile_fits_its_own_channels_only() {
        let (gray, colour) = (Layout::new(1, 1, 2), Layout::new(1, 1, 4));
        assert!(fits(&profile(b"GRAY"), gray) && fits(&profile(b"RGB "), colour));
        assert!(!fits(&profile(b"GRAY"), colour) && !fits(&profile(b"RGB "), gray));
        assert!(!fits(&profile(b"CMYK"), colour) && !fits(b"RGB ", colour));
        let mut huge = profile(b"RGB ");
        huge.resize(MAX_BYTES + 1, 0);
        assert!(!fits(&huge, colour));
    }
}
