// An image, or a part of one, in a buffer.
struct Extent {
    // of the whole image, px
    width: u32,
    height: u32,
    // elements of the buffer
    row: u32,
    plane: u32,
    // elements by which the image's first pixel would lie ahead of the buffer; indices wrap
    origin: u32,
}
