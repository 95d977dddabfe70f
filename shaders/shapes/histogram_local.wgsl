// For few codes: each workgroup counts by itself and then adds its counts to the image's.

var<workgroup> counts: array<atomic<u32>, LANES * CODES>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    count_part(group, local);
    workgroupBarrier();
    for (var i = local; i < LANES * CODES; i += 256u) {
        let n = atomicLoad(&counts[i]);
        if (n != 0u) {
            atomicAdd(&output[place_of_count(i)], n);
        }
    }
}

fn count(i: u32) {
    atomicAdd(&counts[i], 1u);
}
