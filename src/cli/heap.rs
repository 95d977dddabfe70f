//! How the process keeps memory that it has freed.

/// Has large buffers go back to the system when they are freed, and not into gaps of the heap. There buffers of many sizes
/// leave ever more holes: a run over a thousand photos would hold a third more memory than one over a hundred.
///
/// Only glibc needs that said: from the first large buffer that is freed on, it keeps all up to that size.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn return_large_buffers() {
    /// Smaller ones come and go too often for a system call each.
    const LARGE_BYTES: i32 = 1 << 20;
    // SAFETY: `mallopt` takes two numbers and changes how later calls of `malloc` find memory, not what they promise. It must
    // not run beside other threads' allocations: this is called first in `main`, when there are none. A value that it does
    // not like it refuses, and then all stays as it was.
    #[expect(unsafe_code, reason = "no crate offers it safely")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn return_large_buffers() {}
