//! Programs of others at the members: they survive everything that the daemon does.

use ipmp_tests::{
    Daemon, Netns, Rig, Topology,
    attached::{filters, programs, tcx_programs},
    eventually::{SOON, eventually, holds},
    foreign_program::{Order, PassingProgram},
    skip,
};

fn foreign_filters(host: &Netns) -> usize {
    // Ours have the first priority.
    filters(host, &["e1".to_owned()]).iter().filter(|filter| !filter.contains(" pref 1 ")).count()
}

/// Programs of others on `e0` (TCX, before and after all) and filters on `e1`.
#[derive(Default)]
struct Foreign {
    programs: Vec<PassingProgram>,
    filters: usize,
}

impl Foreign {
    /// Puts more of them there.
    fn add(&mut self, host: &Netns, priority: &str) {
        let placed = [Order::First, Order::Last].map(|order| PassingProgram::at_ingress(host, "e0", order));
        self.programs.extend(placed.into_iter().flatten());
        PassingProgram::filter_at_ingress(host, "e1", priority);
        self.filters += 1;
    }

    fn check(&self, host: &Netns, when: &str) {
        assert!(self.programs.iter().all(PassingProgram::is_attached), "{when}: {:?}", self.programs);
        assert_eq!(foreign_filters(host), self.filters, "{when}");
    }
}

fn survives(how: &str) {
    let topology = Topology::new().build();
    let mut foreign = Foreign::default();
    foreign.add(topology.host(), "20");
    if foreign.programs.is_empty() && how == "tcx" {
        return skip::not_run("this kernel has no TCX");
    }
    let mut daemon =
        Daemon::prepare(topology.host(), &topology.hosts[0].group()).argument(&format!("--attach={how}"));
    daemon.restart();
    let mut rig = Rig { daemon, topology };
    rig.until_settled();
    rig.until_reachable();
    foreign.check(rig.host(), "after the start");
    foreign.add(rig.host(), "30");
    rig.until_reachable();
    // Ours leave with the member, and come back beside theirs.
    rig.host().ip_batch("link add name br type bridge\nlink set e0 master br\nlink set e1 master br\n");
    eventually("ours are gone", SOON, || {
        let ours = programs(rig.host(), &["e0".to_owned()]) - foreign.programs.len()
            + programs(rig.host(), &["e1".to_owned()])
            - foreign.filters;
        holds(ours == 0, || ours)
    });
    foreign.check(rig.host(), "after the members have left");
    rig.host().ip_batch("link set e0 nomaster\nlink set e1 nomaster\n");
    rig.daemon.until_state("e0", "ok");
    rig.daemon.until_state("e1", "ok");
    rig.until_reachable();
    foreign.check(rig.host(), "after the members have returned");
    rig.host().ip("link del ipmp0");
    rig.daemon.until_log("the group interface is there again");
    rig.until_reachable();
    foreign.check(rig.host(), "after the group interface was made anew");
    rig.daemon.kill9();
    foreign.check(rig.host(), "after the daemon was killed");
    rig.daemon.restart();
    rig.until_reachable();
    rig.fail(0);
    rig.until_reachable();
    rig.repair(0);
    foreign.check(rig.host(), "after the restart");
    assert!(rig.daemon.down("ipmp0").status.success());
    foreign.check(rig.host(), "after the end of the group");
    let members = &rig.topology.hosts[0].members;
    assert_eq!(tcx_programs(rig.host(), members), foreign.programs.len(), "none but theirs");
}

#[test]
fn programs_of_others_survive_tcx_programs_of_ours() {
    survives("tcx");
}

#[test]
fn programs_of_others_survive_clsact_filters_of_ours() {
    survives("clsact");
}

#[test]
fn a_program_of_others_at_the_driver_survives() {
    let mut rig = Rig::new(Topology::new().members(2));
    let program = PassingProgram::at_driver(rig.host(), "e0");
    rig.until_reachable();
    rig.host().ip("link del ipmp0");
    rig.daemon.until_log("the group interface is there again");
    rig.until_reachable();
    rig.daemon.kill9();
    rig.daemon.restart();
    rig.until_reachable();
    assert!(program.is_attached());
    assert!(rig.daemon.down("ipmp0").status.success());
    assert!(program.is_attached());
}
