use super::*;
use crate::eventually::{SOON, eventually, holds};

#[test]
fn threads_commands_and_sockets_are_inside() {
    let netns = Netns::new("inside");
    netns.ip("link add left type veth peer name right");
    let by_thread = netns.run(|| fs::read_to_string("/proc/thread-self/net/dev").unwrap());
    let by_command = netns.command("cat").arg("/proc/self/net/dev").output().unwrap();
    for text in [by_thread, String::from_utf8(by_command.stdout).unwrap()] {
        assert!(text.contains("left:"), "{text}");
    }
    assert!(netns.ifindex("left").is_some());
    assert!(!Path::new("/sys/class/net/left").exists());
}

#[test]
fn a_panic_inside_comes_out_and_the_name_goes() {
    let path = panic::catch_unwind(|| {
        let netns = Netns::new("panic");
        let path = netns.path.clone();
        assert!(panic::catch_unwind(panic::AssertUnwindSafe(|| netns.run(|| panic!("inside")))).is_err());
        path
    })
    .unwrap();
    assert!(!path.exists());
}

#[test]
fn a_link_goes_up_and_down_without_a_process() {
    let netns = Netns::new("updown");
    netns.ip("link add left type veth peer name right");
    netns.set_up("left", true);
    // The kernel's link watch takes a moment to find that there is no carrier.
    eventually("no carrier", SOON, || holds(!netns.is_running("left"), || netns.flags("left")));
    netns.set_up("right", true);
    eventually("carrier", SOON, || holds(netns.is_running("left"), || netns.flags("left")));
}
