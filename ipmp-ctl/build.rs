//! Says what to do when the eBPF object that this crate embeds has not been built. Building it is `cargo xtask`'s work.

use std::path::Path;

fn main() {
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bpf/ipmp-ebpf.o");
    println!("cargo::rerun-if-changed={}", object.display());
    if !object.exists() {
        println!("cargo::error=the eBPF object is not built yet: run `cargo xtask build`");
    }
}
