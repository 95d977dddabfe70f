// For many codes: each pixel is added to the image's counts at once.

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    count_part(group, local);
}

fn count(i: u32) {
    atomicAdd(&output[place_of_count(i)], 1u);
}
