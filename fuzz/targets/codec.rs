//! Every codec: what a header promises is what is decoded, by each decoder, and what is written comes back.
#![no_main]

use imgproc::codec::{self, DecodeOptions, EncodeOptions, Format, JpegDecoder};
use imgproc::image::{Demand, Image, Layout, Samples};
use libfuzzer_sys::{Corpus, fuzz_target};

/// Larger ones take the time of many.
const MAX_PIXELS: u64 = 1 << 16;

const WRITTEN: [Format; 5] = [Format::Png, Format::Tiff, Format::WebP, Format::Bmp, Format::Jpeg];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(header) = codec::header(bytes) else { return Corpus::Keep };
    if header.layout.pixels() > MAX_PIXELS {
        return Corpus::Reject;
    }
    // Each of what there is for JPEG; all of them take any other format to the same decoder.
    let decoders = if header.format == Format::Jpeg { JpegDecoder::ALL } else { &JpegDecoder::ALL[..1] };
    for jpeg in decoders {
        let options = DecodeOptions { max_pixels: MAX_PIXELS, jpeg: *jpeg };
        let Ok(image) = codec::decode(bytes, &options) else { continue };
        assert_eq!((image.layout, image.depth()), (header.layout, header.depth));
        let demand = Demand { luma: true, least: Some((image.layout.width.div_ceil(5), image.layout.height.div_ceil(5))) };
        let less = codec::decode_for(bytes, &options, |_| demand).expect("what is decoded whole is decoded in part");
        assert!(less.image.layout.pixels() <= image.layout.pixels());
        // All of them for each would take the time of five.
        written(&image, WRITTEN[bytes.len() % WRITTEN.len()], &options);
    }
    Corpus::Keep
});

fn written(image: &Image, format: Format, options: &DecodeOptions) {
    let (fitted, _) = codec::fit_format(image.clone(), format, None);
    let Ok(file) = codec::encode(&fitted, &EncodeOptions { format, quality: 80 }) else { return };
    let back = codec::decode(&file, options).expect("what is written can be read");
    // They know no gray, or gray as a palette; it comes back as three equal colours.
    let is_coloured = matches!(format, Format::WebP | Format::Bmp) && fitted.layout.colours == 1;
    let layout = if is_coloured { Layout { colours: 3, ..fitted.layout } } else { fitted.layout };
    assert_eq!(back.layout, layout, "{format:?}");
    if format != Format::Jpeg && !is_coloured && !matches!(fitted.samples, Samples::F32(_)) {
        assert!(back.samples == fitted.samples, "{format:?} came back different");
    }
}
