// An image in a buffer.
struct Extent {
    // px
    width: u32,
    height: u32,
    // elements of the buffer
    row: u32,
    plane: u32,
}
