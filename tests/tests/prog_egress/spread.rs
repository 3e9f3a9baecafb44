//! Which packets go by addresses and ports, and which by addresses alone.

use ipmp_tests::packets::{
    Extension, Packet, authentication, destination_options, echo_request_v4, echo_request_v6, extension,
    fragments, hop_by_hop, icmpv4, icmpv6, ipv4, ipv6, payload, routing, sctp, tcp, udp,
};

use super::{By, Egress, SOURCE_PORTS, ip, to_peer};
use ipmp_tests::plan;

const V4: usize = 0;
const V6: usize = 1;

fn check(egress: &mut Egress, what: &str, packet: &Packet, by: By) {
    egress.expect(&format!("{what}: {packet}"), &packet.build(), by);
}

#[test]
fn tcp_udp_and_sctp_go_by_their_ports() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        for family in [V4, V6] {
            check(&mut egress, "TCP", &(ip(family) / tcp(port, 443)), By::Ports);
            check(&mut egress, "TCP SYN", &(ip(family) / tcp(port, 443).flags(2)), By::Ports);
            check(&mut egress, "UDP", &(ip(family) / udp(port, 53) / payload(b"a question")), By::Ports);
            check(&mut egress, "UDP without checksum", &(ip(family) / udp(port, 53).checksum(0)), By::Ports);
            check(&mut egress, "UDP, checksum wrong", &(ip(family) / udp(port, 53).checksum(7)), By::Ports);
            check(&mut egress, "SCTP", &(ip(family) / sctp(port, 80) / payload(&[0; 16])), By::Ports);
            check(&mut egress, "both ports equal", &(ip(family) / udp(port, port)), By::Ports);
        }
    }
}

#[test]
fn what_has_no_ports_goes_by_its_addresses() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        let [a, b] = port.to_be_bytes();
        let bytes = payload(&[a, b, 0, 53, 0, 0, 0, 0]);
        for (what, packet) in [
            ("echo request", ip(V4) / echo_request_v4(port, 1, b"ping")),
            ("echo request", ip(V6) / echo_request_v6(port, 1, b"ping")),
            ("ICMP unreachable", ip(V4) / icmpv4(3, 3) / ip(V4).layers[1].clone() / udp(port, 53)),
            ("ICMPv6 too big", ip(V6) / icmpv6(2, 0) / ip(V6).layers[1].clone() / udp(port, 53)),
        ] {
            check(&mut egress, what, &packet, By::Addresses);
        }
        for protocol in [0, 1, 2, 4, 41, 47, 50, 59, 89, 103, 112, 115, 136, 253, 255] {
            let [from, to] = [plan::data_v4(0, 0), plan::peer_v4(0)];
            let packet = to_peer() / ipv4(from, to).protocol(protocol) / bytes.clone();
            check(&mut egress, "other protocol", &packet, By::Addresses);
            if protocol == 0 {
                continue; // the hop-by-hop header in IPv6
            }
            let [from, to] = [plan::data_v6(0, 0), plan::peer_v6(0)];
            let packet = to_peer() / ipv6(from, to).next_header(protocol) / bytes.clone();
            check(&mut egress, "other protocol", &packet, By::Addresses);
        }
    }
}

#[test]
fn every_fragment_goes_by_its_addresses() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        for family in [V4, V6] {
            let whole = [
                ip(family) / udp(port, 2049) / payload(&[0x5a; 100]),
                ip(family) / tcp(port, 2049) / payload(&[0x5a; 100]),
                ip(family) / sctp(port, 2049) / payload(&[0x5a; 100]),
            ];
            for packet in whole.iter().flat_map(|packet| fragments(packet, 40)) {
                check(&mut egress, "fragment", &packet, By::Addresses);
            }
        }
        let behind_options = ip(V6) / destination_options(4) / udp(port, 2049) / payload(&[0; 64]);
        for packet in fragments(&behind_options, 32) {
            check(&mut egress, "fragment with an extension header inside", &packet, By::Addresses);
        }
    }
}

#[test]
fn do_not_fragment_is_no_fragment() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        let mut header = ipv4(plan::data_v4(0, 0), plan::peer_v4(0));
        header.flags = 2;
        check(&mut egress, "DF", &(to_peer() / header.clone() / udp(port, 53)), By::Ports);
        header.flags = 4;
        check(&mut egress, "reserved bit", &(to_peer() / header / udp(port, 53)), By::Ports);
    }
}

#[test]
fn ports_are_found_behind_ipv4_options_of_any_length() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        for words in 0..=10 {
            let header = ipv4(plan::data_v4(0, 0), plan::peer_v4(0)).options(&vec![1; 4 * words]);
            for (what, packet) in [
                ("UDP", to_peer() / header.clone() / udp(port, 53)),
                ("TCP", to_peer() / header.clone() / tcp(port, 443)),
            ] {
                check(&mut egress, &format!("{what}, {words} words of options"), &packet, By::Ports);
            }
        }
    }
}

/// One of each kind of extension header that is walked past, the longer ones too.
fn headers() -> Vec<(&'static str, Extension)> {
    vec![
        ("hop-by-hop", hop_by_hop()),
        ("routing", routing()),
        ("routing of three units", extension(43, &[2; 22])),
        ("destination options", destination_options(4)),
        ("destination options of 64 bytes", destination_options(60)),
        ("authentication", authentication()),
        ("mobility", extension(135, &[0; 6])),
        ("host identity", extension(139, &[0; 14])),
        ("shim6", extension(140, &[0; 6])),
    ]
}

#[test]
fn ports_are_found_behind_each_kind_of_extension_header() {
    let mut egress = Egress::new();
    for port in SOURCE_PORTS {
        for (what, header) in headers() {
            for transport in [Packet::from(udp(port, 53)), tcp(port, 443).into()] {
                // Not all of these headers are known to the parser of the tests.
                let slot = egress.slot(&(ip(V6) / transport.clone()).build(), By::Ports);
                check(&mut egress, what, &(ip(V6) / header.clone() / transport), By::Slot(slot));
            }
        }
    }
}

#[test]
fn eight_extension_headers_are_walked_past_and_no_more() {
    let mut egress = Egress::new();
    let kinds = headers();
    for port in SOURCE_PORTS {
        for first in 0..kinds.len() {
            for count in 1..=10 {
                let chain = kinds.iter().cycle().skip(first).take(count);
                let packet = chain.fold(ip(V6), |packet, (_, header)| packet / header.clone());
                let by = if count <= 8 { By::Ports } else { By::Addresses };
                let slot = egress.slot(&(ip(V6) / udp(port, 53)).build(), by);
                let packet = packet / udp(port, 53);
                check(&mut egress, &format!("{count} headers"), &packet, By::Slot(slot));
            }
        }
    }
}

#[test]
fn nothing_behind_an_extension_header_goes_by_addresses() {
    let mut egress = Egress::new();
    for (what, packet) in [
        ("no next header", ip(V6) / destination_options(4)),
        ("the length byte beyond the end", ip(V6) / hop_by_hop().length(255).next_header(17) / udp(1, 2)),
        ("encapsulated IPv6", ip(V6) / destination_options(4) / ip(V6).layers[1].clone() / udp(1, 2)),
    ] {
        check(&mut egress, what, &packet, By::Addresses);
    }
}
