//! What a compiler says about its version.

/// The parts of `rustc -vV` that decide what the compiler can be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompilerVersion {
    /// The minor release of Rust 1: 96 for 1.96.0.
    pub(crate) minor: u32,
    /// Whether unstable features need no special leave.
    pub(crate) nightly: bool,
    /// The major version of its LLVM.
    pub(crate) llvm: u32,
}

impl CompilerVersion {
    /// Reads the output of `rustc -vV`; none if a line is missing or not understood.
    pub(crate) fn parse(said: &str) -> Option<Self> {
        let release = field(said, "release: ")?;
        let mut numbers = release.split(['.', '-']);
        if numbers.next()? != "1" {
            return None;
        }
        Some(Self {
            minor: numbers.next()?.parse().ok()?,
            nightly: release.contains("nightly") || release.contains("dev"),
            llvm: field(said, "LLVM version: ")?.split('.').next()?.parse().ok()?,
        })
    }
}

/// The rest of the line that starts with a label.
fn field<'a>(said: &'a str, label: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.strip_prefix(label))
}
