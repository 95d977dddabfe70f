//! What the marker segments before the first scan of a JPEG say. Read once here, so that both decoders and the header
//! agree on size, orientation and profile.

use super::{CodecError, Stored};
use crate::image::{Depth, Layout};
use ::image::metadata::Orientation;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;
pub(super) const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const EXIF: &[u8] = b"Exif\0\0";
pub(super) const ICC: &[u8] = b"ICC_PROFILE\0";
const ADOBE: &[u8] = b"Adobe";

const COEFFICIENT_BYTES: u64 = 2;

/// The segments that matter, borrowed from the file.
pub(super) struct Markers<'a> {
    pub stored: Stored,
    pub colours: Colours,
    /// Whether the file is sequential, Huffman-coded, and holds all components in its first scan.
    #[cfg_attr(not(feature = "turbojpeg"), allow(dead_code, reason = "only the C library is kept to such files"))]
    pub is_one_scan: bool,
    /// Sequence number, number of parts in all, and part of the profile, in the order of the file.
    icc_parts: Vec<(u8, u8, &'a [u8])>,
    /// Where the entropy-coded data of the first scan begins.
    scan: usize,
}

impl<'a> Markers<'a> {
    /// # Errors
    /// `HeaderIncomplete` where the bytes end before the first scan.
    pub fn read(bytes: &'a [u8]) -> Result<Markers<'a>, CodecError> {
        let (mut frame, mut orientation, mut icc_parts, mut transform) = (None, None, Vec::new(), None);
        let mut position = 2;
        loop {
            let (marker, segment, next) = segment(bytes, position)?;
            match marker {
                // All frame markers but DHT, JPG and DAC, which lie among them.
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame = Some(Frame::read(marker, segment)?),
                APP1 => {
                    let exif = segment.strip_prefix(EXIF).and_then(Orientation::from_exif_chunk);
                    orientation = orientation.or(exif);
                }
                APP2 => {
                    if let Some([number, count, part @ ..]) = segment.strip_prefix(ICC) {
                        icc_parts.push((*number, *count, part));
                    }
                }
                APP14 => {
                    // Behind the name stand a version and two words of flags.
                    let adobe = segment.strip_prefix(ADOBE).and_then(|rest| rest.get(6));
                    transform = adobe.copied().or(transform);
                }
                EOI => return Err(broken("it holds no image data")),
                SOS => {
                    let frame: Frame = frame.ok_or_else(|| broken("a scan comes before the frame header"))?;
                    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
                    let is_transformed = transform.is_none_or(|transform| transform == 1);
                    let colours = if is_transformed { frame.colours } else { Colours::Other };
                    let is_one_scan = frame.is_sequential && segment.first() == Some(&frame.components);
                    let coefficients = if is_one_scan { 0 } else { frame.layout.samples() };
                    let decoder_bytes = COEFFICIENT_BYTES * coefficients;
                    let stored = Stored { layout: frame.layout, depth: Depth::Eight, orientation, decoder_bytes };
                    return Ok(Markers { stored, colours, is_one_scan, icc_parts, scan: next });
                }
                _ => {}
            }
            position = next;
        }
    }

    /// The profile put together, if all of its parts are there, each once.
    pub fn icc(&self) -> Option<Vec<u8>> {
        let mut parts = self.icc_parts.clone();
        parts.sort_by_key(|(number, ..)| *number);
        let all = parts.len();
        let fits = |(i, (number, count, _)): (usize, &(u8, u8, _))| {
            usize::from(*number) == i + 1 && usize::from(*count) == all
        };
        let complete = all > 0 && parts.iter().enumerate().all(fits);
        complete.then(|| parts.iter().flat_map(|(.., part)| *part).copied().collect())
    }

    /// Whether an end marker follows the first scan.
    pub fn has_end(&self, bytes: &[u8]) -> bool {
        bytes[self.scan..].windows(2).rev().any(|pair| pair == [0xff, EOI])
    }
}

/// The next marker at or after `position`, its segment, and where that ends. Stray bytes between segments are skipped,
/// as every decoder does.
fn segment(bytes: &[u8], mut position: usize) -> Result<(u8, &[u8], usize), CodecError> {
    loop {
        let pair = bytes.get(position..position + 2).ok_or(CodecError::HeaderIncomplete)?;
        match *pair {
            [0xff, EOI] => return Ok((EOI, &[], position + 2)),
            // No marker, or one without a segment: fill bytes, TEM, RSTn, SOI.
            [0xff, 0x00 | 0x01 | 0xd0..=SOI] => position += 2,
            [0xff, marker] if marker != 0xff => {
                let length = bytes.get(position + 2..position + 4).ok_or(CodecError::HeaderIncomplete)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                if length < 2 {
                    return Err(broken("a marker segment has no length"));
                }
                let end = position + 2 + length;
                let segment = bytes.get(position + 4..end).ok_or(CodecError::HeaderIncomplete)?;
                return Ok((marker, segment, end));
            }
            _ => position += 1,
        }
    }
}

/// What the components are, where it is so plain that no decoder takes them otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    /// Y at full resolution; Cb and Cr at full or at half, in either direction.
    YCbCr,
    /// CMYK, RGB, unusual sampling.
    Other,
}

