//! What memory an image will need, told from its header.

use crate::backend::Backend;
use crate::codec::{Format, Header};
use crate::image::Depth;
use crate::op::Graph;

/// An estimate of the bytes that an image takes besides its file, all stages counted as if they came at once:
/// - the decoded samples twice: decoders hold planes or rows of their own, and turning an image upright copies it;
/// - what the decoder holds beside samples;
/// - the result and its encoding, which is hardly ever larger;
/// - what the backend says.
///
/// Not counted is what an encoder holds beside its output.
pub(super) fn working_bytes(header: &Header, graph: &Graph, result: Depth, backend: &dyn Backend) -> u64 {
    let sample_bytes = |depth: Depth| u64::from(depth.bits() / 8);
    // A TIFF of more than 8 bits may hold floats, which stay 4 bytes long until the recipe's end.
    let floats = if header.format == Format::Tiff && header.depth == Depth::Sixteen { 2 } else { 1 };
    let source_bytes = sample_bytes(header.depth) * floats;
    let working = backend.working_bytes(graph, source_bytes, result);
    let result = graph.output_layout().samples() * sample_bytes(result);
    header.decoder_bytes + 2 * header.layout.samples() * source_bytes + 2 * result + working
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Task;
    use crate::image::Layout;
    use crate::recipe::Recipe;

    /// A device that takes a thousand bytes for each sample of the source.
    struct Device;

    impl Backend for Device {
        fn name(&self) -> String {
            "device".into()
        }

        fn computes_here(&self) -> bool {
            false
        }

        fn depth(&self) -> usize {
            1
        }

        fn working_bytes(&self, graph: &Graph, source_sample_bytes: u64, _result: Depth) -> u64 {
            1000 * source_sample_bytes * graph.nodes()[0].layout.samples()
        }

        fn submit(&self, _task: Task, _done: crate::backend::Done) {
            unreachable!("it is only asked")
        }
    }

    #[test]
    fn the_estimate_counts_what_each_stage_holds() {
        let layout = Layout::new(10, 10, 4);
        let header = Header { format: Format::Png, layout, depth: Depth::Eight, decoder_bytes: 0 };
        let estimate = |recipe: &str, backend: &dyn Backend| {
            let graph = Recipe::parse(recipe).unwrap().graph(layout, Depth::Eight).unwrap();
            working_bytes(&header, &graph, Depth::Eight, backend)
        };
        let here = &crate::backend::cpu::CpuBackend;
        let samples = layout.samples();
        assert_eq!(estimate("invert", here), 4 * samples);
        let table = 2 * 4 * 256;
        assert_eq!(estimate("equalize", here), 4 * samples + table);
        assert_eq!(estimate("invert,equalize", here), 4 * samples + 4 * samples + table);
        assert_eq!(estimate("invert,clahe:tiles=8", here), 4 * samples + 4 * samples + 64 * table);
        assert_eq!(estimate("invert", &Device), 4 * samples + 1000 * samples);
    }
}
