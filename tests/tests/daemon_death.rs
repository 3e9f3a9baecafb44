//! A daemon that dies at any moment, and what the next one knows.

use std::{collections::BTreeMap, env, fs, net::IpAddr, thread, time::Duration};

use ipmp_tests::{
    Daemon, Rig, Topology,
    attached::programs,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
    silence::{ProbeHook, Silence},
    stream::Stream,
};

/// Rounds of kill and start: `IPMP_ROUNDS`, or 20.
fn rounds() -> usize {
    env::var("IPMP_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Numbers that look like chance, and are the same in each run.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// What a daemon holds: its descriptors by kind.
fn descriptors(daemon: &Daemon) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    let directory = format!("/proc/{}/fd", daemon.pid().as_raw_nonzero());
    for entry in fs::read_dir(directory).expect("the daemon runs").flatten() {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let kind = target.to_string_lossy().split(['[', '/']).next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    // Sockets of clients come and go, and so do files that are being written.
    kinds.remove("");
    kinds
}

/// What a daemon leaves in places that are not its own: pins, programs, sockets of the namespace, addresses and settings.
fn traces(rig: &Rig) -> Vec<String> {
    let mut all = Vec::new();
    let pins = rig.daemon.group_pins("ipmp0").expect("the group is pinned");
    let mut names: Vec<_> = fs::read_dir(pins).expect("the pins can be listed").flatten().collect();
    names.sort_by_key(fs::DirEntry::file_name);
    all.extend(names.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let interfaces: Vec<_> = ["ipmp0", "ipmp0-p", "e0", "e1", "e2"].map(str::to_owned).into();
    all.push(format!("{} programs", programs(rig.host(), &interfaces)));
    for what in ["-o -4 addr", "-4 route show table all", "-6 route show table all"] {
        let mut lines: Vec<_> = rig.host().ip(what).lines().map(str::to_owned).collect();
        lines.sort();
        all.extend(lines);
    }
    for member in ["e0", "e1", "e2"] {
        for setting in ["ipv4/conf/X/arp_ignore", "ipv4/conf/X/arp_announce", "ipv6/conf/X/accept_ra"] {
            all.push(format!("{member} {}", rig.host().setting(&setting.replace('X', member))));
        }
    }
    all
}

fn sockets(daemon: &Daemon) -> BTreeMap<&'static str, usize> {
    let count = |kind| {
        let path = format!("/proc/{}/net/{kind}", daemon.pid().as_raw_nonzero());
        fs::read_to_string(path).map_or(0, |text| text.lines().count())
    };
    ["packet", "raw", "raw6", "icmp", "icmp6", "netlink"].map(|kind| (kind, count(kind))).into()
}

#[test]
fn nothing_is_lost_and_nothing_leaks_however_often_it_is_killed() {
    let mut rig = Rig::new(Topology::new());
    // The second daemon: the first one has made the group.
    rig.daemon.kill9();
    rig.daemon.restart();
    rig.until_settled();
    let (held, left, open) = (descriptors(&rig.daemon), traces(&rig), sockets(&rig.daemon));
    rig.until_reachable();
    let streams = rig.streams();
    for stream in &streams {
        stream.until_received(200);
    }
    let mut state = 7;
    for round in 0..rounds() {
        if rig.daemon.exited().is_none() {
            rig.daemon.kill9();
        }
        rig.daemon.launch();
        // Any moment of the start, and of the time after it.
        thread::sleep(Duration::from_millis(random(&mut state) % 600));
        assert_eq!(rig.daemon.exited(), None, "round {round}: {}", rig.daemon.log());
    }
    rig.daemon.kill9();
    rig.daemon.restart();
    for stream in &streams {
        stream.until_received(500);
    }
    let mut sent = 0;
    for report in streams.into_iter().map(Stream::finish) {
        sent += report.sent;
        assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0), "{report}");
    }
    println!("{} rounds, {sent} packets, none lost", rounds());
    rig.daemon.until_group("ipmp0", "ok");
    eventually("it holds and leaves what it did before", SOON, || {
        let now = (descriptors(&rig.daemon), traces(&rig), sockets(&rig.daemon));
        holds((&now.0, &now.1, &now.2) == (&held, &left, &open), || {
            (now, held.clone(), left.clone(), open.clone())
        })
    });
    rig.fail(0);
    rig.until_reachable();
}

