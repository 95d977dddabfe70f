//! The thread that owns the device: it alone submits, polls and answers. Where the device is lost it opens another one, and
//! does again what was in flight.

mod flight;
mod recovery;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use super::SLOTS;
use super::device::Device;
use super::effort::Effort;
use super::job::{Fault, Job, Message, Undone};
use super::memory::Memory;
use super::plan::Plan;
use super::slot::{self, Slot};
use super::timer::Clock;
use crate::image::Samples;
pub use flight::SMALL_SLOTS;
use flight::{BATCH, Flight, Recorded};
use recovery::give_up;

/// How long the device may take for one plan before it counts as hung.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The same for a software rasterizer, which is slow long before it is hung.
pub const SOFTWARE_LIMIT: Duration = Duration::from_secs(3600);

/// How much slower than the modest device of the estimates one may be that is not hung.
const SLOWEST: u32 = 4;

/// How long a wait for the device keeps a new image waiting while a slot is free.
const SLICE: Duration = Duration::from_millis(2);

/// Losses with nothing done between them after which no other device is tried.
pub const MOST_LOSSES: u32 = 3;

/// How long the device is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one plan, unless its work is estimated to take longer.
    pub image: Duration,
    /// For compiling one shader.
    pub shader: Duration,
}

/// What the engine counts for others to see.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Compute dispatches submitted.
    pub dispatches: Arc<AtomicU64>,
    /// Bytes of all buffers.
    pub device_bytes: Arc<AtomicU64>,
    /// Devices that were lost.
    pub losses: Arc<AtomicU64>,
    pub clock: Clock,
}

/// Opens another device where one was lost.
pub type Opener = Box<dyn FnMut() -> Result<Device, String> + Send>;

pub struct Engine {
    opened: Device,
    opener: Opener,
    memory: Memory,
    /// For all buffers together.
    memory_bytes: u64,
    free: Vec<Slot>,
    /// What is to be submitted together.
    recorded: Vec<Recorded>,
    /// In the order of submission.
    flights: VecDeque<Flight>,
    /// Jobs that have no room yet, or are to be done again.
    waiting: VecDeque<Box<Job>>,
    /// Whether something has landed since the first of those had no room.
    landed: bool,
    /// Whether those are done one by one: one of them may be what loses the device.
    careful: bool,
    /// Losses since something landed.
    losses: u32,
    /// Why there is no device any more.
    gone: Option<String>,
    /// How long the oldest flight has been waited for.
    waited: Duration,
    limits: Limits,
    counters: Counters,
    #[cfg(test)]
    hung: bool,
}

impl Engine {
    /// `memory_bytes`: for all buffers.
    pub fn new(opened: Device, opener: Opener, limits: Limits, memory_bytes: u64, counters: Counters) -> Engine {
        Engine {
            memory: memory(&opened, memory_bytes, &counters),
            memory_bytes,
            free: slots(&opened),
            recorded: Vec::new(),
            opened,
            opener,
            flights: VecDeque::new(),
            waiting: VecDeque::new(),
            landed: false,
            careful: false,
            losses: 0,
            gone: None,
            waited: Duration::ZERO,
            limits,
            counters,
            #[cfg(test)]
            hung: false,
        }
    }

    /// Works until every sender of jobs is gone and all of them are answered.
    pub fn run(mut self, messages: Receiver<Message>) {
        let mut open = true;
        while open || !self.waiting.is_empty() || !self.is_idle() {
            if let Some(job) = self.next_waiting() {
                self.start(job);
                continue;
            }
            let takes_more = open && self.waiting.is_empty() && self.has_place(true);
            if takes_more {
                let message = match self.is_idle() {
                    true => messages.recv().map_err(|_| TryRecvError::Disconnected),
                    false => messages.try_recv(),
                };
                match message {
                    Ok(message) => {
                        self.take(message);
                        continue;
                    }
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => open = false,
                }
            }
            // Nothing more has come that could go with it.
            self.submit();
            self.wait(takes_more && open);
        }
        if self.gone.is_some() {
            // A device that hangs would be waited for without end.
            std::mem::forget(self);
        }
    }

