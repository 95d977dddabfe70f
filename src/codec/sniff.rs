//! What the first bytes of a file say it is.

use super::{CodecError, Format};

impl Format {
    /// The format that the first bytes of a file tell (64 are enough).
    pub fn sniff(head: &[u8]) -> Option<Format> {
        let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        if at(0, b"\xff\xd8\xff") {
            Some(Format::Jpeg)
        } else if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(Format::Png)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Format::WebP)
        } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| at(0, *magic)) {
            Some(Format::Tiff)
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Some(Format::Gif)
        } else if at(0, b"BM") && at(15, b"\0\0\0") {
            Some(Format::Bmp)
        } else if matches!(head, [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..]) {
            Some(Format::Pnm)
        } else {
            None
        }
    }
}

/// Other kinds of images that are worth a name: offset, first bytes, name.
const OTHER_IMAGES: &[(usize, &[u8], &str)] = &[
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (0, b"qoif", "QOI"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"%PDF", "PDF"),
];

/// Says what a file that `Format::sniff` does not know looks like. `bytes` are its first ones, at least.
pub(super) fn unreadable(bytes: &[u8]) -> CodecError {
    if bytes.is_empty() {
        return CodecError::Other("the file is empty".into());
    }
    let head = &bytes[..bytes.len().min(512)];
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let image =
        OTHER_IMAGES.iter().find(|(offset, magic, _)| head.get(*offset..).is_some_and(|b| b.starts_with(magic)));
    let image = image.map(|(.., name)| *name).or_else(|| text.contains("<svg").then_some("SVG"));
    if let Some(name) = image {
        let advice = "which imgproc does not read; convert it to PNG or JPEG first";
        return CodecError::Other(format!("this is {name}, {advice}"));
    }
    let printable = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let kind = if text.starts_with("<!doctype html") || text.starts_with("<html") {
        "this is an HTML page, not an image"
    } else if head.starts_with(b"PK\x03\x04") {
        "this is a ZIP archive, not an image"
    } else if head.iter().all(|b| *b == 0) {
        "the file holds only zeros"
    } else if head.iter().all(printable) {
        "this is text, not an image"
    } else {
        "this is not an image that imgproc reads"
    };
    CodecError::Other(format!("{kind} (JPEG, PNG, WebP, TIFF, GIF, BMP and PNM are read)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_format() {
        let bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0";
        let known: &[(&[u8], Format)] = &[
            (b"\xff\xd8\xff\xe0", Format::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Format::Png),
            (b"RIFF\x10\0\0\0WEBPVP8L", Format::WebP),
            (b"II*\0\x08\0\0\0", Format::Tiff),
            (b"MM\0*\0\0\0\x08", Format::Tiff),
            (b"II+\0\x08\0\0\0", Format::Tiff),
            (b"GIF89a", Format::Gif),
            (bmp, Format::Bmp),
            (b"P6\n2 2\n255\n", Format::Pnm),
        ];
        for (head, format) in known {
            assert_eq!(Format::sniff(head), Some(*format));
        }
        for head in [&b""[..], b"\xff", b"RIFF\x10\0\0\0WAVE", b"BMW is a car of a kind", b"P9\n", b"PNG"] {
            assert_eq!(Format::sniff(head), None, "{head:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "the file is empty"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "this is AVIF, which imgproc does not read; convert it"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "this is HEIC"),
            (b"qoif\0\0\0\x10", "this is QOI"),
            (b"<?xml version=\"1.0\"?>\n<svg width=\"1\"/>", "this is SVG"),
            (b"%PDF-1.7", "this is PDF"),
            (b"  <!DOCTYPE html><p>hello", "this is an HTML page"),
            (b"PK\x03\x04\x14\0", "this is a ZIP archive"),
            (b"name,size\n", "this is text"),
            (&[0; 100], "the file holds only zeros"),
            (b"\x01\x02\x03\x04", "this is not an image"),
        ];
        for (bytes, expected) in cases {
            let message = unreadable(bytes).to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
