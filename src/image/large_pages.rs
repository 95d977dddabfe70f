//! Large pages for buffers of whole images: a page fault each 2 MiB instead of each 4 KiB.

/// Asks the system for large pages where a buffer has not been written yet. What it holds stays as it is, and so does all where there are
/// none.
#[cfg(target_os = "linux")]
pub fn ask_for<T>(buffer: &mut [T]) {
    /// Smaller buffers hold few such pages, or none.
    const LEAST_BYTES: usize = 4 << 20;
    /// No system's small pages are larger.
    const ALIGNMENT: usize = 64 << 10;
    let bytes = size_of_val(buffer);
    if bytes < LEAST_BYTES {
        return;
    }
    let start = buffer.as_mut_ptr().cast::<u8>();
    let before = start.align_offset(ALIGNMENT);
    let whole = bytes.saturating_sub(before) / ALIGNMENT * ALIGNMENT;
    // SAFETY: the range lies within the buffer, since `bytes` is more than an alignment and `whole` what is left at most. The advice
    // changes how memory is mapped, never what it holds; where the system does not take it, nothing happens.
    #[expect(unsafe_code, reason = "no crate offers it for memory that is not its own")]
    unsafe {
        libc::madvise(start.wrapping_add(before).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn ask_for<T>(_: &mut [T]) {}
