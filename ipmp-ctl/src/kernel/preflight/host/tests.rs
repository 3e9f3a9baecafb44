use rustix::thread::CapabilitySet;

use super::{HostError, check_host, is_too_old, missing};

#[test]
fn kernels_are_told_apart_by_their_first_two_numbers() {
    let cases = [
        ("6.1.0-13-amd64", false),
        ("6.1", false),
        ("6.18.44-fc-v595", false),
        ("10.0.1", false),
        ("6.0.19", true),
        ("5.15.0-91-generic", true),
        ("what?", false),
    ];
    for (release, expected) in cases {
        assert_eq!(is_too_old(release), expected, "{release}");
    }
}

#[test]
fn missing_capabilities_are_named() {
    assert_eq!(missing(CapabilitySet::all()), [""; 0]);
    let error = HostError::Privilege(missing(CapabilitySet::NET_ADMIN));
    assert_eq!(
        error.to_string(),
        "missing privilege: CAP_NET_RAW, CAP_SYS_ADMIN (run as root, or grant these capabilities)"
    );
}

#[test]
fn a_kernel_that_is_too_old_is_named_with_the_oldest_that_will_do() {
    let error = HostError::Kernel { release: "5.15.0".to_owned() };
    assert_eq!(error.to_string(), "Linux 5.15.0 is too old: 6.1 or later is needed");
}

#[test]
fn root_on_this_kernel_is_fine() {
    assert_eq!(check_host(), []);
}