    /// Whether nothing is on its way.
    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.recorded.is_empty()
    }

    /// Whether one more plan may be on its way: few of them, or several small ones.
    fn has_place(&self, small: bool) -> bool {
        let mut slots = self.flights.iter().map(|flight| &flight.slot).chain(self.recorded.iter().map(|r| &r.slot));
        let count = self.flights.len() + self.recorded.len();
        count < SLOTS || small && count < SMALL_SLOTS && slots.all(Slot::is_small)
    }

    /// The first job that waits, where it is worth trying.
    fn next_waiting(&mut self) -> Option<Box<Job>> {
        let worth = self.is_idle() || self.landed && !self.careful;
        let small = self.waiting.front().is_some_and(|job| slot::is_small(&job.plan));
        if !worth || !self.has_place(small) {
            return None;
        }
        self.careful &= !self.waiting.is_empty();
        self.waiting.pop_front()
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Job(job) => self.start(job),
            #[cfg(test)]
            Message::Test(test) => self.test(test),
        }
    }

    #[cfg(test)]
    fn test(&mut self, test: super::job::Test) {
        use super::job::Test;
        match test {
            Test::Run(act) => act(&self.opened.device),
            Test::Hang => self.hung = true,
            Test::Stick => self.opened.sticks = true,
            Test::Vanish => self.opener = Box::new(|| Err("no adapter was found".into())),
            Test::Scarce(bytes) => self.memory.scarce = Some(bytes),
        }
    }

    /// A slot for a plan: one that is prepared for it, or else one that holds nothing; none where it has no room before
    /// another plan lands.
    fn slot(&mut self, plan: &Arc<Plan>) -> Option<Slot> {
        if !self.has_place(slot::is_small(plan)) {
            return None;
        }
        let prepared = self.free.iter().position(|slot| slot.is_for(plan));
        if let Some(place) = prepared {
            return Some(self.free.swap_remove(place));
        }
        let mut slot = self.free.pop().unwrap_or_else(|| Slot::new(self.opened.direct));
        slot.release(&mut self.memory);
        let bytes = slot::bytes(plan, self.opened.direct);
        if !self.memory.has_room(bytes) {
            self.free.iter_mut().for_each(|idle| idle.release(&mut self.memory));
            // What exceeds the budget by itself goes alone.
            if !self.memory.has_room(bytes) && !self.is_idle() {
                self.free.push(slot);
                return None;
            }
        }
        Some(slot)
    }

    /// Submits a job, answers it with what went wrong, or lets it wait.
    fn start(&mut self, job: Box<Job>) {
        // Errors from before this job are not its own.
        self.blame();
        if let Some(why) = &self.gone {
            return give_up(*job, Fault::Device(why.clone()));
        }
        if self.opened.lost().is_some() {
            self.waiting.push_front(job);
            return self.recover();
        }
        let Some(mut slot) = self.slot(&job.plan) else {
            self.waiting.push_front(job);
            self.landed = false;
            return;
        };
        if let Err(fault) = self.opened.compile(&job.plan, self.limits.shader) {
            return self.refuse(job, fault);
        }
        let memory = &mut self.memory;
        let recorded = self.opened.scoped(|opened| {
            if !slot.is_for(&job.plan) {
                slot.prepare(opened, memory, &job.plan);
            }
            slot.record(opened, &job.images)
        });
        #[cfg(test)]
        let recorded = if self.memory.refused() { Err(super::device::Refused::Memory) } else { recorded };
        match recorded {
            Ok(commands) => {
                let alone = !slot.is_small() || self.careful;
                if alone {
                    self.submit();
                }
                let Job { images, answer, .. } = *job;
                self.recorded.push(Recorded { slot, commands, images, answer, fault: None });
                if alone || self.recorded.len() == BATCH {
                    self.submit();
                }
            }
            Err(refused) => self.refuse(job, refused),
        }
    }

    /// Submits what is recorded, several plans at once.
    fn submit(&mut self) {
        let mut recorded = std::mem::take(&mut self.recorded);
        if recorded.is_empty() {
            return;
        }
        // The buffers of one plan stand for as many submissions.
        let apart = recorded.len() == 1;
        tracing::debug!(plans = recorded.len(), "submitted");
        let mut commands: Vec<_> = recorded.iter_mut().flat_map(|one| std::mem::take(&mut one.commands)).collect();
        let submitted = self.opened.scoped(|opened| {
            let last = if apart { commands.pop().into_iter().collect() } else { std::mem::take(&mut commands) };
            for one in commands.drain(..) {
                opened.queue.submit([one]);
            }
            Ok(opened.queue.submit::<Vec<_>>(last))
        });
        match submitted {
            Ok(submission) => recorded.into_iter().for_each(|one| self.fly(one, submission.clone())),
            Err(refused) if apart => {
                let job = recorded.pop().and_then(Recorded::into_job);
                job.into_iter().for_each(|job| self.refuse(job, refused.clone()));
            }
            // One of them is the cause.
            Err(_) => {
                self.free.extend(recorded.iter().map(|_| Slot::new(self.opened.direct)).take(SLOTS));
                recorded.into_iter().rev().filter_map(Recorded::into_job).for_each(|job| self.waiting.push_front(job));
                (self.careful, self.landed) = (true, false);
            }
        }
    }

    /// Waits from here on for a plan that was submitted.
    fn fly(&mut self, recorded: Recorded, submission: wgpu::SubmissionIndex) {
        let Recorded { slot, images, answer, fault, .. } = recorded;
        self.counters.dispatches.fetch_add(slot.dispatches(), Ordering::Relaxed);
        let mapping = slot.map();
        #[cfg(test)]
        let mapping = if self.hung { Arc::default() } else { mapping };
        let limit = self.limits.image.max(SLOWEST * Effort::duration(slot.reads()));
        self.flights.push_back(Flight { slot, submission, mapping, images, answer, limit, fault });
    }

    /// Waits for the oldest flight (only a moment where a new image could be taken meanwhile) and answers what is done.
    fn wait(&mut self, briefly: bool) {
        let Some(oldest) = self.flights.front() else { return };
        let limit = oldest.limit;
        let timeout = if briefly { SLICE } else { limit.saturating_sub(self.waited) };
        let submission_index = Some(oldest.submission.clone());
        let polled = self.opened.device.poll(wgpu::PollType::Wait { submission_index, timeout: Some(timeout) });
        #[cfg(test)]
        let polled = if self.hung { Err(wgpu::PollError::Timeout) } else { polled };
        self.blame();
        let flown = self.flights.len();
        while self.opened.lost().is_none()
            && let Some(flight) = self.flights.pop_front_if(|f| f.mapping.outcome().is_some())
        {
            if flight.mapping.outcome() == Some(false) {
                // A loss may be the cause, and be told later.
                drop(self.opened.device.poll(wgpu::PollType::Poll));
            }
            match self.opened.lost() {
                None => self.land(flight),
                Some(_) => self.flights.push_front(flight),
            }
        }
        if self.opened.lost().is_none() {
            match polled {
                Err(wgpu::PollError::Timeout) if self.flights.len() == flown => {
                    self.waited += timeout;
                    if self.waited >= limit {
                        self.opened.lose(&format!("it did not answer in {} s", limit.as_secs()));
                    }
                }
                Err(e @ wgpu::PollError::WrongSubmissionIndex(..)) => self.opened.lose(&e.to_string()),
                // The wait is over and the staging isn't mapped: that never comes.
                Ok(_) if self.flights.len() == flown => self.opened.lose("it finished and gave no result"),
                _ => self.waited = Duration::ZERO,
            }
        }
        if self.opened.lost().is_some() {
            self.recover();
        }
    }

    /// Answers a flight whose staging has been mapped, or failed to.
    fn land(&mut self, mut flight: Flight) {
        let read = match flight.mapping.outcome() {
            Some(true) => {
                let spare = flight.images.pop().and_then(|image| Arc::try_unwrap(image).ok());
                let period = self.opened.queue.get_timestamp_period();
                flight.slot.read(spare.unwrap_or(Samples::U8(Vec::new())), period)
            }
            _ => Err("the result can't be read back from the GPU; use --backend cpu".into()),
        };
        flight.fault = flight.fault.or(self.blame());
        (self.landed, self.losses) = (true, 0);
        let result = match (read, flight.fault) {
            (Ok((product, times)), None) => {
                self.counters.clock.add(times);
                Ok((product, times))
            }
            (_, Some(message)) | (Err(message), None) => Err(Fault::Image(message)),
        };
        let mut slot = if result.is_ok() { flight.slot } else { Slot::new(self.opened.direct) };
        if self.free.len() >= SLOTS && !slot.is_small() {
            slot.release(&mut self.memory);
        }
        self.free.push(slot);
        let images = flight.images;
        flight.answer.give(result.map_err(|fault| Undone { fault, images }));
    }
}

fn slots(opened: &Device) -> Vec<Slot> {
    (0..SLOTS).map(|_| Slot::new(opened.direct)).collect()
}

fn memory(opened: &Device, memory_bytes: u64, counters: &Counters) -> Memory {
    Memory::new(memory_bytes, opened.device.limits().max_buffer_size, counters.device_bytes.clone())
}
