//! The daemon is killed at every step of an adoption, a confirmation and a release.

use ipmp_tests::{
    Ping, Topology,
    adoptee::{Adoptee, NOTHING},
    assassin::Assassin,
    ctl, plan,
};

/// Every so many steps the daemon is killed: a round takes a third of a second.
const STRIDE: usize = 3;

/// Runs `command` of the daemon again and again, which is killed a step later each time, until it survives. `check` looks at
/// what the next daemon has made of it.
fn kill_at_each_step(adoptee: &mut Adoptee, command: &[&str], mut check: impl FnMut(&mut Adoptee, usize)) {
    let mut at = 0;
    loop {
        let assassin = Assassin::hire(adoptee.daemon.pid(), at);
        let output = adoptee.daemon.ctl(command);
        let steps = assassin.steps();
        if !assassin.dismiss() {
            assert!(output.status.success(), "step {at}: {}", ctl::describe(&output));
            println!("{command:?}: killed at each of {steps} steps");
            return;
        }
        adoptee.daemon.bury();
        adoptee.daemon.restart();
        check(adoptee, at);
        at += STRIDE;
    }
}

#[test]
fn an_adoption_killed_at_any_step_is_put_back_by_the_next_daemon() {
    let mut adoptee = Adoptee::new(Topology::new().members(2));
    let before = adoptee.state();
    let (_servers, connections) = adoptee.connections();
    kill_at_each_step(&mut adoptee, &["adopt", "ipmp0", "e0", "e1"], |adoptee, at| {
        adoptee.until_state(&before);
        assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()), "step {at}");
        assert_eq!(adoptee.daemon.group_pins("ipmp0"), None, "step {at}");
    });
    adoptee.daemon.kill9();
    adoptee.daemon.restart();
    adoptee.until_state(&before);
    for connections in &connections {
        connections.until_all_progress();
    }
}

#[test]
fn a_confirmation_killed_at_any_step_leaves_the_old_host_or_the_new_one() {
    let mut adoptee = Adoptee::new(Topology::new().members(2));
    let before = adoptee.state();
    let adopt = "ipmp0 e0 e1";
    adoptee.adopted(adopt);
    kill_at_each_step(&mut adoptee, &["confirm"], |adoptee, at| {
        let (files, text) = adoptee.files();
        assert_eq!(files, ["ipmp.toml"], "step {at}");
        if text.contains("[group.ipmp0]") {
            let released = adoptee.daemon.ctl(&["release", "ipmp0", "e0"]);
            assert!(released.status.success(), "step {at}: {}", ctl::describe(&released));
        }
        adoptee.until_state(&before);
        adoptee.adopted(adopt);
    });
}

#[test]
fn a_release_killed_at_any_step_is_completed_by_the_next_daemon() {
    let mut adoptee = Adoptee::new(Topology::new().members(2));
    let before = adoptee.state();
    let (_servers, connections) = adoptee.connections();
    adoptee.adopted("ipmp0 e0 e1 --confirm 0");
    let mut last = 0;
    kill_at_each_step(&mut adoptee, &["release", "ipmp0", "e0"], |adoptee, at| {
        let text = adoptee.files().1;
        if text.contains("[group.ipmp0]") {
            // It had not begun.
            assert!(at < 3, "step {at}");
        } else {
            adoptee.until_state(&before);
            assert_eq!(adoptee.files().0, ["ipmp.toml"], "step {at}");
            adoptee.adopted("ipmp0 e0 e1 --confirm 0");
        }
        last = at;
    });
    assert!(last > 10, "only {last} steps were tried");
    adoptee.until_state(&before);
    for connections in &connections {
        connections.until_all_progress();
    }
}

#[test]
fn without_another_daemon_down_puts_everything_back() {
    let mut adoptee = Adoptee::new(Topology::new().members(2));
    let before = adoptee.state();
    adoptee.adopted("ipmp0 e0 e1");
    adoptee.daemon.kill9();
    let down = adoptee.daemon.down("ipmp0");
    assert!(down.status.success(), "{}", ctl::describe(&down));
    adoptee.until_state(&before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));
    Ping::to(plan::peer(0)[0]).from(plan::data(0)[0]).until_answered(adoptee.host());
    // The same while it runs, and when it is told to end.
    adoptee.daemon.restart();
    adoptee.adopted("ipmp0 e0 e1");
    let down = adoptee.daemon.down("ipmp0");
    assert!(down.status.success(), "{}", ctl::describe(&down));
    adoptee.until_state(&before);
    adoptee.adopted("ipmp0 e0 e1");
    adoptee.daemon.terminate();
    adoptee.until_state(&before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));
}
