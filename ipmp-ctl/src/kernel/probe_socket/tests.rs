use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::fd::OwnedFd,
    time::Duration,
};

use ipmp_common::{Family, ProbeKind};

use super::{Answer, EchoRequest, Listening, ProbeSocket};
use crate::kernel::{
    announce::checksum,
    ifreq,
    testing::{block_in_netns, eventually, in_netns, ip, packet_socket, soon, veth_pair},
};

const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 21);
const TARGET: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const TARGET_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x99);
const REQUEST: EchoRequest =
    EchoRequest { identifier: 77, sequence: 5, cookie: 0x0123_4567_89ab_cdef, kind: ProbeKind::Discovery };

/// The other end of the link: sees what is sent, and can answer with any packet.
struct Neighbour(OwnedFd);

impl Neighbour {
    /// `e0` gets a test address, a neighbour `TARGET` of each family, and `e1` as the other end.
    fn new() -> Self {
        veth_pair();
        ip("addr add 192.0.2.21/32 dev e0 scope link noprefixroute");
        for target in [IpAddr::from(TARGET), TARGET_V6.into()] {
            ip(&format!("neigh replace {target} lladdr 02:00:00:00:00:99 dev e0"));
        }
        Self(packet_socket("e1"))
    }

    /// The next frame that is an echo request, without its Ethernet header.
    fn request(&self) -> Vec<u8> {
        eventually("an echo request", || {
            let mut frame = [0; 2048];
            let length = rustix::net::recv(&self.0, &mut frame[..], rustix::net::RecvFlags::DONTWAIT).ok()?.0;
            let packet = &frame[14..length];
            let is_echo = match packet[0] >> 4 {
                4 => packet[9] == 1 && packet[20] == 8,
                _ => packet[6] == 58 && packet[40] == 128,
            };
            is_echo.then(|| packet.to_vec())
        })
    }

    /// Sends a packet to `e0`.
    fn send(&self, packet: &[u8]) {
        let to = ip("-o link show dev e0");
        let to =
            to.split("link/ether ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a MAC address");
        let to: Vec<u8> =
            to.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal")).collect();
        let kind: [u8; 2] = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
        let frame = [&to[..], &[2, 0, 0, 0, 0, 0x99], &kind, packet].concat();
        rustix::net::send(&self.0, &frame, rustix::net::SendFlags::empty()).expect("send");
    }
}

/// The answer to a request of ours, with `change` made to the message before its checksum.
fn answer(request: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut packet = request.to_vec();
    if packet[0] >> 4 == 4 {
        let (source, target) = (OURS.octets(), TARGET.octets());
        packet[12..16].copy_from_slice(&target);
        packet[16..20].copy_from_slice(&source);
        packet[10..12].fill(0);
        let sum = checksum::internet(&packet[..20]);
        packet[10..12].copy_from_slice(&sum);
        packet[20] = 0;
        packet[22..24].fill(0);
        change(&mut packet[20..]);
        let sum = checksum::internet(&packet[20..]);
        packet[22..24].copy_from_slice(&sum);
    } else {
        let source: [u8; 16] = packet[8..24].try_into().expect("16 bytes");
        packet[8..24].copy_from_slice(&TARGET_V6.octets());
        packet[24..40].copy_from_slice(&source);
        packet[40] = 129;
        packet[42..44].fill(0);
        change(&mut packet[40..]);
        let sum = checksum::icmpv6(TARGET_V6, source.into(), &packet[40..]);
        packet[42..44].copy_from_slice(&sum);
    }
    packet
}

fn ifindex() -> u32 {
    ifreq::index_of("e0").expect("e0")
}

fn open_v4() -> ProbeSocket {
    ProbeSocket::open(OURS.into(), "e0", ifindex(), REQUEST.identifier).expect("socket")
}

/// The link-local address of `e0`, once it may be used.
fn link_local() -> IpAddr {
    eventually("a link-local address", || {
        let shown = ip("-o -6 addr show dev e0 scope link -tentative");
        shown.split("inet6 ").nth(1)?.split('/').next()?.parse().ok()
    })
}

#[test]
fn probes_live_one_hop_and_carry_their_cookie() {
    in_netns(|| {
        let neighbour = Neighbour::new();
        // A default route by the member would lead astray without SO_DONTROUTE.
        ip("route add default via 192.0.2.254 dev e0 onlink");
        open_v4().send(TARGET.into(), &REQUEST.message(Family::V4)).expect("send");
        let packet = neighbour.request();
        assert_eq!((packet.len(), packet[8]), (44, 1), "length and TTL");
        assert_eq!((&packet[12..16], &packet[16..20]), (&OURS.octets()[..], &TARGET.octets()[..]));
        assert_eq!(checksum::internet(&packet[20..]), [0, 0], "checksum");
        assert_eq!(packet[28..36], REQUEST.cookie.to_be_bytes());
    });
}

