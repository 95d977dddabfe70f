// Lines are rows.

alias Lanes = f32;

fn line_length() -> i32 {
    return i32(params.output.width);
}

fn line_tap(i: i32, line: u32, c: u32) -> Lanes {
    return tap(i, i32(line), c);
}

fn line_place(i: i32, line: u32, c: u32) -> u32 {
    return 4u * (c * params.output.plane + line * params.output.row - params.output.origin) + u32(i);
}

fn write(x: u32, y: u32, c: u32) {
    write_line(x, y, c);
}
