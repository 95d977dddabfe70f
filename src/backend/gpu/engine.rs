//! The thread that owns the device: it alone submits, polls and answers. Where the device is lost it opens another one, and
//! does again what was in flight.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use super::SLOTS;
use super::device::{Device, Refused};
use super::effort::Effort;
use super::job::{Answer, Fault, Job, Message, Undone};
use super::memory::Memory;
use super::plan::Plan;
use super::slot::{self, Mapping, Slot};
use super::timer::Clock;
use crate::image::Samples;

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

/// A submitted plan.
struct Flight {
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    mapping: Arc<Mapping>,
    /// The sources; where nobody else has them, their memory is used again for the result.
    images: Vec<Arc<Samples>>,
    answer: Answer,
    /// How long the device may take for it.
    limit: Duration,
    /// What the device said outside any scope while this was in flight.
    fault: Option<String>,
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
        while open || !self.waiting.is_empty() || !self.flights.is_empty() {
            if let Some(job) = self.next_waiting() {
                self.start(job);
                continue;
            }
            let takes_more = open && self.waiting.is_empty() && !self.free.is_empty();
            if takes_more {
                let message = match self.flights.is_empty() {
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
            self.wait(takes_more && open);
        }
        if self.gone.is_some() {
            // A device that hangs would be waited for without end.
            std::mem::forget(self);
        }
    }

    /// The first job that waits, where it is worth trying.
    fn next_waiting(&mut self) -> Option<Box<Job>> {
        let worth = self.flights.is_empty() || self.landed && !self.careful;
        if !worth || self.free.is_empty() {
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
    fn slot(&mut self, plan: &Plan) -> Option<Slot> {
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
            if !self.memory.has_room(bytes) && !self.flights.is_empty() {
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
        let submitted = self.opened.scoped(|opened| {
            if !slot.is_for(&job.plan) {
                slot.prepare(opened, memory, &job.plan);
            }
            slot.submit(opened, &job.images)
        });
        #[cfg(test)]
        let submitted = if self.memory.refused() { Err(Refused::Memory) } else { submitted };
        match submitted {
            Ok((submission, mapping)) => {
                self.counters.dispatches.fetch_add(slot.dispatches(), Ordering::Relaxed);
                #[cfg(test)]
                let mapping = if self.hung { Arc::default() } else { mapping };
                let Job { images, answer, .. } = *job;
                let limit = self.limits.image.max(SLOWEST * Effort::duration(slot.reads()));
                self.flights.push_back(Flight { slot, submission, mapping, images, answer, limit, fault: None });
            }
            Err(refused) => self.refuse(job, refused),
        }
    }

    /// Sees to a job that the device did not take; its half-made slot is gone.
    fn refuse(&mut self, job: Box<Job>, refused: Refused) {
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
            Refused::Memory if !self.flights.is_empty() || self.memory.has_free() => {
                self.free.iter_mut().for_each(|idle| idle.release(&mut self.memory));
                self.memory.free();
                self.landed = false;
                self.waiting.push_front(job);
            }
            Refused::Memory => give_up(*job, Fault::Memory),
            Refused::Other(message) => give_up(*job, Fault::Image(message)),
        }
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
        self.free.push(if result.is_ok() { flight.slot } else { Slot::new(self.opened.direct) });
        let images = flight.images;
        flight.answer.give(result.map_err(|fault| Undone { fault, images }));
    }

    /// Fails what is in flight by an error that no scope caught: which image it spoilt can't be told. Gives the error.
    fn blame(&mut self) -> Option<String> {
        let message = self.opened.uncaptured()?;
        for flight in &mut self.flights {
            flight.fault.get_or_insert_with(|| message.clone());
        }
        Some(message)
    }

    /// Opens another device after a loss, and lets what was in flight wait for it; after too many losses, gives all up.
    fn recover(&mut self) {
        let mut why = self.opened.lost().unwrap_or_default().to_owned();
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

fn slots(opened: &Device) -> Vec<Slot> {
    (0..SLOTS).map(|_| Slot::new(opened.direct)).collect()
}

fn memory(opened: &Device, memory_bytes: u64, counters: &Counters) -> Memory {
    Memory::new(memory_bytes, opened.device.limits().max_buffer_size, counters.device_bytes.clone())
}

fn give_up(job: Job, fault: Fault) {
    job.answer.give(Err(Undone { fault, images: job.images }));
}