#[test]
fn multicast_probes_leave_by_the_member_and_do_not_come_back() {
    in_netns(|| {
        let neighbour = Neighbour::new();
        let group = IpAddr::from([224, 0, 0, 1]);
        let socket = open_v4();
        socket.send(group, &REQUEST.message(Family::of(group))).expect("send");
        let packet = neighbour.request();
        assert_eq!((packet[8], &packet[16..20]), (1, &[224, 0, 0, 1][..]));
        assert!(socket.answers().is_empty());
    });
}

#[test]
fn ipv6_probes_go_from_link_local_to_link_local_and_to_all_nodes() {
    in_netns(|| {
        let neighbour = Neighbour::new();
        let source = link_local();
        let socket = ProbeSocket::open(source, "e0", ifindex(), REQUEST.identifier).expect("socket");
        for target in [IpAddr::from(TARGET_V6), "ff02::1".parse().expect("address")] {
            socket.send(target, &REQUEST.message(Family::of(target))).expect("send");
            let packet = neighbour.request();
            assert_eq!((packet.len(), packet[7]), (64, 1), "length and hop limit");
            let IpAddr::V6(to) = target else { unreachable!("an IPv6 address") };
            assert_eq!(packet[24..40], to.octets());
            let IpAddr::V6(from) = source else { unreachable!("an IPv6 address") };
            let mut message = packet[40..].to_vec();
            message[2..4].fill(0);
            assert_eq!(checksum::icmpv6(from, to, &message), packet[42..44], "checksum");
        }
    });
}

#[test]
fn only_answers_to_this_daemon_arrive_and_say_who_and_what() {
    block_in_netns(|| async {
        let neighbour = Neighbour::new();
        let mut sockets = Listening::new().expect("epoll");
        sockets.add('4', open_v4()).expect("add");
        let source = link_local();
        let v6 = ProbeSocket::open(source, "e0", ifindex(), REQUEST.identifier).expect("socket");
        sockets.add('6', v6).expect("add");
        for (key, target) in [('4', IpAddr::from(TARGET)), ('6', TARGET_V6.into())] {
            sockets
                .get(key)
                .expect("socket")
                .send(target, &REQUEST.message(Family::of(target)))
                .expect("send");
            let request = neighbour.request();
            neighbour.send(&answer(&request, |message| message[5] = 78)); // another identifier
            neighbour.send(&answer(&request, |message| message[0] = 3)); // no echo reply
            neighbour.send(&answer(&request, |_| {}));
            let heard = soon("an answer", sockets.answers()).await.expect("answers");
            assert_eq!(heard, [(key, Answer { from: target, request: REQUEST })]);
        }
        assert!(tokio::time::timeout(Duration::from_millis(50), sockets.answers()).await.is_err());
    });
}

#[test]
fn answers_are_taken_a_bounded_number_at_a_time_and_a_flood_is_not_kept() {
    block_in_netns(|| async {
        let neighbour = Neighbour::new();
        let mut sockets = Listening::new().expect("epoll");
        sockets.add((), open_v4()).expect("add");
        sockets.get(()).expect("socket").send(TARGET.into(), &REQUEST.message(Family::V4)).expect("send");
        let reply = answer(&neighbour.request(), |_| {});
        for _ in 0..1000 {
            neighbour.send(&reply);
        }
        let mut heard = 0;
        while let Ok(answers) = tokio::time::timeout(Duration::from_millis(50), sockets.answers()).await {
            let count = answers.expect("answers").len();
            assert!(count <= super::AT_ONCE);
            heard += count;
        }
        assert!((1..200).contains(&heard), "{heard} were kept");
    });
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    in_netns(|| {
        veth_pair();
        let open = |source: &str, interface| {
            ProbeSocket::open(source.parse().expect("address"), interface, ifindex(), 1)
                .expect_err("refused")
                .to_string()
        };
        let absent = open("192.0.2.21", "e0");
        assert!(
            absent.contains("192.0.2.21 on interface e0") && absent.contains("no such address"),
            "{absent}"
        );
        let gone = open("192.0.2.21", "e9");
        assert!(gone.contains("interface e9") && gone.contains("binding to the interface"), "{gone}");
    });
}

#[test]
fn sending_by_an_interface_that_is_down_is_not_sending() {
    in_netns(|| {
        let _neighbour = Neighbour::new();
        let socket = open_v4();
        ip("link set e0 down");
        assert!(socket.send(TARGET.into(), &REQUEST.message(Family::V4)).is_err());
    });
}
