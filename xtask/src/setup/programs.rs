//! The programs that the tests and the demonstration call.

use super::Need;
use crate::process;

/// Program, the Debian package that brings it, and what it is for.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("ip", "iproute2", "network namespaces and their devices"),
    ("bpftool", "bpftool", "looking into pinned maps"),
    ("iperf3", "iperf3", "throughput"),
    ("ethtool", "ethtool", "offloads of test devices"),
    ("nft", "nftables", "dropping chosen packets"),
];

/// Those that are not installed.
pub(crate) fn needs() -> Vec<Need> {
    PROGRAMS
        .into_iter()
        .filter(|(program, ..)| process::find_program(program).is_none())
        .map(|(program, package, purpose)| Need {
            what: format!("the program {program}, for {purpose}"),
            packages: vec![package.to_owned()],
            otherwise: format!("install {package} with the distribution's package manager"),
        })
        .collect()
}
