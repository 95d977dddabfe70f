// A table from a histogram. The formula is `fn stem(lane: u32, p: Struct)`; a workgroup of 256 invocations runs it for
// each lane. It reads `histogram(i)` and writes `set_table(i, value)`, i counting the codes of all lanes, CODES in each;
// `invocation` is the invocation's number in its workgroup, 0 to 255; `sums_of_shares` adds up what each one has. It may
// declare workgroup memory of its own and call workgroupBarrier() where all invocations pass. A loop should stay under
// 30,000 rounds for each invocation: some drivers end longer ones silently.

var<private> invocation: u32;
var<workgroup> shares: array<u32, 256>;

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

// Of a number that each invocation has: its sum over the invocations before this one, and over all. All call it.
fn sums_of_shares(own: u32) -> vec2u {
    // Others may still read what the call before left.
    workgroupBarrier();
    shares[invocation] = own;
    workgroupBarrier();
    var before = 0u;
    var all = 0u;
    for (var i = 0u; i < 256u; i++) {
        if i == invocation {
            before = all;
        }
        all += shares[i];
    }
    return vec2u(before, all);
}
