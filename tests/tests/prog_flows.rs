//! Flows over the members: shares, who moves when a member fails, and whether user space knows where each flow goes.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use ipmp_common::SlotSet;
use ipmp_ctl::{
    config,
    dataplane::{flow::Flow, object::Program},
    engine::{
        Engine,
        assignment::Assignment,
        event::{Event, Limits, Link},
    },
};
use ipmp_tests::{
    packets::{Packet, echo_request_v4, echo_request_v6, ethernet, ipv4, ipv6, sctp, tcp, udp},
    plan,
    program::{
        Loaded, PacketPath, Random, Verdict,
        scene::{self, GROUP_MAC, PEER_MAC, SEED, SLOTS, assignment, member_mac, test_v6},
    },
};

/// Flows in a measurement: one for each source port of the upper half.
const FLOWS: u32 = 32_768;

/// An engine of a group whose members have these weights, all up, member `i` with the MAC [`member_mac`] of `i`.
fn engine(weights: &[u32]) -> Engine {
    let member = |(index, &weight): (usize, &u32)| config::Member {
        name: format!("e{index}"),
        line: index + 2,
        test_addresses: config::TestAddresses::None,
        weight: Some(weight),
        standby: false,
        priority: 100,
    };
    let group = config::Group {
        name: "ipmp0".into(),
        line: 1,
        addresses: Vec::new(),
        routes: Vec::new(),
        targets: Vec::new(),
        receive: config::Receive::Group,
        failure_detection_time: Duration::from_secs(10),
        failback: true,
        probe_hook: config::ProbeHook::Auto,
        ipv6_token: None,
        min_active: 1,
        link_ups_per_minute: 0,
        members: weights.iter().enumerate().map(member).collect(),
    };
    let link = |index: usize| Link {
        ifindex: index as u32 + 10,
        mac: member_mac(index as u16),
        admin_up: true,
        carrier: true,
        speed_mbps: None,
        limits: Limits { mtu: 1500, gso_max_size: 65_536, gso_ipv4_max_size: 65_536, gso_max_segs: 65_535 },
    };
    let links = (0..weights.len()).map(|index| (index, link(index))).collect();
    let now = Instant::now();
    let mut engine = Engine::new(group, None, 0, now);
    engine.handle(Event::Snapshot { links, addresses: plan::data(0).to_vec() }, now);
    engine
}

/// Maps as the engine wants them, and the program over them.
fn installed(assignment: &Assignment) -> (PacketPath, Loaded) {
    let path = PacketPath::new(GROUP_MAC, assignment);
    let program = path.load(Program::GroupEgress, scene::constants());
    (path, program)
}

/// Last byte of the MAC of the member that sends the frame: its number.
fn sender(program: &mut Loaded, frame: &[u8]) -> Option<u16> {
    let ran = program.run(frame);
    match ran.verdict {
        Verdict::Redirected => Some(ran.frame[11].into()),
        Verdict::Dropped => None,
        other => panic!("{other:?}"),
    }
}

/// The member that carries each of the flows of one family.
fn carriers(program: &mut Loaded, family: usize) -> Vec<u16> {
    let header = ethernet(GROUP_MAC, PEER_MAC);
    let packet = match (plan::data(0)[family], plan::peer(0)[family]) {
        (IpAddr::V4(from), IpAddr::V4(to)) => header / ipv4(from, to) / udp(0, 53).checksum(0),
        (IpAddr::V6(from), IpAddr::V6(to)) => header / ipv6(from, to) / udp(0, 53),
        _ => unreachable!("both are of one family"),
    };
    let mut frame = packet.build();
    let port_at = frame.len() - 8;
    (0..FLOWS)
        .map(|flow| {
            frame[port_at..port_at + 2].copy_from_slice(&((FLOWS + flow) as u16).to_be_bytes());
            sender(program, &frame).expect("somebody is usable")
        })
        .collect()
}

#[test]
fn each_member_gets_its_share_of_the_flows() {
    for weights in [&[1, 1][..], &[2, 1], &[11, 45], &[1, 1, 1, 1], &[5, 3, 2]] {
        let engine = engine(weights);
        let (_path, mut program) = installed(engine.assignment());
        for family in [0, 1] {
            let mut counts = vec![0_u32; weights.len()];
            for member in carriers(&mut program, family) {
                counts[usize::from(member)] += 1;
            }
            for (member, (&count, &weight)) in counts.iter().zip(weights).enumerate() {
                let wanted = f64::from(FLOWS) * f64::from(weight) / f64::from(weights.iter().sum::<u32>());
                let off = f64::from(count) / wanted - 1.0;
                let what =
                    format!("weights {weights:?}, family {family}, member {member}: {count} of {FLOWS}");
                assert!(off.abs() < 0.05, "{what}, wanted {wanted}");
            }
        }
    }
}

