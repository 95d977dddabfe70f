//! What a file repeats or nests as often as it likes costs no stack.

use imgproc::codec::{self, DecodeOptions, JpegDecoder};
use imgproc::pipeline::disk::LinesRead;
use imgproc::pipeline::manifest::Manifest;
use imgproc::recipe::Recipe;

use crate::hostile::{self, crc};
use crate::support::Place;

/// A sixteenth of what threads have that decode.
const STACK_BYTES: usize = 1 << 20;
/// Had each of them a frame of its own, the smallest frames would take several times the stack.
const MANY: usize = 200_000;

fn chunk(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let checked = [kind, body].concat();
    [&(body.len() as u32).to_be_bytes()[..], &checked, &crc(&checked).to_be_bytes()].concat()
}

/// A PNG of one pixel, with some chunks before its samples, which are deflated like that.
fn png(before: &[u8], deflated: &[u8]) -> Vec<u8> {
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];
    let parts =
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), before, &chunk(b"IDAT", deflated), &chunk(b"IEND", b"")];
    parts.concat()
}

/// Four samples of zero in a stored block, behind others.
fn deflated(before: &[u8]) -> Vec<u8> {
    [&[0x78, 1][..], before, &[1, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 4, 0, 1]].concat()
}

/// Names, bytes, and whether there is a whole image in them.
fn files(place: &Place) -> Vec<(&'static str, Vec<u8>, bool)> {
    let good = |name: &str| {
        place.draw(name, 61, 43);
        place.read(name)
    };
    let (jpeg, gif, webp) = (good("g.jpg"), good("g.gif"), good("g.webp"));
    let into = |bytes: &[u8], at: usize, new: &[u8]| [&bytes[..at], new, &bytes[at..]].concat();
    // An EXIF directory of no entries, whose next is itself.
    let exif = b"\xff\xe1\0\x16Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0";
    let directories = (0..MANY as u32).flat_map(|i| [&[0, 0][..], &(14 + 6 * i).to_le_bytes()].concat());
    let frames = 13 + 3 * (2 << (gif[10] & 7));
    // The chunks of an extended file: a header, then unknown ones, then the image.
    let riff = [&b"VP8X\x0a\0\0\0\0\0\0\0\x3c\0\0\x2a\0\0"[..], &b"junk\0\0\0\0".repeat(MANY), &webp[12..]].concat();
    vec![
        ("plain.png", png(b"", &deflated(b"")), true),
        ("empty blocks.png", png(b"", &deflated(&b"\0\0\0\xff\xff".repeat(MANY))), true),
        ("text.png", png(&chunk(b"tEXt", b"a\0b").repeat(MANY), &deflated(b"")), true),
        ("samples in pieces.png", png(&chunk(b"IDAT", b"").repeat(MANY), &deflated(b"")), true),
        ("comments.jpg", into(&jpeg, 2, &b"\xff\xfe\0\x02".repeat(MANY)), true),
        ("fill.jpg", into(&jpeg, 2, &b"\xff".repeat(MANY)), true),
        ("directory in a circle.jpg", into(&jpeg, 2, exif), true),
        ("restarts.jpg", into(&jpeg, jpeg.len() - 2, &b"\xff\xd0".repeat(MANY)), false),
        ("comments.ppm", [&b"P6\n"[..], &b"#\n".repeat(MANY), b"1 1\n255\nabc"].concat(), true),
        ("comments.gif", into(&gif, frames, &b"\x21\xfe\x01a\0".repeat(MANY)), true),
        (
            "comment in pieces.gif",
            into(&gif, frames, &[&b"\x21\xfe"[..], &b"\x01a".repeat(MANY), b"\0"].concat()),
            true,
        ),
        ("directories.tif", [&b"II*\0\x08\0\0\0"[..], &directories.collect::<Vec<u8>>()].concat(), false),
        ("chunks.webp", [&b"RIFF"[..], &(riff.len() as u32 + 4).to_le_bytes(), b"WEBP", &riff].concat(), true),
    ]
}

#[test]
fn what_is_repeated_or_nested_takes_no_stack() {
    let place = Place::new();
    let hostile = hostile::files(&place).into_iter().map(|(name, bytes, _)| (name, bytes, None));
    let files: Vec<_> = files(&place).into_iter().map(|(n, b, whole)| (n, b, Some(whole))).chain(hostile).collect();
    let look = move || {
        for (name, bytes, is_whole) in &files {
            for jpeg in JpegDecoder::ALL {
                let _ = codec::header(bytes);
                let image = codec::decode(bytes, &DecodeOptions { max_pixels: 1 << 24, jpeg: *jpeg });
                if let Some(is_whole) = is_whole {
                    assert!(!is_whole || image.is_ok(), "{name}: {:?}", image.err());
                }
            }
        }
        for open in ["[", "{\"line\":", "{\"a\":["] {
            let lines = [open.repeat(MANY).as_bytes(), b"\n"].concat();
            assert_eq!(Manifest::of(LinesRead::held(lines)).unwrap().broken, 1);
        }
        for text in ["(", "[", "invert:", "invert,", "-", "\"", "#\n"] {
            let _ = Recipe::parse(&text.repeat(MANY));
        }
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(look).unwrap().join().unwrap();
}