impl Colours {
    /// `components`: three bytes each, of which the first is its name and the second its sampling.
    fn of(components: &[u8]) -> Colours {
        match components {
            [_, _, _] => Colours::Gray,
            [b'R', _, _, b'G', _, _, b'B', _, _] => Colours::Other,
            [_, 0x11 | 0x12 | 0x21 | 0x22, _, _, 0x11, _, _, 0x11, _] => Colours::YCbCr,
            _ => Colours::Other,
        }
    }
}

struct Frame {
    layout: Layout,
    /// Huffman-coded, too.
    is_sequential: bool,
    components: u8,
    colours: Colours,
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Result<Frame, CodecError> {
        let [precision, h1, h0, w1, w0, count, ref components @ ..] = *segment else {
            return Err(broken("its frame header is too short"));
        };
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if width == 0 || height == 0 {
            return Err(broken(&format!("its frame header says {width}x{height} px")));
        }
        let unread = |what: String| {
            CodecError::Other(format!(
                "jpeg: {what} JPEG is not read; convert it to 8-bit baseline or progressive first"
            ))
        };
        if matches!(marker, 0xc3 | 0xc5..=0xc7 | 0xcb | 0xcd..=0xcf) {
            return Err(unread("lossless or hierarchical".into()));
        }
        if precision != 8 {
            return Err(unread(format!("{precision}-bit")));
        }
        let channels = match count {
            1 => 1,
            3 | 4 => 3,
            n => return Err(unread(format!("{n}-component"))),
        };
        if count == 4 && !has_full_ends(components) {
            return Err(unread("unusually subsampled CMYK".into()));
        }
        Ok(Frame {
            layout: Layout::new(width.into(), height.into(), channels),
            is_sequential: matches!(marker, 0xc0 | 0xc1),
            components: count,
            colours: Colours::of(components),
        })
    }
}

/// Whether neither the first nor the fourth component is subsampled along an axis: decoders fill up the other two alone.
fn has_full_ends(components: &[u8]) -> bool {
    let along = |shift: u8| {
        let samplings: Vec<u8> = components.chunks_exact(3).map(|component| component[1] >> shift & 15).collect();
        let most = samplings.iter().max();
        [0, 3].iter().all(|place| most.is_some() && samplings.get(*place) == most)
    };
    along(0) && along(4)
}

