//! Which replies count: once each, and only with everything right.

use std::time::Instant;

use ipmp_common::{Family, ProbeKind, member::Mac};
use ipmp_tests::{
    packets::{BROADCAST, ethernet, icmpv4, icmpv6},
    plan::{peer_v4, peer_v6, test_v4},
    program::scene::{PEER_MAC, test_v6},
};

use super::{
    Fate::{Counts, Duplicate, Forged, NotOurs, OutOfWindow},
    IDENTIFIER, Reply, SELF, at_both_fronts, everywhere,
};

#[test]
fn the_right_reply_counts_once() {
    everywhere(|mut probing| {
        for kind in [ProbeKind::Detection, ProbeKind::RttOnly] {
            let before = Instant::now();
            let probe = probing.probe(kind, 7);
            let reply = Reply::to(probing.family, &probe);
            assert_eq!(probing.arrival(kind, 7), None);
            let recorded = probing.recorded();
            probing.expect("the reply", &reply.packet(), Counts);
            let arrival = probing.arrival(kind, 7).expect("it has arrived");
            assert!((before..=Instant::now()).contains(&arrival));
            probing.expect("doubled", &reply.packet(), Duplicate);
            probing.expect("and again", &reply.packet(), Duplicate);
            assert_eq!(probing.arrival(kind, 7), Some(arrival), "the first one stays");
            assert_eq!(probing.recorded(), recorded + 1);
        }
    });
}

#[test]
fn a_round_trip_is_recorded_by_its_length() {
    everywhere(|mut probing| {
        let ago = std::time::Duration::from_millis(300);
        let sent = Instant::now().checked_sub(ago).expect("the machine has been up for longer");
        let probe = probing.probe(ProbeKind::Detection, 1);
        let probe = super::Outgoing { sent, ..probe };
        probing.table.publish(SELF, probing.family, &probe);
        let reply = Reply::to(probing.family, &probe);
        probing.expect("late", &reply.packet(), Counts);
        // 262 to 524 ms.
        assert_eq!(probing.table.histogram(SELF, probing.family, super::TARGET_INDEX)[18], 1);
    });
}

#[test]
fn a_reply_that_is_wrong_in_anything_is_forged_and_the_right_one_counts_still() {
    everywhere(|mut probing| {
        let other = match probing.family {
            Family::V4 => peer_v4(1).into(),
            Family::V6 => peer_v6(1).into(),
        };
        probing.detect(40);
        let right = probing.detect(41);
        let neighbour = probing.detect(42);
        probing.probe(ProbeKind::RttOnly, 41);
        for (what, reply) in [
            ("cookie", Reply { cookie: right.cookie ^ 1, ..right }),
            ("cookie of zeros", Reply { cookie: 0, ..right }),
            ("cookie in the other half", Reply { cookie: right.cookie ^ 1 << 63, ..right }),
            ("another probe's cookie", Reply { cookie: neighbour.cookie, ..right }),
            ("another probe's sequence", Reply { sequence: 40, ..right }),
            ("target", Reply { source: other, ..right }),
            ("kind of the other sequence", Reply { kind: ProbeKind::Discovery, ..right }),
        ] {
            probing.expect(what, &reply.packet(), Forged);
        }
        let mut kind = right.packet().build();
        let end = kind.len();
        kind[end - 5] = 9;
        probing.expect_frame("a kind that is none", &kind, Forged);
        kind[end - 8..].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        probing.expect_frame("another", &kind, Forged);
        assert_eq!(probing.arrival(ProbeKind::Detection, 41), None);
        probing.expect("the right one", &right.packet(), Counts);
        assert_eq!(probing.recorded(), 1);
    });
}