#[test]
fn when_a_member_fails_only_its_flows_move_and_only_once() {
    const FAILED: u16 = 2;
    for weights in [&[1, 1, 1, 1][..], &[4, 3, 2, 1]] {
        for family in [0, 1] {
            let mut engine = engine(weights);
            let (mut path, mut program) = installed(engine.assignment());
            let before = carriers(&mut program, family);
            assert_eq!(carriers(&mut program, family), before, "a flow stays where it is");

            // The first write of a failover.
            let mut cleared = engine.assignment().clone();
            cleared.usable = cleared.usable.without(FAILED);
            path.install(&cleared);
            let during = carriers(&mut program, family);
            let mut gained = BTreeMap::<u16, usize>::new();
            for (flow, (&old, &new)) in before.iter().zip(&during).enumerate() {
                if old == FAILED {
                    assert_ne!(new, FAILED, "flow {flow}");
                    *gained.entry(new).or_default() += 1;
                } else {
                    assert_eq!(new, old, "flow {flow} of a working member moved");
                }
            }
            assert_eq!(gained.len(), 3, "all of the others take over: {gained:?}");

            // What the planner makes of it.
            engine.handle(Event::Carrier { member: FAILED.into(), up: false }, Instant::now());
            assert_eq!(engine.assignment().usable, cleared.usable);
            assert_ne!(engine.assignment().buckets, cleared.buckets, "the tables are rewritten");
            path.install(engine.assignment());
            assert_eq!(carriers(&mut program, family), during, "no flow moves a second time");
        }
    }
}

#[test]
fn what_user_space_says_of_a_flow_is_what_the_kernel_does() {
    let mut wanted = assignment();
    let (mut path, mut program) = installed(&wanted);
    let mut random = Random::new(7);
    for round in 0..10_000 {
        if round % 100 == 0 {
            wanted.usable =
                SLOTS.into_iter().filter(|_| random.below(3) > 0).fold(SlotSet::EMPTY, SlotSet::with);
            path.install(&wanted);
        }
        let (flow, packet) = random_flow(&mut random);
        let way = flow.way(SEED, &wanted, |_| false);
        assert_eq!(
            sender(&mut program, &packet.build()),
            way.slot(),
            "{packet}: {way:?}, {:?}",
            wanted.usable
        );
    }
}

/// A flow and a packet of it.
fn random_flow(random: &mut Random) -> (Flow, Packet) {
    let [source_port, destination_port] = [random.number() as u16, random.number() as u16];
    let protocol = *random.pick(&[None, Some(6), Some(17), Some(132), Some(1)]);
    let v6 = random.below(2) == 1;
    let inside: Packet = match protocol {
        Some(6) => tcp(source_port, destination_port).into(),
        Some(17) => udp(source_port, destination_port).into(),
        Some(132) => sctp(source_port, destination_port).into(),
        _ if v6 => echo_request_v6(source_port, 1, b""),
        _ => echo_request_v4(source_port, 1, b""),
    };
    let to_group = random.below(10) == 0;
    let test_member = (random.below(10) == 0).then(|| random.below(SLOTS.len()));
    let (source, destination, header): (IpAddr, IpAddr, Packet) = if v6 {
        let from = test_member.map_or_else(|| Ipv6Addr::from(u128::from(random.number()) << 64 | 1), test_v6);
        let mut to = [0x20; 16];
        to[8..].copy_from_slice(&random.number().to_be_bytes());
        if to_group {
            to[0] = 0xff;
        }
        (from.into(), to.into(), ipv6(from, to.into()).into())
    } else {
        let from = test_member.map_or_else(
            || Ipv4Addr::from(random.number() as u32 | 1 << 31),
            |member| plan::test_v4(0, member),
        );
        let to = Ipv4Addr::from(random.number() as u32 >> 4 | if to_group { 0xe << 28 } else { 0 });
        (from.into(), to.into(), ipv4(from, to).into())
    };
    let destination_mac = if to_group { ipmp_tests::packets::BROADCAST } else { PEER_MAC };
    let flow = Flow { source, destination, to_group, protocol, source_port, destination_port };
    (flow, ethernet(GROUP_MAC, destination_mac) / header / inside)
}