fn broken(what: &str) -> CodecError {
    CodecError::Other(format!("jpeg: the file is corrupt: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG up to its scan: segments of markers with their contents.
    fn file(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xff, SOI];
        for (marker, content) in segments {
            bytes.extend([0xff, *marker]);
            bytes.extend((content.len() as u16 + 2).to_be_bytes());
            bytes.extend(*content);
        }
        bytes
    }

    const FRAME: (u8, &[u8]) = (0xc0, &[8, 0, 2, 0, 3, 1, 1, 0x11, 0]);
    const SCAN: (u8, &[u8]) = (SOS, &[1, 1, 0, 0, 63, 0]);

    #[test]
    fn stray_and_fill_bytes_between_segments_are_skipped() {
        let mut bytes = file(&[]);
        bytes.extend([0xff, 0xff, 0xff, 0x00, 7, 8]);
        bytes.extend(&file(&[FRAME, SCAN])[2..]);
        let markers = Markers::read(&bytes).unwrap();
        assert_eq!((markers.stored.layout, markers.colours), (Layout::new(3, 2, 1), Colours::Gray));
    }

    #[test]
    fn every_cut_is_incomplete_and_the_whole_is_not() {
        let bytes = file(&[(APP2, b"ICC_PROFILE\0\x01\x01abc"), FRAME, SCAN]);
        for end in 2..bytes.len() {
            assert_eq!(Markers::read(&bytes[..end]).err(), Some(CodecError::HeaderIncomplete), "{end}");
        }
        assert_eq!(Markers::read(&bytes).unwrap().icc().unwrap(), b"abc");
    }

    #[test]
    fn profiles_are_put_together_by_number_or_not_at_all() {
        let [one, two, four] = [b"ICC_PROFILE\0\x01\x02ab", b"ICC_PROFILE\0\x02\x02cd", b"ICC_PROFILE\0\x04\x02cd"];
        let both = file(&[(APP2, two), (APP2, one), FRAME, SCAN]);
        assert_eq!(Markers::read(&both).unwrap().icc().unwrap(), b"abcd");
        let gap = file(&[(APP2, one), (APP2, four), FRAME, SCAN]);
        assert_eq!(Markers::read(&gap).unwrap().icc(), None);
        let cut = file(&[(APP2, one), FRAME, SCAN]);
        assert_eq!(Markers::read(&cut).unwrap().icc(), None);
        let twice = file(&[(APP2, one), (APP2, one), FRAME, SCAN]);
        assert_eq!(Markers::read(&twice).unwrap().icc(), None);
    }

    #[test]
    fn a_profile_may_have_as_many_parts_as_a_byte_counts() {
        let parts: Vec<Vec<u8>> = (1..=255).map(|i| [ICC, &[i, 255, i]].concat()).collect();
        let mut segments: Vec<(u8, &[u8])> = parts.iter().map(|part| (APP2, part.as_slice())).collect();
        segments.extend([FRAME, SCAN]);
        let profile: Vec<u8> = (1..=255).collect();
        assert_eq!(Markers::read(&file(&segments)).unwrap().icc(), Some(profile));
        let again = parts[0].clone();
        segments.insert(0, (APP2, &again));
        assert_eq!(Markers::read(&file(&segments)).unwrap().icc(), None);
    }

    #[test]
    fn only_plain_colours_are_taken_for_such() {
        let colours = |segments: &[(u8, &[u8])]| Markers::read(&file(segments)).unwrap().colours;
        let frame = |names: [u8; 3], samplings: [u8; 3]| {
            let components = (0..3).flat_map(|i| [names[i], samplings[i], 0]);
            [8, 0, 2, 0, 3, 3].into_iter().chain(components).collect::<Vec<u8>>()
        };
        let plain = frame([1, 2, 3], [0x22, 0x11, 0x11]);
        assert_eq!(colours(&[(0xc0, &plain), SCAN]), Colours::YCbCr);
        assert_eq!(colours(&[(APP14, b"Adobe\0\x64\0\0\0\0\x01"), (0xc2, &plain), SCAN]), Colours::YCbCr);
        assert_eq!(colours(&[(APP14, b"Adobe\0\x64\0\0\0\0\0"), (0xc0, &plain), SCAN]), Colours::Other);
        assert_eq!(colours(&[(0xc0, &frame(*b"RGB", [0x11; 3])), SCAN]), Colours::Other);
        assert_eq!(colours(&[(0xc0, &frame([1, 2, 3], [0x11, 0x22, 0x22])), SCAN]), Colours::Other);
        assert_eq!(colours(&[(0xc0, &frame([1, 2, 3], [0x41, 0x11, 0x11])), SCAN]), Colours::Other);
        let four = |samplings: [u8; 4]| {
            [8, 0, 2, 0, 3, 4].into_iter().chain(samplings.into_iter().flat_map(|s| [1, s, 0])).collect::<Vec<u8>>()
        };
        for samplings in [[0x11; 4], [0x22, 0x11, 0x11, 0x22], [0x21, 0x11, 0x21, 0x21]] {
            assert_eq!(colours(&[(0xc0, &four(samplings)), SCAN]), Colours::Other);
        }
        for samplings in [[0x21, 0x11, 0x11, 0x12], [0x22, 0x11, 0x11, 0x11], [0x11, 0x22, 0x22, 0x11]] {
            let error = Markers::read(&file(&[(0xc0, &four(samplings)), SCAN])).err().unwrap().to_string();
            assert!(error.contains("unusually subsampled CMYK"), "{error}");
        }
    }

    #[test]
    fn frames_that_no_decoder_reads_are_named() {
        let error = |frame: (u8, &[u8])| Markers::read(&file(&[frame, SCAN])).err().unwrap().to_string();
        assert!(error((0xc1, &[12, 0, 2, 0, 3, 1])).contains("12-bit"));
        assert!(error((0xc0, &[8, 0, 2, 0, 3, 2])).contains("2-component"));
        assert!(error((0xc0, &[8, 0, 2, 0, 3, 4])).contains("CMYK"));
        assert!(error((0xc0, &[8, 0, 0, 0, 3, 1])).contains("3x0 px"));
        assert!(error((0xc3, &[8, 0, 2, 0, 3, 1])).contains("lossless"));
        assert!(error((0xc0, &[8, 0])).contains("too short"));
        let early = Markers::read(&file(&[SCAN])).err().unwrap().to_string();
        assert!(early.contains("before the frame header"), "{early}");
    }
}