#[test]
fn what_does_not_look_like_ours_is_left_alone() {
    everywhere(|mut probing| {
        let reply = probing.detect(3);
        let others = match probing.family {
            Family::V4 => [test_v4(0, 0).into(), test_v4(0, 9).into()],
            Family::V6 => [test_v6(0).into(), test_v6(9).into()],
        };
        let headers = match probing.family {
            Family::V4 => [icmpv4(8, 0), icmpv4(3, 1), icmpv4(129, 0), icmpv6(129, 0)],
            Family::V6 => [icmpv6(128, 0), icmpv6(1, 0), icmpv6(0, 0), icmpv4(0, 0)],
        };
        probing.expect(
            "an operator's ping",
            &Reply { identifier: IDENTIFIER ^ 1, ..reply }.packet(),
            NotOurs,
        );
        for destination in others {
            let packet = Reply { destination, ..reply }.packet();
            probing.expect("not to its own test address", &packet, NotOurs);
        }
        for header in headers {
            let packet = ethernet(PEER_MAC, super::OWN_MAC) / reply.around(reply.with_header(header));
            probing.expect("another message", &packet, NotOurs);
        }
        for mac in [Mac { bytes: [2, 0, 0, 0, 0, 9] }, super::member_mac(0), BROADCAST] {
            let (verdict, counters) =
                probing.run(&(ethernet(PEER_MAC, mac) / reply.around(reply.message())).build());
            // What becomes of broadcasts is no affair of probes.
            assert_eq!(counters, NotOurs.counters(), "to {mac}: {verdict:?}");
        }
        assert_eq!(probing.arrival(ProbeKind::Detection, 3), None);
        probing.expect("to itself", &reply.packet(), Counts);
    });
}

#[test]
fn an_instance_that_is_not_open_has_no_replies() {
    everywhere(|mut probing| {
        let reply = probing.detect(3);
        probing.table.close(SELF, probing.family);
        probing.expect("closed", &reply.packet(), NotOurs);
        probing.expect("and identifier 0", &Reply { identifier: 0, ..reply }.packet(), NotOurs);
        probing.table.open(SELF, probing.family, IDENTIFIER);
        let first = Reply { sequence: 0, cookie: 0, ..reply };
        probing.expect("nothing has been sent", &first.packet(), OutOfWindow);
        probing.expect("since", &reply.packet(), OutOfWindow);
    });
}

#[test]
fn a_reply_to_the_other_family_s_probe_does_not_count() {
    everywhere(|mut probing| {
        let other = if probing.family == Family::V4 { Family::V6 } else { Family::V4 };
        probing.table.open(SELF, other, IDENTIFIER);
        let probe = probing.probe(ProbeKind::Detection, 5);
        let reply = Reply {
            family: other,
            source: super::target(other),
            destination: super::own(other),
            ..Reply::to(probing.family, &probe)
        };
        probing.expect("its probe was of the other family", &reply.packet(), OutOfWindow);
        assert_eq!(probing.arrival(ProbeKind::Detection, 5), None);
    });
}

#[test]
fn the_newest_52_count_and_those_before_do_not() {
    everywhere(|mut probing| {
        // The second round goes over the end of the sequence.
        for first in [100u16, 65_500] {
            probing.table.open(SELF, probing.family, IDENTIFIER);
            let replies: Vec<_> = (0..120u16).map(|n| probing.detect(first.wrapping_add(n))).collect();
            let (newest, older) = (119, 119 - 51);
            probing.expect("52 back", &replies[older].packet(), Counts);
            probing.expect("53 back", &replies[older - 1].packet(), OutOfWindow);
            probing.expect("56 back, in its place still", &replies[119 - 55].packet(), OutOfWindow);
            probing.expect("65 back", &replies[119 - 64].packet(), OutOfWindow);
            probing.expect("the newest", &replies[newest].packet(), Counts);
            let future = Reply { sequence: replies[newest].sequence.wrapping_add(1), ..replies[newest] };
            probing.expect("one that was not sent yet", &future.packet(), OutOfWindow);
            probing.expect("in the middle", &replies[90].packet(), Counts);
        }
    });
}

#[test]
fn after_the_sequence_has_wrapped_old_replies_are_forged_or_out_of_window() {
    at_both_fronts(Family::V4, |mut probing| {
        let old = probing.detect(10);
        for sequence in (11..=u16::MAX).chain(0..=10) {
            let probe = super::Outgoing {
                cookie: u64::from(sequence),
                ..probing.probe(ProbeKind::Detection, sequence)
            };
            probing.table.publish(SELF, Family::V4, &probe);
        }
        probing.expect("from 65536 probes ago", &old.packet(), Forged);
        probing.expect("of now", &Reply { cookie: 10, ..old }.packet(), Counts);
    });
}

#[test]
fn a_late_reply_counts_until_its_place_is_used_again() {
    everywhere(|mut probing| {
        let late = probing.detect(0);
        for sequence in 1..=51 {
            let reply = probing.detect(sequence);
            probing.expect("in time", &reply.packet(), Counts);
        }
        probing.expect("late", &late.packet(), Counts);
        assert!(probing.arrival(ProbeKind::Detection, 0) > probing.arrival(ProbeKind::Detection, 51));
    });
}
