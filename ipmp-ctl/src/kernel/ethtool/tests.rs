use super::{glink, known_speed, speed_mbps};
use crate::kernel::{
    sysfs::Sysfs,
    testing::{in_netns, ip, veth_pair},
};

#[test]
fn glink_follows_the_carrier_of_this_namespace() {
    in_netns(|| {
        veth_pair();
        assert!(glink("e0").expect("glink"));
        ip("link set e1 down");
        assert!(!glink("e0").expect("glink"));
        assert_eq!(glink("nothing").expect_err("absent").raw_os_error(), Some(libc::ENODEV));
        assert!(glink("a-name-that-is-too-long").is_err());
    });
}

#[test]
fn the_speed_is_that_which_sysfs_shows() {
    in_netns(|| {
        veth_pair();
        let speed = speed_mbps("e0").expect("veth has a speed");
        let sysfs = Sysfs::open().expect("sysfs");
        let shown = std::io::read_to_string(sysfs.attribute("e0", "speed").expect("speed")).expect("read");
        assert_eq!(shown.trim(), speed.to_string());
        assert_eq!(speed_mbps("lo"), None);
        assert_eq!(speed_mbps("nothing"), None);
    });
}

#[test]
fn no_speed_is_not_a_speed() {
    assert_eq!([known_speed(0), known_speed(u32::MAX), known_speed(25_000)], [None, None, Some(25_000)]);
}
