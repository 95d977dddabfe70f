//! Where the first directory of a TIFF lies, and what size it claims: many programs write it behind the samples, at the
//! end of a file that should not be read whole to be refused.

/// How the numbers of a file are written.
#[derive(Clone, Copy)]
struct Numbers {
    little_endian: bool,
    /// Whether places and counts take 64 bits.
    big: bool,
}

impl Numbers {
    fn of(head: &[u8]) -> Option<Numbers> {
        let (little_endian, big) = match head.get(..4)? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        Some(Numbers { little_endian, big })
    }

    /// The number that stands at a place and takes so many bytes, at most 8.
    fn at(self, bytes: &[u8], place: usize, length: usize) -> Option<u64> {
        let bytes = bytes.get(place..place.checked_add(length)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.little_endian { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }
}

/// Where the first directory begins, by the first bytes of the file.
pub fn place(head: &[u8]) -> Option<u64> {
    let numbers = Numbers::of(head)?;
    if numbers.big { numbers.at(head, 8, 8) } else { numbers.at(head, 4, 4) }
}

/// Width and height that a directory claims, given the first bytes of the file and those of the directory.
pub fn claimed_size(head: &[u8], directory: &[u8]) -> Option<(u32, u32)> {
    const WIDTH: u64 = 256;
    const HEIGHT: u64 = 257;
    let numbers = Numbers::of(head)?;
    // Bytes of the count of entries, of an entry, and before its value.
    let (count_bytes, entry_bytes, value) = if numbers.big { (8, 20, 12) } else { (2, 12, 8) };
    let entries = numbers.at(directory, 0, count_bytes)?;
    let claimed = |wanted| {
        let entries = directory.get(count_bytes..)?.chunks_exact(entry_bytes).take(usize::try_from(entries).ok()?);
        let mut values = entries.filter(|entry| numbers.at(entry, 0, 2) == Some(wanted)).map(|entry| {
            let length = match numbers.at(entry, 2, 2)? {
                3 => 2,
                4 => 4,
                16 => 8,
                _ => return None,
            };
            u32::try_from(numbers.at(entry, value, length)?).ok()
        });
        values.next()?
    };
    Some((claimed(WIDTH)?, claimed(HEIGHT)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{self, EncodeOptions, Format};
    use crate::image::{Image, Layout, Samples};

    #[test]
    fn the_directory_of_a_written_file_is_found() {
        let image = Image::new(Layout::new(301, 77, 1), Samples::U8(vec![9; 301 * 77]));
        let file = codec::encode(&image, &EncodeOptions { format: Format::Tiff, quality: 90 }).unwrap();
        let at = place(&file[..16]).unwrap() as usize;
        assert_eq!(claimed_size(&file[..16], &file[at..]), Some((301, 77)));
        // Cut off, or no directory.
        assert_eq!(claimed_size(&file[..16], &file[at..at + 10]), None);
        assert_eq!(
            (claimed_size(&file[..16], &[0xff; 600]), place(b"II*\0\x08"), place(b"GIF89a..")),
            (None, None, None)
        );
    }

    #[test]
    fn places_of_64_bits_and_the_other_order() {
        let mut head = b"MM\0+\0\x08\0\0\0\0\0\0\0\0\x01\x05".to_vec();
        let entry = |tag: u8, kind: u8, value: u64| {
            let start = [1, tag, 0, kind, 0, 0, 0, 0, 0, 0, 0, 1];
            [&start[..], &value.to_be_bytes()].concat()
        };
        let directory = [2u64.to_be_bytes().to_vec(), entry(0, 16, 70_000), entry(1, 16, 1 << 31)].concat();
        assert_eq!((place(&head), claimed_size(&head, &directory)), (Some(261), Some((70_000, 1 << 31))));
        head[0] = b'x';
        assert_eq!(place(&head), None);
    }
}
