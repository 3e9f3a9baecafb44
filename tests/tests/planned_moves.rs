//! Planned moves under load: numbered packets both ways, of flows that never pause and of flows that do.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use ipmp_tests::{
    GroupConfig, Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
    plan,
    stream::Stream,
    topology::{Builder, port},
};

/// First port of the receivers.
const PORT: u16 = 7100;

/// Packets a second of a flow that is never idle for as long as the gap.
const BUSY: u32 = 2500;

/// Packets a second of a flow that pauses between any two.
const SPARSE: u32 = 50;

/// Flows each way: half of them busy.
const FLOWS: u16 = 12;

/// Several numbered streams each way.
struct Load {
    streams: Vec<(String, Stream)>,
}

impl Load {
    fn start(rig: &Rig) -> Self {
        let addresses = rig.data().into_iter().zip(plan::peer(0));
        let pairs: Vec<(IpAddr, IpAddr)> = addresses.collect();
        let mut streams = Vec::new();
        for number in 0..FLOWS {
            let (data, peer) = pairs[usize::from(number) % 2];
            let rate = if number % 4 < 2 { BUSY } else { SPARSE };
            let port = PORT + number;
            let out = Stream::start(rig.host(), data, rig.peer(), SocketAddr::new(peer, port), rate);
            let back = Stream::start(rig.peer(), peer, rig.host(), SocketAddr::new(data, port), rate);
            streams.push((format!("{data} to {peer}, {rate} a second"), out));
            streams.push((format!("{peer} to {data}, {rate} a second"), back));
        }
        let load = Self { streams };
        load.go_on(20);
        load
    }

    /// Waits until each stream has received so many packets more.
    fn go_on(&self, packets: u64) {
        let before: Vec<_> = self.streams.iter().map(|(_, stream)| stream.received()).collect();
        eventually("packets of every stream", SOON, || {
            let received = self.streams.iter().map(|(_, stream)| stream.received());
            let missing = received.zip(&before).position(|(now, before)| now < before + packets);
            holds(missing.is_none(), || missing.map(|number| &self.streams[number].0))
        });
    }

    /// Ends the streams, and expects that every packet has arrived once and in order.
    fn finish(self) -> u64 {
        let mut received = 0;
        for (what, stream) in self.streams {
            let report = stream.finish();
            assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0), "{what}: {report}");
            received += report.received;
        }
        received
    }
}

/// Waits until no bucket is on its way. Returns how many were forced since the daemon was started.
fn until_at_rest(rig: &Rig) -> u64 {
    eventually("no bucket is on its way", SOON, || {
        let moves = rig.daemon.status("ipmp0").moves;
        if moves.pending == 0 { Ok(moves.forced) } else { Err(moves) }
    })
}

/// A cable is put back under load. Returns the buckets that were forced.
fn repair_under_load(rig: &Rig, member: usize) -> u64 {
    rig.fail(member);
    rig.until_reachable();
    let load = Load::start(rig);
    rig.repair(member);
    eventually("the moves begin", SOON, || {
        let status = rig.daemon.status("ipmp0");
        holds(status.members[member].active, || status)
    });
    let forced = until_at_rest(rig);
    load.go_on(40);
    let received = load.finish();
    eprintln!("{received} packets arrived, {forced} buckets were forced");
    forced
}

fn rig(standby: bool, builder: Builder) -> Rig {
    Rig::with(builder, |group| if standby { group.member("e2", &["standby = true"]) } else { group })
}

#[test]
fn failback_loses_doubles_and_reorders_nothing() {
    let rig = rig(false, Topology::new());
    let forced = repair_under_load(&rig, 0);
    assert!(forced <= u64::from(FLOWS), "only flows that never pause are forced, not {forced} buckets");
}

#[test]
fn a_standby_that_steps_down_loses_doubles_and_reorders_nothing() {
    let rig = rig(true, Topology::new());
    let forced = repair_under_load(&rig, 1);
    assert!(forced <= u64::from(FLOWS), "only flows that never pause are forced, not {forced} buckets");
    let status = rig.daemon.status("ipmp0");
    assert!(!status.members[2].active, "{status:?}");
}

#[test]
fn other_weights_lose_double_and_reorder_nothing() {
    let weights = |group: GroupConfig, weights: [u32; 3]| {
        weights.into_iter().enumerate().fold(group, |group, (member, weight)| {
            group.member(&format!("e{member}"), &[&format!("weight = {weight}")])
        })
    };
    let mut rig = Rig::with(Topology::new(), |group| weights(group, [10, 10, 10]));
    rig.until_reachable();
    let load = Load::start(&rig);
    let mut forced = 0;
    for shares in [[1, 10, 10], [10, 1, 1], [10, 10, 10]] {
        let config = weights(rig.topology.hosts[0].group(), shares);
        let output = rig.daemon.reload(&config);
        assert!(output.status.success(), "{}", ctl::describe(&output));
        let status = rig.daemon.status("ipmp0");
        let shown: Vec<_> = status.members.iter().map(|member| member.weight).collect();
        assert_eq!(shown, shares);
        forced += until_at_rest(&rig);
    }
    load.go_on(40);
    let received = load.finish();
    eprintln!("{received} packets arrived, {forced} buckets were forced");
}

