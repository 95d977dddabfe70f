//! A crash in a codec, of which some are in C: no panic, but a signal that ends the process, such as by a stack that overflows.
//!
//! What such a codec has done to memory before, nobody knows, so this process must not go on. It writes down which file it was
//! at, and becomes a fresh one by `execve`, which goes on with the others (`restart.rs`). All that takes is prepared
//! before. Between two crashes it costs two stores for each call of a codec. A crash anywhere else ends the run as it would
//! without this.
//!
//! On Linux alone, where it is tested: elsewhere reading a thread's own variables may allocate, which a handler must not.

use std::marker::PhantomData;
use std::path::Path;

use crate::timeline::Stage;

#[cfg(target_os = "linux")]
pub(super) use handler::{arm, disarm, stops};

#[cfg(not(target_os = "linux"))]
pub(super) fn disarm() {}

#[cfg(not(target_os = "linux"))]
pub(super) fn stops() {}

/// Says that this thread is in a codec with a file, for as long as it lives.
pub(super) struct InCodec<'a> {
    #[cfg(target_os = "linux")]
    before: handler::At,
    path: PhantomData<&'a Path>,
}

impl InCodec<'_> {
    pub fn of(path: &Path, stage: Stage) -> InCodec<'_> {
        let _ = (path, stage);
        InCodec {
            #[cfg(target_os = "linux")]
            before: handler::set(handler::At::of(path, stage)),
            path: PhantomData,
        }
    }
}

impl Drop for InCodec<'_> {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        handler::set(self.before);
    }
}

/// What the handler writes down of one crash: these bytes, the path, and a zero byte, which no path has.
pub(super) const HEAD_BYTES: usize = 4;
/// The first byte, where the user had asked to stop.
pub(super) const STOPPING: u8 = b'!';
pub(super) const GOING_ON: u8 = b' ';
/// The second byte.
pub(super) const DECODING: u8 = b'd';
pub(super) const ENCODING: u8 = b'e';

#[cfg(target_os = "linux")]
mod handler {
    #![expect(unsafe_code, reason = "no crate offers to replace the process from a signal handler")]

