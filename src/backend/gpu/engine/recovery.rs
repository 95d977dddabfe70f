//! What becomes of jobs that the device did not take, and of all when it is lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Engine, Flight, MOST_LOSSES, Recorded, memory, slots};
use crate::backend::gpu::device::{Device, Refused};
use crate::backend::gpu::job::{Fault, Job, Undone};
use crate::backend::gpu::slot::Slot;

impl Engine {
    /// Sees to a job that the device did not take; its half-made slot is gone.
    pub(super) fn refuse(&mut self, job: Box<Job>, refused: Refused) {
        self.free.push(Slot::new(self.opened.direct));
        // A loss may be the cause, and it is told by a poll when nothing is in flight any more.
        let end = wgpu::PollType::Wait { submission_index: None, timeout: Some(self.limits.image) };
        drop(self.opened.device.poll(end));
        if self.opened.lost().is_some() {
            self.waiting.push_front(job);
            return self.recover();
        }
        match refused {
            // With less around it there may be memory.
            Refused::Memory if !self.is_idle() || self.memory.has_free() => {
                self.free.iter_mut().for_each(|idle| idle.release(&mut self.memory));
                self.memory.free();
                self.landed = false;
                self.waiting.push_front(job);
            }
            Refused::Memory => give_up(*job, Fault::Memory),
            Refused::Other(message) => give_up(*job, Fault::Image(message)),
        }
    }

    /// Fails what is in flight by an error that no scope caught: which image it spoilt can't be told. Gives the error.
    pub(super) fn blame(&mut self) -> Option<String> {
        let message = self.opened.uncaptured()?;
        for flight in &mut self.flights {
            flight.fault.get_or_insert_with(|| message.clone());
        }
        Some(message)
    }

    /// Opens another device after a loss, and lets what was in flight wait for it; after too many losses, gives all up.
    pub(super) fn recover(&mut self) {
        let mut why = self.opened.lost().unwrap_or_default().to_owned();
        let recorded = std::mem::take(&mut self.recorded);
        recorded.into_iter().rev().filter_map(Recorded::into_job).for_each(|job| self.waiting.push_front(job));
        for flight in self.flights.drain(..).rev() {
            let Flight { slot, images, answer, .. } = flight;
            if let Some(plan) = slot.into_plan() {
                self.waiting.push_front(Box::new(Job { plan, images, answer }));
            }
        }
        (self.careful, self.landed, self.waited) = (true, false, Duration::ZERO);
        loop {
            self.losses += 1;
            self.counters.losses.fetch_add(1, Ordering::Relaxed);
            if self.losses >= MOST_LOSSES {
                break;
            }
            match (self.opener)() {
                Ok(opened) => return self.change(opened),
                Err(message) => why = message,
            }
        }
        let times = self.losses;
        let why = format!("the GPU was lost {times} times: {why}; try again, or use --backend cpu");
        self.gone = Some(why.clone());
        self.waiting.drain(..).for_each(|job| give_up(*job, Fault::Device(why.clone())));
        // Without any, no message would be received again.
        self.free = slots(&self.opened);
    }

    /// Takes another device. The lost one is left as it is: to let go of one that hangs may take without end.
    fn change(&mut self, opened: Device) {
        self.free = slots(&opened);
        self.memory = memory(&opened, self.memory_bytes, &self.counters);
        std::mem::forget(std::mem::replace(&mut self.opened, opened));
    }
}

pub fn give_up(job: Job, fault: Fault) {
    job.answer.give(Err(Undone { fault, images: job.images }));
}
