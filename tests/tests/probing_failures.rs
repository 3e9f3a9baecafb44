//! Members that fall silent while their link stays up, and members that are judged wrongly by a worse daemon.

use ipmp_tests::{
    Ping, Rig, Topology, by_each_hook,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
    silence::{ProbeHook, Silence},
};

by_each_hook!(a_silent_port_fails_its_member_and_ten_answers_repair_it);

fn a_silent_port_fails_its_member_and_ten_answers_repair_it(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "200ms", 2);
    rig.until_reachable();
    for how in Silence::ALL {
        rig.silence(0, how);
        rig.daemon.until_state("e0", "failed");
        let row = stat::interface(&rig.daemon, "e0").expect("a row");
        assert_eq!((&row["link"], &row["probe"]), (&"up".into(), &"failed".into()), "{how:?}: {row}");
        rig.daemon.until_group("ipmp0", "degraded");
        for data in plan::data(0) {
            assert_ne!(rig.bound(data), 0, "{how:?}: {data}");
        }
        rig.until_reachable();
        rig.end_silence(0, how);
        rig.daemon.until_state("e0", "ok");
    }
    assert_eq!(rig.failures(), 3, "{}", rig.daemon.log());
}
