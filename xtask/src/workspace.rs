//! Where things are in this workspace.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The workspace that the commands work on.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that this program belongs to.
    ///
    /// Cargo says at run time where the package is; the place known at compile time would be wrong when several
    /// checkouts share one target directory.
    pub(crate) fn new() -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().map_or_else(|| package.clone(), Path::to_path_buf);
        Self { root }
    }

    /// The directory with the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything that is shipped or run as root is built, whatever `CARGO_TARGET_DIR` says: the daemon's
    /// build embeds the eBPF object from here, and people are told to find the daemon here.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The eBPF package, outside of the workspace.
    pub(crate) fn ebpf_package(&self) -> PathBuf {
        self.root.join("ipmp-ebpf")
    }

    /// Cargo's own files of the eBPF build.
    pub(crate) fn ebpf_build(&self) -> PathBuf {
        self.target().join("bpf/build")
    }

    /// The finished eBPF object that `ipmp-ctl` embeds.
    pub(crate) fn ebpf_object(&self) -> PathBuf {
        self.target().join("bpf/ipmp-ebpf.o")
    }

    /// A program of the release build.
    pub(crate) fn release(&self, program: &str) -> PathBuf {
        self.target().join("release").join(program)
    }

    /// Kernels, emulator and runs of virtual machines.
    pub(crate) fn vm(&self) -> PathBuf {
        self.target().join("vm")
    }

    /// What packages are made of beside the daemon.
    pub(crate) fn package_parts(&self) -> PathBuf {
        self.target().join("package")
    }

    /// Where finished packages lie.
    pub(crate) fn packages(&self) -> PathBuf {
        self.target().join("debian")
    }

    /// Where the maker of packages is installed.
    pub(crate) fn cargo_deb_install(&self) -> PathBuf {
        self.target().join("tools/cargo-deb")
    }

    /// What benches write.
    pub(crate) fn results(&self) -> PathBuf {
        self.target().join("bench")
    }

    /// Where the eBPF linker is installed when the machine has none that fits.
    pub(crate) fn linker_install(&self) -> PathBuf {
        self.target().join("tools/bpf-linker")
    }
}
