use std::time::Duration;

use super::{CarrierPoll, Watched, period};
use crate::kernel::{
    sysfs::Sysfs,
    testing::{block_in_netns, ip, soon, veth_pair},
};

#[test]
fn eight_members_are_seen_within_5_ms_and_more_cost_at_most_a_hundredth_of_a_core() {
    let read = Duration::from_micros(7);
    for members in 1..=8 {
        assert!(period(members) + Duration::from_millis(2) <= Duration::from_millis(5));
    }
    for members in 9..=64_u32 {
        assert!(read * members * 100 <= period(members as usize), "{members} members");
        assert!(period(members as usize) <= Duration::from_millis(50));
    }
}

#[test]
fn losses_returns_and_bounces_are_told_in_order() {
    block_in_netns(|| async {
        veth_pair();
        let sysfs = Sysfs::open().expect("sysfs");
        let mut poll = CarrierPoll::new().expect("poll");
        assert!(
            poll.add(7, Watched::open(&sysfs, "e0", false).expect("open")).expect("add"),
            "sysfs knows better than a stale message"
        );

        ip("link set e1 down");
        assert_eq!(soon("loss", poll.next()).await.expect("next"), [(7, false)]);
        ip("link set e1 up");
        assert_eq!(soon("return", poll.next()).await.expect("next"), [(7, true)]);
        // Nobody looks in between: the runtime is blocked.
        ip("link set e1 down");
        ip("link set e1 up");
        assert_eq!(soon("bounce", poll.next()).await.expect("next"), [(7, false), (7, true)]);
    });
}

#[test]
fn a_look_tells_at_once_what_the_poll_then_does_not_repeat() {
    block_in_netns(|| async {
        veth_pair();
        let sysfs = Sysfs::open().expect("sysfs");
        let mut poll = CarrierPoll::new().expect("poll");
        poll.add('a', Watched::open(&sysfs, "e0", true).expect("open")).expect("add");
        poll.add('b', Watched::open(&sysfs, "e1", true).expect("open")).expect("add");
        ip("link set e1 down");
        assert_eq!(poll.look('a'), [false]);
        assert_eq!(poll.look('a'), [false; 0]);
        assert_eq!(poll.look('z'), [false; 0]);
        assert_eq!(soon("the other end", poll.next()).await.expect("next"), [('b', false)]);
    });
}

#[test]
fn a_member_that_is_down_begins_as_netlink_had_it() {
    block_in_netns(|| async {
        veth_pair();
        ip("link set e0 down");
        let sysfs = Sysfs::open().expect("sysfs");
        let mut poll = CarrierPoll::new().expect("poll");
        assert!(!poll.add(0, Watched::open(&sysfs, "e0", false).expect("open")).expect("add"));
        ip("link set e0 up");
        assert_eq!(soon("up", poll.next()).await.expect("next"), [(0, true)]);
    });
}

#[test]
fn a_member_that_is_gone_or_removed_says_nothing_and_others_go_on() {
    block_in_netns(|| async {
        veth_pair();
        ip("link add e2 type veth peer name e3");
        ip("link set e2 up");
        ip("link set e3 up");
        let sysfs = Sysfs::open().expect("sysfs");
        let mut poll = CarrierPoll::new().expect("poll");
        for (key, ifname) in [(0, "e0"), (1, "e2"), (2, "e3")] {
            poll.add(key, Watched::open(&sysfs, ifname, true).expect("open")).expect("add");
        }
        ip("link del e0");
        poll.remove(2).expect("remove");
        ip("link set e3 down");
        assert_eq!(soon("loss", poll.next()).await.expect("next"), [(1, false)]);
        assert!(Watched::open(&sysfs, "e0", true).is_err(), "an absent interface cannot be watched");
    });
}
