//! `detect`: how soon a loss of carrier is noticed.

use std::time::Duration;

use clap::Args;
use ipmp_tests::{Figures, Rig, Topology, interrupt, machine, reaction::Watch, usable::UsableWord};

use crate::veth::Veth;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Cuts for each number of members and kind of veth pair
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    trials: u32,
}

const MEMBERS: usize = 8;

/// Measures and prints.
pub(crate) fn run(options: &Options) {
    machine::introduce(
        "From the loss of carrier to the daemon's write of the usable word, in ms, without traffic; both looked at every\n\
         0.1 ms or so: the NIC's carrier_down_count in sysfs, and the word in the kernel map.",
    );
    println!("{:<10} {:>7} {}", "ifindexes", "members", Figures::HEADINGS);
    for veth in Veth::BOTH {
        for members in 1..=MEMBERS {
            let (figures, unnoticed) = measure(veth, members, options.trials);
            let note = if unnoticed > 0 { format!("  {unnoticed} not acted upon") } else { String::new() };
            println!("{:<10} {members:>7} {figures}{note}", veth.name());
        }
    }
}

/// Times in milliseconds, and how many cuts were not acted upon.
fn measure(veth: Veth, members: usize, trials: u32) -> (Figures, usize) {
    let rig = Rig::with(Topology::new().members(members).equal_ifindex(veth.is_equal()), |group| {
        group.line("link-ups-per-minute = 0")
    });
    let watch = Watch::new(&rig.topology, UsableWord::open(&rig.daemon, "ipmp0"));
    let mut times = Vec::new();
    for trial in 0..trials {
        let member = trial as usize % members;
        // Not in step with any timer of the kernel or the daemon.
        interrupt::pause(Duration::from_millis(100 + u64::from(trial * 37 % 200)));
        let reaction = watch.cut(&rig.topology, &[member]);
        times.extend(reaction.detection());
        rig.daemon.until_state(&format!("e{member}"), "failed");
        rig.repair(member);
    }
    let unnoticed = trials as usize - times.len();
    (times.into_iter().map(|time| time.as_secs_f64() * 1e3).collect(), unnoticed)
}
