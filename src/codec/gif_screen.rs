//! Whether the first frame of a GIF leaves any pixel of the screen transparent. `image` gives every GIF four channels;
//! most need three.

/// False where the first frame covers the screen and names no transparent colour; none where the bytes end before it.
/// What is corrupt counts as transparent: the decoder says what is wrong.
pub(super) fn transparent(bytes: &[u8]) -> Option<bool> {
    let screen = bytes.get(6..13)?;
    let mut rest = bytes.get(13 + palette_bytes(screen[4])..)?;
    let mut has_transparent_colour = false;
    loop {
        match *rest {
            [] | [0x21] => return None,
            [0x21, label, ref blocks @ ..] => {
                if label == 0xf9 {
                    has_transparent_colour = *blocks.get(1)? & 1 == 1;
                }
                rest = after_blocks(blocks)?;
            }
            [0x2c, ref descriptor @ ..] => {
                let (place, size) = (descriptor.get(..4)?, descriptor.get(4..8)?);
                return Some(has_transparent_colour || place != [0; 4] || size != &screen[..4]);
            }
            _ => return Some(true),
        }
    }
}

/// Bytes of the palette that a packed field announces.
fn palette_bytes(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

/// What follows a chain of length-prefixed blocks.
fn after_blocks(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, rest) = bytes.split_first()?;
        if *length == 0 {
            return Some(rest);
        }
        bytes = rest.get(usize::from(*length)..)?;
    }
}
