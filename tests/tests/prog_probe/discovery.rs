//! Answers to multicast probes: anybody's, with the right cookie, and for the controller to read.

use ipmp_common::{Family, ProbeKind};
use ipmp_tests::plan::{peer_v4, peer_v6};

use super::{
    Fate::{CountsAndPasses, Forged, OutOfWindow, Passes},
    Outgoing, Reply, SELF, everywhere,
};

/// A multicast probe.
fn discover(probing: &super::Probing, sequence: u16) -> Reply {
    let everyone = match probing.family {
        Family::V4 => "224.0.0.1",
        Family::V6 => "ff02::1",
    };
    let target = everyone.parse().expect("an address");
    let probe = Outgoing { target, ..probing.probe(ProbeKind::Discovery, sequence) };
    probing.table.publish(SELF, probing.family, &probe);
    Reply { source: super::target(probing.family), ..Reply::to(probing.family, &probe) }
}

#[test]
fn every_answer_with_the_right_cookie_goes_up_the_stack() {
    everywhere(|mut probing| {
        let reply = discover(&probing, 3);
        probing.expect("wrong cookie", &Reply { cookie: !reply.cookie, ..reply }.packet(), Forged);
        probing.expect("the first", &reply.packet(), CountsAndPasses);
        let arrival = probing.arrival(ProbeKind::Discovery, 3);
        assert!(arrival.is_some());
        probing.expect("the same again", &reply.packet(), Passes);
        let others = match probing.family {
            Family::V4 => [peer_v4(1).into(), peer_v4(2).into()],
            Family::V6 => [peer_v6(1).into(), peer_v6(2).into()],
        };
        for source in others {
            probing.expect("somebody else's", &Reply { source, ..reply }.packet(), Passes);
        }
        probing.expect("wrong cookie", &Reply { cookie: !reply.cookie, ..reply }.packet(), Forged);
        assert_eq!(probing.arrival(ProbeKind::Discovery, 3), arrival);
        assert_eq!(probing.recorded(), 0, "round trips are for targets");
    });
}

#[test]
fn an_answer_to_another_kind_is_not_one_to_discovery() {
    everywhere(|mut probing| {
        let discovery = discover(&probing, 3);
        let between = Reply::to(probing.family, &probing.probe(ProbeKind::RttOnly, 4));
        let unicast = probing.detect(3);
        for (what, reply) in [
            ("discovery as detection", Reply { kind: ProbeKind::Detection, ..discovery }),
            ("discovery as RTT", Reply { kind: ProbeKind::RttOnly, ..discovery }),
            ("RTT as discovery", Reply { kind: ProbeKind::Discovery, ..between }),
            ("detection as discovery", Reply { kind: ProbeKind::Discovery, ..unicast }),
        ] {
            probing.expect(what, &reply.packet(), Forged);
        }
    });
}

#[test]
fn the_newest_16_count() {
    everywhere(|mut probing| {
        let replies: Vec<_> = (0..20u16).map(|n| discover(&probing, n.wrapping_sub(10))).collect();
        probing.expect("16 back", &replies[4].packet(), CountsAndPasses);
        probing.expect("17 back", &replies[3].packet(), OutOfWindow);
        probing.expect("the newest", &replies[19].packet(), CountsAndPasses);
    });
}
