use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::fd::OwnedFd,
};

use ipmp_common::member::Mac;
use rustix::net::{RecvFlags, recv};

use super::{Announcer, arp, checksum, loopback, nd, query};
use crate::kernel::{
    ifreq,
    testing::{eventually, in_netns, ip, packet_socket, veth_pair},
};

const MAC: Mac = Mac { bytes: [2, 0, 0, 0, 0, 7] };
const V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);

fn hex(frame: &[u8]) -> String {
    frame
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

#[rustfmt::skip] // one field a string
#[test]
fn gratuitous_arp_is_a_request_for_itself() {
    let expected = [
        "ffffffffffff", "020000000007", "0806", // to everybody
        "0001", "0800", "06", "04", "0001", // a request
        "020000000007", "c000020a", // from the address
        "000000000000", "c000020a", // for the address
    ];
    assert_eq!(hex(&arp::gratuitous(MAC, V4)), expected.concat());
}

#[rustfmt::skip] // one field a string
#[test]
fn unsolicited_advertisements_override_and_say_whether_we_are_a_router() {
    let frame = |flags: &str, sum: &str| {
        [
            "333300000001", "020000000007", "86dd", // to all nodes
            "60000000", "0020", "3a", "ff", // 32 bytes of ICMPv6, hop limit 255
            "20010db8000000000000000000000010", "ff020000000000000000000000000001",
            "88", "00", sum, flags, "000000", "20010db8000000000000000000000010", // the address itself
            "0201", "020000000007", // is at
        ]
        .concat()
    };
    assert_eq!(hex(&nd::unsolicited(MAC, V6, false)), frame("20", "f906"));
    assert_eq!(hex(&nd::unsolicited(MAC, V6, true)), frame("a0", "7906"));
}

#[test]
fn keep_alive_frames_go_to_their_sender() {
    let frame = loopback::to_itself(MAC);
    assert_eq!(hex(&frame[..14]), "0200000000070200000000079000");
    assert_eq!(frame.len(), 60);
}

#[rustfmt::skip] // one field a string
#[test]
fn queries_are_general_and_ask_for_answers_at_once() {
    let igmp = [
        "01005e000001", "020000000007", "0800", // to all hosts
        "46c00024", "00004000", "0102", "0413", "00000000", "e0000001", "94040000", // router alert
        "11", "00", "ec82", "00000000", "02", "7d", "0000", // no group, no sources
    ];
    assert_eq!(hex(&query::igmp_v3(MAC)), igmp.concat());
    let mld = [
        "333300000001", "020000000007", "86dd", // to all nodes
        "60000000", "0024", "00", "01", // hop limit 1
        "fe80000000000000000000fffe000007", "ff020000000000000000000000000001",
        "3a", "00", "05020000", "0100", // hop-by-hop: router alert
        "82", "00", "7ea0", "00000000", "00000000000000000000000000000000", // any group
        "02", "7d", "0000", // no sources
    ];
    assert_eq!(hex(&query::mld_v2(MAC)), mld.concat());
}

#[test]
fn checksums_over_what_was_sent_come_out_even() {
    for router in [false, true] {
        let frame = nd::unsolicited(MAC, V6, router);
        assert_eq!(checksum::icmpv6(V6, all_nodes(), &frame[54..]), [0, 0]);
    }
    let igmp = query::igmp_v3(MAC);
    assert_eq!(checksum::internet(&igmp[14..38]), [0, 0]);
    assert_eq!(checksum::internet(&igmp[38..]), [0, 0]);
    let mld = query::mld_v2(MAC);
    let source: [u8; 16] = mld[22..38].try_into().expect("16 bytes");
    assert_eq!(checksum::icmpv6(source.into(), all_nodes(), &mld[62..]), [0, 0]);
    // RFC 1071, section 3, and an odd length.
    assert_eq!(checksum::internet(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), [0x22, 0x0d]);
    assert_eq!(checksum::internet(&[0xff, 0xff, 0x01]), [0xfe, 0xff]);
}

fn all_nodes() -> Ipv6Addr {
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)
}

