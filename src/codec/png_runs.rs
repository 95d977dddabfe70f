//! PNG of runs of equal samples, for images of few levels: rows unfiltered, and of deflate's matches only those of a
//! sample with the one before it. Where levels are few, that is both smaller and faster than what filters and a search
//! for longer matches give; `image` offers no such setting.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Encoder, EncodingError, Info};
use zlib_rs::{Deflate, DeflateConfig, DeflateError, DeflateFlush, Strategy, compress_bound};

/// Bytes of a chunk of image data at most; the format allows just under twice as many.
const MAX_CHUNK: usize = 1 << 30;

/// The file of an 8-bit gray image.
pub(super) fn encode(samples: &[u8], width: u32, height: u32, icc: Option<&[u8]>) -> Result<Vec<u8>, EncodingError> {
    let mut info = Info::with_size(width, height);
    info.icc_profile = icc.map(Cow::Borrowed);
    let mut file = Vec::new();
    let mut encoder = Encoder::with_info(&mut file, info)?;
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let data =
        compressed(samples.chunks_exact(width as usize)).map_err(|error| std::io::Error::other(error.as_str()))?;
    for chunk in data.chunks(MAX_CHUNK) {
        writer.write_chunk(png::chunk::IDAT, chunk)?;
    }
    writer.finish()?;
    Ok(file)
}

fn compressed<'a>(rows: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Result<Vec<u8>, DeflateError> {
    let len: usize = rows.clone().map(|row| row.len() + 1).sum();
    // So much that no step has to wait for room. Pages of it that are not written to are never made.
    let mut data = vec![0; compress_bound(len)];
    let mut deflate = Deflate::new_with_config(DeflateConfig { strategy: Strategy::Rle, ..DeflateConfig::default() });
    let mut put = |bytes: &[u8], flush| {
        let written = deflate.total_out() as usize;
        deflate.compress(bytes, &mut data[written..], flush).map(|_| deflate.total_out() as usize)
    };
    for row in rows {
        put(&[png::Filter::NoFilter as u8], DeflateFlush::NoFlush)?;
        put(row, DeflateFlush::NoFlush)?;
    }
    let written = put(&[], DeflateFlush::Finish)?;
    data.truncate(written);
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{DecodeOptions, JpegDecoder, decode, icc};
    use crate::image::{Layout, Samples};

    #[test]
    fn it_comes_back_with_its_profile() {
        let (width, height) = (701, 403);
        let mut random = fastrand::Rng::with_seed(7);
        let mut samples = Vec::new();
        // Runs of up to several times the longest match.
        while samples.len() < width * height {
            let run = 1 << random.usize(..12);
            samples.extend(std::iter::repeat_n(random.u8(..), run));
        }
        samples.truncate(width * height);
        let profile = icc::tests::profile(b"GRAY");
        let file = encode(&samples, width as u32, height as u32, Some(&profile)).unwrap();
        let image = decode(&file, &DecodeOptions { max_pixels: 1 << 20, jpeg: JpegDecoder::ALL[0] }).unwrap();
        assert_eq!(image.layout, Layout::new(width as u32, height as u32, 1));
        assert!(image.samples == Samples::U8(samples) && image.icc == Some(profile));
    }
}
