//! Says what to do when the eBPF object that this crate embeds has not been built. Building it is `cargo xtask`'s work.

use std::path::Path;

fn main() {
    // At run time: a compiled build script may be shared by several checkouts.
    let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let object = Path::new(&manifest).join("../target/bpf/ipmp-ebpf.o");
    println!("cargo::rerun-if-changed={}", object.display());
    if !object.exists() {
        println!("cargo::error=the eBPF object is not built yet: run `cargo xtask build`");
    }
}