/// The log since the last start.
fn failures(daemon: &Daemon) -> usize {
    daemon.log().matches("failure detected on").count()
}

#[test]
fn a_member_that_its_probes_failed_stays_failed_until_it_answers() {
    let mut rig = Rig::probing(Topology::new(), ProbeHook::Tc, "1s", 2);
    rig.silence(1, Silence::Both);
    rig.daemon.until_state("e1", "failed");
    let bound = |rig: &Rig| plan::data(1).map(|address| rig.bound(address));
    let before = (bound(&rig), failures(&rig.daemon));
    rig.without_loss(|daemon| {
        daemon.kill9();
        daemon.restart();
        always("e1 is failed from the start on", A_WHILE, || {
            let row = stat::interface(daemon, "e1");
            holds(row.as_ref().is_some_and(|row| row["state"] == "failed" && row["active"] == false), || row)
        });
    });
    assert_eq!((bound(&rig), failures(&rig.daemon)), before, "no second failure");
    rig.end_silence(1, Silence::Both);
    rig.daemon.until_state("e1", "ok");
}

#[test]
fn a_member_that_falls_silent_while_no_daemon_runs_fails_within_the_usual_time() {
    let mut rig = Rig::probing(Topology::new(), ProbeHook::Tc, "1s", 2);
    rig.daemon.kill9();
    rig.silence(2, Silence::Both);
    rig.daemon.restart();
    // A member that nobody had known before would be left alone for 40 s.
    rig.daemon.until_state("e2", "failed");
    rig.until_reachable();
}

#[test]
fn what_happened_to_links_while_no_daemon_ran_is_caught_up_with() {
    let mut rig = Rig::new(Topology::new());
    rig.fail(0);
    rig.daemon.kill9();
    rig.topology.restore(0);
    rig.topology.cut(1);
    eventually("the kernel has seen it", SOON, || {
        holds(rig.host().is_running("e0") && !rig.host().is_running("e1"), || rig.host().ip("link"))
    });
    rig.daemon.restart();
    rig.daemon.until_state("e0", "ok");
    rig.daemon.until_state("e1", "failed");
    rig.until_reachable();
}

#[test]
fn an_address_set_by_hand_goes_home_under_the_next_daemon_too() {
    let mut rig = Rig::new(Topology::new());
    let address: IpAddr = plan::data_v4(0, 30).into();
    rig.host().ip(&format!("addr add {address}/24 dev ipmp0"));
    let home = rig.bound(address);
    rig.fail(home);
    eventually("it is elsewhere", SOON, || holds(rig.bound(address) != home, || ()));
    rig.daemon.kill9();
    rig.daemon.restart();
    assert_ne!(rig.bound(address), home);
    rig.repair(home);
    eventually("it is home", SOON, || holds(rig.bound(address) == home, || rig.daemon.json(&["stat", "-a"])));
}

#[test]
fn a_damaged_memory_is_ignored_and_said() {
    let mut rig = Rig::new(Topology::new());
    let state = rig.daemon.socket().with_file_name("control.sock.state");
    let whole = fs::read_to_string(&state).expect("the daemon writes down what it knows");
    assert!(whole.contains("\"candidates\""), "{whole}");
    let damaged = [
        whole.replace("\"version\":1", "\"version\":99"),
        whole[..whole.len() / 2].to_owned(),
        String::new(),
    ];
    for text in damaged {
        rig.without_loss(|daemon| {
            daemon.kill9();
            fs::write(&state, &text).expect("the file can be written");
            let before = daemon.log().matches("ignored").count();
            daemon.restart();
            assert!(daemon.log().matches("ignored").count() > before, "{}", daemon.log());
        });
    }
}
