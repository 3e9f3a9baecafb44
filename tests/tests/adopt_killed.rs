//! The daemon is killed at every step of an adoption, a confirmation and a release.

use ipmp_tests::{
    Topology,
    adoptee::{Adoptee, NOTHING},
    assassin::Assassin,
    ctl,
};

/// Steps that are passed over between two that are tried: a prime, and another one in each test, so that all is met.
const STRIDE: usize = 1;

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
        println!("step {at}");
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