#[test]
fn flow_tells_of_a_bucket_on_its_way() {
    let rig = rig(true, Topology::new());
    let [data, _] = rig.data();
    let [peer, _] = plan::peer(0);
    let is_told = || {
        (20_000..20_064_u16).any(|port| {
            let port = port.to_string();
            let (data, peer) = (data.to_string(), peer.to_string());
            let flow = ["flow", "ipmp0", &data, &peer, "--proto", "udp", "--sport", &port, "--dport", "9"];
            ctl::text(&rig.daemon.ctl(&flow)).contains("moving from e2 to e0")
        })
    };
    // Moves do not wait for who looks at them: on a busy machine they may be over before they are seen.
    let was_told = (0..20).any(|_| {
        rig.fail(0);
        rig.until_reachable();
        let load = Load::start(&rig);
        rig.topology.restore(0);
        eventually("the moves begin", SOON, || {
            let status = rig.daemon.status("ipmp0");
            holds(status.moves.pending > 0 || status.members[0].active, || status.moves)
        });
        let is_told = is_told();
        until_at_rest(&rig);
        load.finish();
        is_told
    });
    assert!(was_told, "flow names both members of a bucket that moves");
}

#[test]
fn a_daemon_that_is_killed_while_buckets_move_leaves_them_moving_and_its_successor_ends_it() {
    let mut rig = rig(true, Topology::new());
    rig.fail(0);
    rig.until_reachable();
    let load = Load::start(&rig);
    rig.topology.restore(0);
    eventually("the moves begin", SOON, || {
        let moves = rig.daemon.status("ipmp0").moves;
        holds(moves.pending > 0, || moves)
    });
    rig.daemon.kill9();
    load.go_on(40);
    rig.daemon.restart();
    until_at_rest(&rig);
    load.go_on(40);
    load.finish();
    let status = rig.daemon.status("ipmp0");
    assert!(status.members[0].active && !status.members[2].active, "{status:?}");
}

/// Bursts of datagrams with pauses between them.
struct Bursts {
    stop: Arc<AtomicBool>,
    sender: JoinHandle<u64>,
    receiver: JoinHandle<Vec<u64>>,
}

impl Bursts {
    fn start(rig: &Rig, port: u16, pause: Duration) -> Self {
        const PACKETS: u64 = 4;
        let ([from, _], [to, _]) = (rig.data(), plan::peer(0));
        let listening = rig.peer().run(|| UdpSocket::bind((to, port))).expect("a free port");
        let sending = rig.host().run(|| UdpSocket::bind((from, port))).expect("a free port");
        sending.connect((to, port)).expect("there is a route");
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let sender = std::thread::spawn(move || {
            let mut number = 0_u64;
            while !until.load(Ordering::Relaxed) {
                for _ in 0..PACKETS {
                    let _ = sending.send(&number.to_be_bytes());
                    number += 1;
                }
                std::thread::sleep(pause);
            }
            number
        });
        listening.set_read_timeout(Some(Duration::from_millis(500))).expect("a time-out above zero");
        let receiver = std::thread::spawn(move || {
            let (mut packet, mut numbers) = ([0; 8], Vec::new());
            while listening.recv(&mut packet).is_ok() {
                numbers.push(u64::from_be_bytes(packet));
            }
            numbers
        });
        Self { stop, sender, receiver }
    }

    /// Ends them, and expects that every packet has arrived once and in order.
    fn finish(self, what: &str) {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.sender.join().expect("it sends until it is told to stop");
        let received = self.receiver.join().expect("it receives until nothing comes");
        let first = received.iter().zip(0..).find(|(received, number)| *received != number);
        assert_eq!((first, received.len() as u64), (None, sent), "{what}: the first that is out of order");
    }
}

#[test]
fn flows_that_pause_longer_than_the_delays_differ_are_not_reordered() {
    const FAR: Duration = Duration::from_millis(15);
    let rig = Rig::with(Topology::new().members(2), |group| {
        group.tested(0).targets([plan::peer_v4(0)]).line("failure-detection-time = \"3s\"")
    });
    let _delay = rig.topology.switch.delay(&port(0, 1), FAR);
    rig.until_reachable();
    eventually("the round trips of both members are known", SOON, || {
        let status = rig.daemon.status("ipmp0");
        let rtts = status
            .targets
            .iter()
            .flat_map(|targets| &targets.targets)
            .filter_map(|target| target.rtt.as_ref());
        let longest = rtts.clone().map(|rtt| rtt.smoothed_us).max();
        holds(rtts.count() == 2 && longest > Some(1500 * FAR.as_millis() as u64), || longest)
    });
    rig.fail(0);
    rig.until_reachable();
    // Long enough for the shorter gap at least, which is the difference of the delays one way.
    let flows = (0..16_u16).map(|number| {
        let pause = FAR * if number % 2 == 0 { 2 } else { 8 };
        (Bursts::start(&rig, PORT + number, pause), pause)
    });
    let flows: Vec<_> = flows.collect();
    rig.repair(0);
    eventually("the gap is longer than the delays differ by", SOON, || {
        let status = rig.daemon.status("ipmp0");
        holds(status.moves.gap_us > FAR.as_micros() as u64, || (status.moves, rig.daemon.log()))
    });
    let forced = until_at_rest(&rig);
    for (flow, pause) in flows {
        flow.finish(&format!("bursts every {pause:?}"));
    }
    assert_eq!(forced, 0, "all have paused for long enough");
}