    use std::cell::Cell;
    use std::ffi::{CString, OsStr, OsString};
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::Path;
    use std::ptr::{null, null_mut};
    use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering, compiler_fence};

    use libc::{c_char, c_int, c_void, sigaction, siginfo_t, sigset_t};

    use super::{DECODING, ENCODING, GOING_ON, HEAD_BYTES, STOPPING};
    use crate::timeline::Stage;

    /// By which a codec may end the process. `abort` is one of them.
    const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

    /// Where a thread is.
    #[derive(Clone, Copy)]
    pub struct At {
        /// Null outside of codecs.
        path: *const u8,
        bytes: usize,
        stage: u8,
    }

    const NOWHERE: At = At { path: null(), bytes: 0, stage: DECODING };

    impl At {
        pub fn of(path: &Path, stage: Stage) -> At {
            let bytes = path.as_os_str().as_bytes();
            let stage = if stage == Stage::Encode { ENCODING } else { DECODING };
            At { path: bytes.as_ptr(), bytes: bytes.len(), stage }
        }

        /// # Safety
        /// It must be in a codec, and its path still be there.
        unsafe fn path(&self) -> &[u8] {
            // SAFETY: `of` took both from one path.
            unsafe { std::slice::from_raw_parts(self.path, self.bytes) }
        }
    }

    thread_local! {
        // Constant and with nothing to drop, so that it is plain memory of the thread, there from its start.
        static AT: Cell<At> = const { Cell::new(NOWHERE) };
    }

    /// Returns where the thread was.
    pub fn set(at: At) -> At {
        let before = AT.replace(at);
        // The handler reads it in this thread: what the codec does must not be moved before it, nor this be left out.
        compiler_fence(Ordering::SeqCst);
        before
    }

    /// What becoming a fresh process takes.
    struct Prepared {
        record: RawFd,
        program: CString,
        arguments: Strings,
        environment: Strings,
        /// Signals that the program was started with blocked.
        mask: sigset_t,
    }

    /// An array of strings as C has it.
    struct Strings {
        pointers: Vec<*const c_char>,
        /// What they point to.
        _strings: Vec<CString>,
    }

    impl Strings {
        fn new(strings: impl Iterator<Item = OsString>) -> io::Result<Strings> {
            let strings: Result<Vec<CString>, _> = strings.map(|string| CString::new(string.into_vec())).collect();
            let strings = strings?;
            let pointers = strings.iter().map(|string| string.as_ptr()).chain([null()]).collect();
            Ok(Strings { pointers, _strings: strings })
        }
    }

    /// Set once, and never freed.
    static PREPARED: AtomicPtr<Prepared> = AtomicPtr::new(null_mut());
    /// What was done on those signals before, in their order; set once, and never freed.
    static BEFORE: AtomicPtr<[sigaction; SIGNALS.len()]> = AtomicPtr::new(null_mut());

    static STATE: AtomicU8 = AtomicU8::new(DISARMED);
    const DISARMED: u8 = 0;
    const ARMED: u8 = 1;
    const LEAVING: u8 = 2;

    static IS_STOPPING: AtomicBool = AtomicBool::new(false);

    /// Has the process, on a crash in a codec, write it down in `record` and begin anew with its own arguments and environment,
    /// and `variable` set to `value`. What is prepared for that stays for good: once a process.
    ///
    /// # Errors
    /// Where the program can't be found any more, or the system refuses.
    pub fn arm(record: OwnedFd, variable: &str, value: &Path) -> io::Result<()> {
        let program = CString::new(std::env::current_exe()?.into_os_string().into_vec())?;
        let setting = [OsStr::new(variable), OsStr::new("="), value.as_os_str()].map(OsStr::as_bytes).concat();
        let others = std::env::vars_os().filter(|(name, _)| name != variable);
        let others = others.map(|(name, value)| OsString::from_vec([name.as_bytes(), b"=", value.as_bytes()].concat()));
        let environment = Strings::new(others.chain([OsString::from_vec(setting)]))?;
        let arguments = Strings::new(std::env::args_os())?;
        let mut mask = MaybeUninit::<sigset_t>::zeroed();
        // SAFETY: with no set to take, it only writes the present one to `mask`, which has room for it.
        if unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, null(), mask.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: zeroes are a set of signals, and it has been written over since.
        let mask = unsafe { mask.assume_init() };
        let prepared = Prepared { record: record.as_raw_fd(), program, arguments, environment, mask };
        // It stays open until the process ends.
        std::mem::forget(record);
        PREPARED.store(Box::leak(Box::new(prepared)), Ordering::Release);
        install()?;
        STATE.store(ARMED, Ordering::Release);
        Ok(())
    }

    fn install() -> io::Result<()> {
        // SAFETY: zeroes are a `sigaction`: the default action, no flags, an empty mask.
        let empty: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        let before = Box::leak(Box::new([empty; SIGNALS.len()]));
        // SAFETY: null asks for no change, and `before` has room for one each.
        let known = SIGNALS.iter().zip(&mut *before).all(|(s, b)| unsafe { libc::sigaction(*s, null(), b) } == 0);
        if !known {
            return Err(io::Error::last_os_error());
        }
        BEFORE.store(before, Ordering::Release);
        let mut action = empty;
        action.sa_sigaction = on_signal as extern "C" fn(c_int, *mut siginfo_t, *mut c_void) as usize;
        // On the thread's other stack: its own may be used up. Rust gives each of its threads one, of 8 KiB or what the kernel
        // asks for its own part, if that is more. With AVX-512, of which the kernel saves the most here, 3.5 KiB are used up to
        // `execve`, and 3.2 of those are the kernel's; below lies a page that can't be touched.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: `sa_mask` is a set of signals; meanwhile a second crash of this thread ends the process.
        unsafe { libc::sigfillset(&mut action.sa_mask) };
        // SAFETY: the handler has the form that `SA_SIGINFO` asks for, is sound in any thread at any moment (see there), and
        // stays as long as the process.
        let installed = SIGNALS.iter().all(|s| unsafe { libc::sigaction(*s, &action, null_mut()) } == 0);
        if installed { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// From here on a crash ends the process.
    pub fn disarm() {
        let _ = STATE.compare_exchange(ARMED, DISARMED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// From here on a process that goes on after a crash takes up no more images.
    pub fn stops() {
        IS_STOPPING.store(true, Ordering::Release);
    }

    /// Runs in the thread that crashed, wherever that was, perhaps within an allocation: so it takes no lock, allocates
    /// nothing and cannot panic. It reads atomics, plain thread memory and what was prepared, and calls only what POSIX names as
    /// safe here: `write`, `getpid`, `pause`, `sigaction`, `pthread_sigmask`, `execve`.
    extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
        let at = AT.get();
        // SAFETY: the kernel passes what it knows of the signal, by `SA_SIGINFO`.
        let is_own = unsafe { is_own_fault(&*info) };
        if is_own && !at.path.is_null() {
            match STATE.compare_exchange(ARMED, LEAVING, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => leave(signal, at),
                // Another thread crashed, too, and is about to end this one.
                Err(LEAVING) => loop {
                    // SAFETY: it only waits.
                    unsafe { libc::pause() };
                },
                Err(_) => {}
            }
        }
        // What was done before is done now: what crashed runs again, and crashes again; `abort` raises its signal again.
        // SAFETY: set before the handler was installed, and never freed.
        let before = unsafe { BEFORE.load(Ordering::Acquire).as_ref() };
        let place = SIGNALS.iter().position(|s| *s == signal);
        if let Some(before) = before.zip(place).and_then(|(before, place)| before.get(place)) {
            // SAFETY: it is what the system told of this signal before.
            unsafe { libc::sigaction(signal, before, null_mut()) };
        }
        if !is_own {
            // SAFETY: it sends this process a signal, which comes once the handler has returned.
            unsafe { libc::kill(libc::getpid(), signal) };
        }
    }

    /// Whether this process did it, rather than another one that sent the signal.
    ///
    /// # Safety
    /// The kernel must have filled it in.
    unsafe fn is_own_fault(info: &siginfo_t) -> bool {
        // SAFETY: signals that are sent carry the sender; faults have positive codes.
        info.si_code > 0 || unsafe { info.si_pid() == libc::getpid() }
    }

    /// Becomes a fresh process. Returns where that could not be.
    fn leave(signal: c_int, at: At) {
        // From here on a crash of this thread is no codec's: it ends the process.
        set(NOWHERE);
        // SAFETY: set before there was `ARMED`, and never freed.
        let Some(prepared) = (unsafe { PREPARED.load(Ordering::Acquire).as_ref() }) else { return };
        // SAFETY: `InCodec` borrows the path for as long as it stands in `AT`, and is never forgotten.
        let path = unsafe { at.path() };
        let going = if IS_STOPPING.load(Ordering::Acquire) { STOPPING } else { GOING_ON };
        let digit = |number: c_int| b'0' + (number % 10) as u8;
        let head: [u8; HEAD_BYTES] = [going, at.stage, digit(signal / 10), digit(signal)];
        if ![&head[..], path, b"\0"].into_iter().all(|bytes| write_all(prepared.record, bytes)) {
            return;
        }
        // SAFETY: the strings and their arrays, which end with null, were made by `arm` and are never freed. The signals that
        // are blocked here must not stay so in the new program. All other threads, and files but the standard ones,
        // end with the old one, and the directory's lock with them.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &prepared.mask, null_mut());
            let (arguments, environment) = (&prepared.arguments.pointers, &prepared.environment.pointers);
            libc::execve(prepared.program.as_ptr(), arguments.as_ptr(), environment.as_ptr());
        }
    }

    fn write_all(file: RawFd, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            // SAFETY: the bytes are there, and the file stays open.
            let written = unsafe { libc::write(file, bytes.as_ptr().cast(), bytes.len()) };
            match usize::try_from(written).ok().and_then(|written| bytes.get(written..)) {
                Some(rest) if written > 0 => bytes = rest,
                _ => return false,
            }
        }
        true
    }
    #[cfg(test)]
    mod tests {
        use std::ffi::CStr;

        use super::super::InCodec;
        use super::*;

        /// What the handler would see here.
        fn here() -> Option<(Vec<u8>, u8)> {
            let at = AT.get();
            // SAFETY: what stands there is borrowed by an `InCodec` of the test.
            (!at.path.is_null()).then(|| (unsafe { at.path() }.to_vec(), at.stage))
        }

        #[test]
        fn a_thread_knows_the_file_that_it_is_at() {
            let outer = InCodec::of(Path::new("in/a.png"), Stage::Decode);
            {
                let moved = Box::new(InCodec::of(Path::new("b"), Stage::Encode));
                assert_eq!(here(), Some((b"b".to_vec(), ENCODING)));
                std::thread::spawn(|| assert_eq!(here(), None)).join().unwrap();
                drop(moved);
            }
            assert_eq!(here(), Some((b"in/a.png".to_vec(), DECODING)));
            drop(outer);
            assert_eq!(here(), None);
        }

        #[test]
        fn strings_for_c_end_with_zero_and_their_array_with_null() {
            let strings = Strings::new(["a=b", ""].into_iter().map(OsString::from)).unwrap();
            let (last, others) = strings.pointers.split_last().unwrap();
            // SAFETY: `new` took them from such strings, which are still there.
            let read: Vec<&[u8]> = others.iter().map(|string| unsafe { CStr::from_ptr(*string) }.to_bytes()).collect();
            assert!(last.is_null() && read == [&b"a=b"[..], b""], "{read:?}");
            assert!(Strings::new([OsString::from("a\0b")].into_iter()).is_err());
        }
    }
}
