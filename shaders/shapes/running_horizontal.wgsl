// Lines are rows.

alias Lanes = f32;

fn line_length() -> i32 {
    return i32(params.output.width);
}

fn line_tap(i: i32, line: u32, c: u32) -> Lanes {
    return tap(i, i32(line), c);
}

fn line_place(i: i32, line: u32, c: u32) -> u32 {
    return 4u * (c * params.output.plane + line * params.output.row) + u32(i);
}

fn kept(i: i32, line: u32, c: u32) -> Lanes {
    return output[line_place(i, line, c)];
}

fn keep(i: i32, line: u32, c: u32, v: Lanes) {
    if (i < line_length()) {
        output[line_place(i, line, c)] = v;
    }
}

fn write(x: u32, y: u32, c: u32) {
    write_line(x, y, c);
}
