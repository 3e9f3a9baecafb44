//! Packets of every size.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use ipmp_tests::{
    Netns, Ping, Rig, Topology,
    eventually::{SOON, eventually, holds},
    plan,
};

const PORT: u16 = 9000;

#[test]
fn packets_of_exactly_the_mtu_pass_unfragmented() {
    let rig = Rig::new(Topology::new());
    for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
        let headers = if data.is_ipv4() { 28 } else { 48 };
        Ping::to(peer).from(data).size(1500 - headers).until_answered(rig.host());
        Ping::to(data).size(1500 - headers).until_answered(rig.peer());
        assert!(Ping::to(peer).size(1501 - headers).answers(rig.host()).is_err(), "1501 bytes to {peer}");
    }
}

#[test]
fn fragmented_datagrams_pass_both_ways() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
        datagram((rig.host(), data), (rig.peer(), peer));
        datagram((rig.peer(), peer), (rig.host(), data));
    }
}

/// Sends eight thousand bytes in one datagram, several times, and checks each.
fn datagram(from: (&Netns, IpAddr), to: (&Netns, IpAddr)) {
    let receiver = to.0.run(|| UdpSocket::bind(SocketAddr::new(to.1, PORT))).expect("a free port");
    receiver.set_read_timeout(Some(SOON)).expect("a time-out above zero");
    let sender = from.0.run(|| UdpSocket::bind(SocketAddr::new(from.1, 0))).expect("a free port");
    let mut buffer = vec![0; 1 << 16];
    for number in 0..10_u8 {
        let sent: Vec<u8> = (0..8000_u32).map(|index| (index as u8).wrapping_mul(number)).collect();
        sender.send_to(&sent, SocketAddr::new(to.1, PORT)).expect("there is a route");
        let size =
            receiver.recv(&mut buffer).unwrap_or_else(|error| panic!("from {} to {}: {error}", from.1, to.1));
        assert!(buffer[..size] == sent, "datagram {number} from {} to {} is damaged", from.1, to.1);
    }
}

/// Sends so much that the kernel makes large segments of it, and checks every byte at the other end.
fn bulk(from: (&Netns, IpAddr), to: (&Netns, IpAddr)) {
    const SIZE: usize = 16 << 20;
    let byte = |index: usize| (index ^ index >> 8 ^ index >> 16) as u8;
    let listener = to.0.run(|| TcpListener::bind(SocketAddr::new(to.1, PORT))).expect("a free port");
    let receiving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the sender connects");
        stream.set_read_timeout(Some(SOON)).expect("a time-out above zero");
        let mut received = Vec::with_capacity(SIZE);
        stream.read_to_end(&mut received).map(|_| received)
    });
    let connect = || TcpStream::connect_timeout(&SocketAddr::new(to.1, PORT), Duration::from_secs(5));
    let mut sender = from.0.run(connect).unwrap_or_else(|error| panic!("{} to {}: {error}", from.1, to.1));
    let sent: Vec<u8> = (0..SIZE).map(byte).collect();
    sender.write_all(&sent).expect("the receiver reads");
    drop(sender);
    let received = receiving.join().expect("the receiver does not panic").expect("all of it arrives");
    assert!(received == sent, "{} bytes arrived of {SIZE}, or some are wrong", received.len());
}

#[test]
fn bulk_tcp_arrives_whole_both_ways() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
        bulk((rig.host(), data), (rig.peer(), peer));
        bulk((rig.peer(), peer), (rig.host(), data));
    }
}

#[test]
fn bulk_tcp_arrives_whole_when_unicast_stays_on_the_members() {
    let rig = Rig::with(Topology::new(), |group| group.line("receive = \"member\""));
    rig.until_reachable();
    for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
        bulk((rig.host(), data), (rig.peer(), peer));
        bulk((rig.peer(), peer), (rig.host(), data));
    }
}

#[test]
fn the_groups_mtu_is_the_smallest_members_and_follows() {
    let topology = Topology::new().members(2).build();
    for (index, member) in topology.hosts[0].members.iter().enumerate() {
        topology.host().ip(&format!("link set {member} mtu {}", 9000 - 1000 * index));
    }
    let rig =
        Rig { daemon: ipmp_tests::Daemon::start(topology.host(), &topology.hosts[0].group()), topology };
    let until = |mtu: u64| {
        eventually(&format!("MTU {mtu}"), SOON, || {
            let seen = rig.host().link("ipmp0")["mtu"].as_u64();
            holds(seen == Some(mtu), || seen)
        });
    };
    until(8000);
    rig.host().ip("link set e1 mtu 9000");
    until(9000);
    rig.host().ip("link set e0 mtu 1400");
    until(1400);
    rig.until_settled();
    Ping::to(plan::peer_v4(0).into()).size(1400 - 28).until_answered(rig.host());
}
