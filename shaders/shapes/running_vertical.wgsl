// Lines are columns of quads, so that neighbouring invocations read neighbouring quads.

alias Lanes = vec4f;

fn line_length() -> i32 {
    return i32(params.output.height);
}

fn line_tap(i: i32, line: u32, c: u32) -> Lanes {
    return quad_of_row(line, i, c);
}

fn line_place(i: i32, line: u32, c: u32) -> u32 {
    return c * params.output.plane + u32(i) * params.output.row + line - params.output.origin;
}

fn write(x: u32, y: u32, c: u32) {
    write_line(y, x, c);
}
