//! How the process keeps memory that it has freed.

/// Has memory come back that was freed, so that a run over a thousand files holds no more than one over a hundred.
///
/// Large buffers go back to the system, and not into gaps of the heap: there buffers of many sizes leave ever more holes, and a
/// thousand photos would hold a third more. Small ones lie in as many heaps as there are processors. By default there are
/// eight times as many, one for almost each thread, of which each grows to the most that its thread ever held.
///
/// Only glibc needs that said.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn return_memory() {
    /// Smaller ones come and go too often for a system call each.
    const LARGE_BYTES: i32 = 1 << 20;
    let heaps = std::thread::available_parallelism().map_or(1, |cores| cores.get().clamp(2, 64) as i32);
    // SAFETY: `mallopt` takes two numbers and changes how later calls of `malloc` find memory, not what they promise. It must
    // not run beside other threads' allocations: this is called first in `main`, when there are none. A value that it does
    // not like it refuses, and then all stays as it was.
    #[expect(unsafe_code, reason = "no crate offers it safely")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, heaps);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn return_memory() {}
