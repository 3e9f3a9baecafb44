use super::{CarrierCounts, Sysfs};
use crate::kernel::testing::{in_netns, ip, veth_pair};

#[test]
fn it_shows_the_interfaces_of_the_namespace_of_the_thread() {
    in_netns(|| {
        ip("link add only-here-0 type veth peer name only-here-1");
        let mounts = || std::fs::read_to_string("/proc/thread-self/mountinfo").expect("mounts");
        let before = mounts();
        let sysfs = Sysfs::open().expect("sysfs");
        assert!(sysfs.attribute("only-here-0", "ifindex").is_ok());
        assert!(!std::path::Path::new("/sys/class/net/only-here-0").exists(), "the mounted one is another");
        assert_eq!(mounts(), before, "it is attached nowhere");
    });
}

#[test]
fn counts_follow_losses_and_returns_and_remember_a_bounce() {
    in_netns(|| {
        veth_pair();
        let sysfs = Sysfs::open().expect("sysfs");
        let counts = CarrierCounts::open(&sysfs, "e0").expect("counts");
        let (down, up) = counts.read().expect("read");
        assert!(sysfs.carrier("e0").expect("carrier"));

        ip("link set e1 down");
        assert_eq!(counts.read().expect("read"), (down + 1, up));
        assert!(!sysfs.carrier("e0").expect("carrier"));

        ip("link set e1 up");
        ip("link set e1 down");
        assert_eq!(counts.read().expect("read"), (down + 2, up + 1));
    });
}

#[test]
fn counts_of_an_interface_that_is_gone_are_an_error_even_if_its_name_is_used_again() {
    in_netns(|| {
        veth_pair();
        let sysfs = Sysfs::open().expect("sysfs");
        let counts = CarrierCounts::open(&sysfs, "e0").expect("counts");
        ip("link del e0");
        veth_pair();
        assert_eq!(counts.read().expect_err("gone").raw_os_error(), Some(libc::ENODEV));
    });
}
