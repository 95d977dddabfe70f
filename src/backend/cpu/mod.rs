//! The CPU backend: a graph evaluated over bands of rows, in cache, on rayon's threads.

use super::{Backend, Done, Task};

#[derive(Debug, Default)]
pub struct CpuBackend;

impl Backend for CpuBackend {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn computes_here(&self) -> bool {
        true
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&self, _task: Task, _done: Done) {
        todo!()
    }
}
