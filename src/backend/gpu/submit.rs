//! How an image comes to the engine: planned as a whole, or in tiles; and what becomes of one that the device could not do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::build;
use super::effort::Effort;
use super::job::{Answer, Fault, Job, Landed, Message, Undone};
use super::plan::Plan;
use super::slot::Product;
use super::storage::Format;
use super::tiles::{Room, Tiler};
use super::whole_sketch;
use crate::backend::{Backend, BackendError, Computed, Done, Task};
use crate::image::{Depth, Image, Layout};
use crate::op::Graph;

/// What it takes to hand images to the engine.
#[derive(Clone)]
pub struct Submitter {
    pub jobs: Sender<Message>,
    pub room: Room,
    pub effort: Effort,
    /// Who computes what no device is left for.
    pub fallback: Option<Arc<dyn Backend>>,
    /// Images that it was given.
    pub fallen: Arc<AtomicU64>,
}

/// What is known of a task while its samples are away.
struct Away {
    graph: Arc<Graph>,
    layout: Layout,
    depth: Depth,
    done: Done,
}

impl Submitter {
    pub fn submit(self, mut task: Task, done: Done) {
        if task.depth == Depth::Sixteen && task.graph.steepness.is_finite() {
            // Codes of 16 bits would show what 8-bit ones don't.
            Arc::make_mut(&mut task.graph).steepness = f64::INFINITY;
        }
        // A panic would end the caller's thread, and with it other images than this.
        let planned = catch_unwind(AssertUnwindSafe(|| self.plan(&task)));
        match planned.unwrap_or_else(|_| Err(panicked())) {
            Ok(Some(plan)) => {
                let Task { graph, image, depth, .. } = task;
                let away = Away { graph, layout: image.layout, depth, done };
                let jobs = self.jobs.clone();
                let answer = Answer::new(move |result| match result {
                    Ok(landed) => (away.done)(computed(landed)),
                    Err(undone) => self.undone(undone, away),
                });
                let job = Job { plan: Arc::new(plan), images: vec![Arc::new(image.samples)], answer };
                // A message that can't be sent is dropped, and its answer says that the thread is gone.
                drop(jobs.send(Message::Job(Box::new(job))));
            }
            Ok(None) => self.in_tiles(task, done),
            Err(message) => done(Err(BackendError::Image(message))),
        }
    }

    /// The plan of the whole image; none where there is no room for it.
    fn plan(&self, task: &Task) -> Result<Option<Plan>, String> {
        let sketch = whole_sketch(&task.graph, Format::of_samples(&task.image.samples), task.depth)?;
        if self.room.holds(&sketch) { build::plan(sketch, self.effort).map(Some) } else { Ok(None) }
    }

    /// Computes in tiles, on a thread of its own that waits for them.
    fn in_tiles(self, task: Task, done: Done) {
        // Whoever fails to start the thread still has to answer.
        let done = Arc::new(Mutex::new(Some(done)));
        let theirs = done.clone();
        let take = |done: &Mutex<Option<Done>>| done.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = move || {
            let Some(done) = take(&theirs) else { return };
            let Task { graph, image, depth, .. } = task;
            let samples = Arc::new(image.samples);
            let tiler = Tiler::new(&graph, samples.clone(), self.room.share(), self.effort, &self.jobs);
            let computed = catch_unwind(AssertUnwindSafe(|| tiler.compute(depth)));
            match computed.unwrap_or_else(|_| Err(Fault::Image(panicked()))) {
                Ok((samples, times)) => {
                    let image = Image::new(graph.output_layout(), samples);
                    done(Ok(Computed { image, device: Some(times) }));
                }
                Err(fault) => {
                    let away = Away { graph, layout: image.layout, depth, done };
                    self.undone(Undone { fault, images: vec![samples] }, away);
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("gpu tiles".into()).spawn(work)
            && let Some(done) = take(&done)
        {
            done(Err(BackendError::Image(format!("no thread for a large image: {error}"))));
        }
    }

    /// Sees to an image that the device did not do: in tiles where it has too little memory for the whole, and where it is
    /// gone by the fallback, if there is one.
    fn undone(mut self, undone: Undone, away: Away) {
        let Undone { fault, images } = undone;
        let Away { graph, layout, depth, done } = away;
        let task = images.into_iter().next().map(|samples| {
            let image = Image::new(layout, Arc::unwrap_or_clone(samples));
            Task { graph, image, depth, divides: false, remaining: 0 }
        });
        match (fault, task, self.fallback.clone()) {
            (Fault::Memory, Some(task), _) if self.room.shrink() => self.in_tiles(task, done),
            (Fault::Device(_), Some(task), Some(fallback)) => {
                self.fallen.fetch_add(1, Ordering::Relaxed);
                fallback.submit(task, done);
            }
            (fault, ..) => done(Err(fault.into())),
        }
    }
}

fn panicked() -> String {
    "a fault of this program: planning the GPU's work panicked; use --backend cpu".into()
}

fn computed((product, times): Landed) -> Result<Computed, BackendError> {
    match product {
        Product::Image(stored, samples) => {
            Ok(Computed { image: Image::new(stored.layout, samples), device: Some(times) })
        }
        Product::Words(_) => Err(BackendError::Image("a fault of this program: a table is no image".into())),
    }
}
