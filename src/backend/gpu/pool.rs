//! Hands out buffers of a plan, those that are free again first.

use super::plan::BufferId;

#[derive(Debug, Default)]
pub struct Pool {
    bytes: Vec<u64>,
    free: Vec<BufferId>,
}

impl Pool {
    /// A buffer that nothing else ever uses.
    pub fn keep(&mut self, bytes: u64) -> BufferId {
        self.bytes.push(bytes);
        self.bytes.len() - 1
    }

    /// The free buffer whose size is nearest, enlarged where it must be; a new one where none is free.
    pub fn take(&mut self, bytes: u64) -> BufferId {
        let Some(i) = (0..self.free.len()).min_by_key(|i| self.bytes[self.free[*i]].abs_diff(bytes)) else {
            return self.keep(bytes);
        };
        let id = self.free.swap_remove(i);
        self.bytes[id] = self.bytes[id].max(bytes);
        id
    }

    /// Takes back a buffer that `take` gave.
    pub fn give_back(&mut self, id: BufferId) {
        self.free.push(id);
    }

    pub fn into_bytes(self) -> Vec<u64> {
        self.bytes
    }
}
