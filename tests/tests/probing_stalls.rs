//! A daemon that is stopped, or short of processor time, and hosts that lie.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ipmp_tests::{
    Rig, Topology,
    busy::Busy,
    by_each_hook,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    forger::{Forger, Victim},
    interrupt::pause,
    plan,
    silence::{ProbeHook, Silence},
    stream::Stream,
};

by_each_hook!(
    a_daemon_that_was_stopped_judges_nothing_for_that_time,
    a_busy_machine_fails_no_member_and_still_finds_one_that_is_silent,
    forged_replies_are_no_sign_of_life,
);

/// Everybody is fine, and nobody ever was not.
fn nobody_has_failed(rig: &Rig) -> Result<(), String> {
    holds(rig.failures() == 0, || rig.daemon.log())
}

fn a_daemon_that_was_stopped_judges_nothing_for_that_time(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "100ms", 2);
    let load = Stream::start(
        rig.host(),
        plan::data(0)[0],
        rig.peer(),
        SocketAddr::new(plan::peer(0)[0], 9000),
        20_000,
    );
    load.until_received(100);
    for seconds in [5, 1] {
        let sent = rig.probes(0, "sent");
        rig.daemon.freeze();
        pause(Duration::from_secs(seconds));
        rig.daemon.thaw();
        // By then a daemon that took the time for silence would have said so many times.
        eventually("probes are sent again", SOON, || {
            let now = rig.probes(0, "sent");
            holds(now > sent + 100, || now)
        });
        nobody_has_failed(&rig).unwrap_or_else(|log| panic!("after {seconds} s: {log}"));
    }
    rig.daemon.until_log("missed sending");
    assert!(rig.probes(0, "lost") < 5, "{} lost", rig.probes(0, "lost"));
}

fn a_busy_machine_fails_no_member_and_still_finds_one_that_is_silent(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "100ms", 2);
    let _busy = Busy::start();
    always("nobody fails", Duration::from_secs(10), || nobody_has_failed(&rig));
    rig.silence(2, Silence::Both);
    rig.daemon.until_state("e2", "failed");
    assert_eq!(rig.failures(), 1, "{}", rig.daemon.log());
}

fn forged_replies_are_no_sign_of_life(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "500ms", 1);
    let (test, target) = (plan::test_v4(0, 0), plan::peer_v4(0));
    let victim = Victim { test, mac: rig.host().mac("e0"), target };
    let forger = Forger::start(rig.peer(), "eth0", victim);
    eventually("lies are counted", SOON, || {
        let forged = rig.probes(0, "forged");
        holds(forged > 1000, || forged)
    });
    // What comes from the target arrives, lies among it, but the member's own probes do not get there.
    rig.silence(0, Silence::Sending);
    rig.daemon.until_state("e0", "failed");
    let (replies, told, since) = (rig.probes(0, "replies"), forger.sent(), Instant::now());
    always("it stays failed", A_WHILE, || {
        let row = stat::interface(&rig.daemon, "e0");
        holds(row.as_ref().is_some_and(|row| row["state"] == "failed"), || row)
    });
    assert_eq!(rig.probes(0, "replies"), replies, "lies were counted as replies");
    let (lies, time) = (forger.sent() - told, since.elapsed());
    // A figure, not a condition: how many depends on the machine.
    eprintln!("{:.0} lies a second while the member was silent", lies as f64 / time.as_secs_f64());
    assert!(lies > 1000, "{lies} lies");
    drop(forger);
    rig.end_silence(0, Silence::Sending);
    rig.daemon.until_state("e0", "ok");
}