fn hears(socket: &OwnedFd, what: &str, is_it: impl Fn(&[u8]) -> bool) {
    eventually(what, || {
        let mut buffer = [0; 2048];
        let (length, _) = recv(socket, &mut buffer[..], RecvFlags::empty()).ok()?;
        is_it(&buffer[..length]).then_some(())
    });
}

#[test]
fn announcements_arrive_at_the_other_end_and_neighbours_follow() {
    in_netns(|| {
        veth_pair();
        let announcer = Announcer::open().expect("packet socket");
        let index = ifreq::index_of("e0").expect("index");
        let ears = packet_socket("e1");
        ip("addr add 192.0.2.1/24 dev e1");
        ip("addr add 2001:db8::1/64 dev e1 nodad");
        ip("neigh add 192.0.2.10 dev e1 lladdr 02:00:00:00:00:99 nud stale");
        ip("neigh add 2001:db8::10 dev e1 lladdr 02:00:00:00:00:99 nud stale");

        for address in [IpAddr::V4(V4), IpAddr::V6(V6)] {
            announcer.announce(index, MAC, address, false).expect("sent");
        }
        announcer.keep_alive(index, MAC).expect("sent");
        hears(&ears, "ARP", |frame| frame == arp::gratuitous(MAC, V4));
        hears(&ears, "NA", |frame| frame == nd::unsolicited(MAC, V6, false));
        hears(&ears, "keep-alive", |frame| frame == loopback::to_itself(MAC));
        for address in ["192.0.2.10", "2001:db8::10"] {
            eventually("the neighbour entry to follow", || {
                let shown = ip(&format!("neigh show {address} dev e1"));
                shown.contains("02:00:00:00:00:07").then_some(())
            });
        }
    });
}

#[test]
fn queries_by_the_peer_make_the_other_end_report_its_memberships() {
    in_netns(|| {
        ip("link add name e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:07");
        std::fs::write("/proc/sys/net/ipv6/conf/e1/disable_ipv6", "1").expect("IPv6");
        ip("link set e0 up");
        ip("link set e1 up");
        ip("addr add 192.0.2.1/24 dev e0");
        eventually("an address that MLD can use", || {
            let shown = ip("-6 addr show dev e0");
            (shown.contains("fe80::") && !shown.contains("tentative")).then_some(())
        });
        let group: Ipv4Addr = "239.1.2.3".parse().expect("group");
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("socket");
        socket.join_multicast_v4(&group, &"192.0.2.1".parse().expect("address")).expect("join");
        let group6: Ipv6Addr = "ff05::1234".parse().expect("group");
        let socket6 = std::net::UdpSocket::bind("[::]:0").expect("socket");
        socket6.join_multicast_v6(&group6, ifreq::index_of("e0").expect("index")).expect("join");

        // What the joins themselves say must not be taken for an answer: only current-state records (1 to 4 would
        // include changes; 2 is "excludes nothing") count.
        let ears = packet_socket("e1");
        let announcer = Announcer::open().expect("packet socket");
        let peer = ifreq::index_of("e1").expect("index");
        announcer.membership_queries(peer, MAC).expect("sent");
        let reports =
            |record: Vec<u8>| move |frame: &[u8]| frame.windows(record.len()).any(|window| window == record);
        hears(&ears, "IGMPv3 report", reports([&[2, 0, 0, 0][..], &group.octets()].concat()));
        announcer.membership_queries(peer, MAC).expect("sent");
        hears(&ears, "MLDv2 report", reports([&[2, 0, 0, 0][..], &group6.octets()].concat()));
    });
}

#[test]
fn an_interface_that_is_down_or_gone_is_told_apart_from_real_trouble() {
    in_netns(|| {
        veth_pair();
        ip("link set e0 down");
        let announcer = Announcer::open().expect("packet socket");
        for index in [ifreq::index_of("e0").expect("index"), 4711] {
            let error = announcer.keep_alive(index, MAC).expect_err("not up");
            assert!(error.is_link_down(), "{error}");
        }
    });
}
