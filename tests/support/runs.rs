//! Recipes run on backends, and the count of what ran.

use std::sync::Arc;
#[cfg(feature = "gpu")]
use std::sync::{Mutex, OnceLock, PoisonError};

use imgproc::backend::cpu::CpuBackend;
#[cfg(feature = "gpu")]
use imgproc::backend::gpu::{Choice, GpuBackend, Options};
use imgproc::backend::{Backend, Task};
use imgproc::image::Image;
use imgproc::op::{Graph, NodeId};
use imgproc::recipe::Recipe;

use super::compare::{Difference, Failure, Limit, Side, compare};
use super::images::Sample;
use super::tolerance;

/// The recipe's kernels for that image.
///
/// # Errors
/// The operation's own, where it does not apply to the image.
pub fn graph(recipe: &str, image: &Image) -> Result<Graph, String> {
    let parsed = Recipe::parse(recipe).unwrap_or_else(|error| panic!("`{recipe}`: {error}"));
    parsed.graph(image.layout, image.depth()).map_err(|refusal| refusal.to_string())
}

pub fn compute(backend: &dyn Backend, graph: &Graph, image: &Image) -> Result<Image, String> {
    backend.compute(task(&Arc::new(graph.clone()), image)).map_err(|error| error.to_string())
}

pub fn task(graph: &Arc<Graph>, image: &Image) -> Task {
    Task { graph: graph.clone(), image: image.clone(), depth: image.depth(), divides: true, remaining: 0 }
}

pub fn cpu(recipe: &str, image: &Image) -> Result<Image, String> {
    compute(&CpuBackend, &graph(recipe, image)?, image)
}

/// A backend that counts what it hands to its device.
pub struct Device<'a> {
    pub backend: &'a dyn Backend,
    pub dispatches: &'a dyn Fn() -> u64,
}

#[cfg(feature = "gpu")]
/// The adapter that the tests run on, opened once: the software one, or real hardware with
/// `IMGPROC_TEST_ADAPTER=gpu`.
///
/// # Panics
/// Where there is none. A test that can't run has failed.
pub fn adapter() -> &'static GpuBackend {
    static ADAPTER: OnceLock<GpuBackend> = OnceLock::new();
    ADAPTER.get_or_init(|| open(Options::default()))
}

#[cfg(feature = "gpu")]
fn open(options: Options) -> GpuBackend {
    let choice = match std::env::var("IMGPROC_TEST_ADAPTER").as_deref() {
        Ok("gpu") => Choice::Hardware,
        Ok("software") | Err(_) => Choice::Software,
        Ok(other) => panic!("IMGPROC_TEST_ADAPTER={other}: expected gpu or software"),
    };
    let opened = GpuBackend::open_as(choice, None, options);
    opened.unwrap_or_else(|error| panic!("{error}; ./scripts/test installs what is needed"))
}

/// Bytes of an image that a buffer of the cutting adapter holds: some tiles of the smallest that every operation has.
#[cfg(feature = "gpu")]
pub const CUT_BYTES: u64 = 100_000;

#[cfg(feature = "gpu")]
/// The same adapter for one test at a time, but that its buffers hold `CUT_BYTES` of an image.
pub fn with_cutting_adapter<T>(run: impl FnOnce(&Device) -> T) -> T {
    static ADAPTER: OnceLock<GpuBackend> = OnceLock::new();
    let options = Options { largest_image_bytes: Some(CUT_BYTES), ..Options::default() };
    in_turn(ADAPTER.get_or_init(|| open(options)), run)
}

#[cfg(feature = "gpu")]
/// Holds the adapter for one test at a time, so that its count of dispatches is of one case.
pub fn with_adapter<T>(run: impl FnOnce(&Device) -> T) -> T {
    in_turn(adapter(), run)
}

#[cfg(feature = "gpu")]
fn in_turn<T>(adapter: &GpuBackend, run: impl FnOnce(&Device) -> T) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    run(&Device { backend: adapter, dispatches: &|| adapter.dispatches() })
}

/// Runs a recipe on the CPU and on the device and compares.
///
/// # Errors
/// Where they differ by more than the limit, where the device did no work, or where both sides are one backend.
pub fn agreement(device: &Device, recipe: &str, sample: &Sample, limit: Limit) -> Result<Difference, String> {
    let context = |what: String| format!("`{recipe}` on {}: {what}", sample.name);
    let image = &sample.image;
    let cpu = CpuBackend;
    let (cpu_name, device_name) = (cpu.name(), device.backend.name());
    if cpu_name == device_name || device.backend.computes_here() {
        return Err(context(format!("both sides are computed by {cpu_name}")));
    }
    let graph = graph(recipe, image).map_err(context)?;
    let expected = compute(&cpu, &graph, image).map_err(|error| context(format!("{cpu_name}: {error}")))?;
    let before = (device.dispatches)();
    let actual = compute(device.backend, &graph, image).map_err(|error| context(format!("{device_name}: {error}")))?;
    // A recipe that folds to nothing has nothing to dispatch.
    if graph.output != NodeId(0) && (device.dispatches)() == before {
        return Err(context(format!("{device_name} dispatched nothing")));
    }
    let sides = [Side { by: &cpu_name, image: &expected }, Side { by: &device_name, image: &actual }];
    compare(recipe, &sample.name, sides[0], sides[1], limit).map_err(|failure: Box<Failure>| failure.to_string())
}

/// What became of the cases of one operation.
#[derive(Default)]
pub struct Tally {
    /// Compared.
    pub cases: usize,
    /// Refused as not applicable to their image.
    pub refused: usize,
    pub difference: Difference,
    /// Of the cases in which some pixels may lie beyond the tolerance.
    deciding: Difference,
    /// The worst case within its limit.
    worst: String,
    failures: Vec<String>,
}

/// The greatest share of pixels beyond the tolerance where an operation decides, over all its cases.
const SHARE: f64 = 0.001;

impl Tally {
    /// Compares by `check`, which is given the limit of the one case. Where the page allows a share of pixels, they
    /// are counted over all cases, since one pixel of a small image is more than the share.
    pub fn add(&mut self, recipe: &str, sample: &Sample, check: impl FnOnce(Limit) -> Result<Difference, String>) {
        self.cases += 1;
        let limit = tolerance::limit(recipe);
        let shared = limit.share > 0.0;
        match check(Limit { share: if shared { 1.0 } else { 0.0 }, ..limit }) {
            Ok(difference) => {
                if difference.worst > self.difference.worst {
                    self.worst = format!("`{recipe}` on {}", sample.name);
                }
                self.difference.add(difference);
                if shared {
                    self.deciding.add(difference);
                }
            }
            Err(failure) => self.failures.push(failure),
        }
    }

    /// Prints the count and fails with the first few failures, if any, or if fewer cases ran than expected.
    pub fn finish(self, name: &str, least: usize) {
        println!(
            "{name}: {} cases, {} refused; worst difference {:.4} levels {}; deciding cases: {} of {} pixels beyond",
            self.cases, self.refused, self.difference.worst, self.worst, self.deciding.beyond, self.deciding.pixels
        );
        let shown: Vec<&str> = self.failures.iter().take(5).map(String::as_str).collect();
        let (failed, cases) = (self.failures.len(), self.cases);
        assert!(failed == 0, "{name}: {failed} of {cases} cases failed; the first:\n{}", shown.join("\n"));
        assert!(cases >= least, "{name}: {cases} cases ran, at least {least} were expected");
        let share = self.deciding.share();
        assert!(share <= SHARE, "{name}: {:.3} % of pixels beyond the tolerance; worst {}", 100.0 * share, self.worst);
    }
}
