// A table from a histogram. The formula is `fn stem(lane: u32, p: Struct)`; a workgroup of 256 invocations runs it for
// each lane. It reads `histogram(i)` and writes `set_table(i, value)`, i counting the codes of all lanes, CODES in each;
// `invocation` is the invocation's number in its workgroup, 0 to 255. It may declare workgroup memory of its own and
// call workgroupBarrier() where all invocations pass. A loop should stay under 30,000 rounds for each invocation: some
// drivers end longer ones silently.

var<private> invocation: u32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    invocation = local;
    make_table(group.x);
}

fn histogram(i: u32) -> u32 {
    return input_0[i];
}

fn set_table(i: u32, value: f32) {
    output[i] = value;
}
