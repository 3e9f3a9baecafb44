//! How long the daemon takes to act.

use std::{
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use ipmp_ctl::kernel::sysfs::{CarrierCounts, Sysfs};

use crate::{Topology, interrupt, usable::UsableWord};

/// What happened after cables were pulled or put back. Times are from the moment just before the kernel was told to do
/// so; looked at every 0.1 ms or so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    /// Until the members' NICs had lost (or regained) their carrier.
    pub carrier: Option<Duration>,
    /// Until the daemon had acted: written the group's usable word.
    pub acted: Option<Duration>,
}

impl Reaction {
    /// From the change of the carrier to the daemon's action.
    pub fn detection(&self) -> Option<Duration> {
        Some(self.acted?.saturating_sub(self.carrier?))
    }
}

/// Time between two looks; sleeping adds the timer's slack of 50 us.
const LOOK: Duration = Duration::from_micros(50);

/// Time that the daemon has.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches what the daemon of a topology's first host does about cables.
#[derive(Debug)]
pub struct Watch {
    word: UsableWord,
    carriers: Vec<CarrierCounts>,
}

impl Watch {
    /// Watches all members of the first host.
    pub fn new(topology: &Topology, word: UsableWord) -> Self {
        let host = topology.host();
        let carriers = host.run(|| {
            let sysfs = Sysfs::open().unwrap_or_else(|error| panic!("{error}"));
            let open = |member: &String| {
                CarrierCounts::open(&sysfs, member).unwrap_or_else(|error| panic!("{member}: {error}"))
            };
            topology.hosts[0].members.iter().map(open).collect()
        });
        Self { word, carriers }
    }

    /// How many members may send.
    pub fn usable(&self) -> u32 {
        self.word.get().len()
    }

    /// Pulls the cables of working members, all at once.
    pub fn cut(&self, topology: &Topology, members: &[usize]) -> Reaction {
        let wanted = self.usable().saturating_sub(members.len() as u32);
        self.watch(members, wanted, CarrierCounts::down, || {
            for &member in members {
                topology.cut(member);
            }
        })
    }

    /// Puts the cables of failed members back.
    pub fn restore(&self, topology: &Topology, members: &[usize]) -> Reaction {
        let wanted = self.usable() + members.len() as u32;
        self.watch(members, wanted, CarrierCounts::up, || {
            for &member in members {
                topology.restore(member);
            }
        })
    }

    /// Does `act` and waits, with a limit, until the carrier of all `members` has changed and `wanted` are usable.
    fn watch(
        &self,
        members: &[usize],
        wanted: u32,
        count: fn(&CarrierCounts) -> std::io::Result<u32>,
        act: impl FnOnce() + Send,
    ) -> Reaction {
        let counts = || -> Vec<u32> {
            let read = |&member: &usize| count(&self.carriers[member]).expect("the member stays");
            members.iter().map(read).collect()
        };
        let before = counts();
        let changed = || counts().iter().zip(&before).all(|(now, before)| now != before);
        let start = Instant::now();
        let mut reaction = Reaction::default();
        thread::scope(|scope| {
            // The kernel answers only after it has waited for all processors; the change is visible long before.
            scope.spawn(act);
            while (reaction.carrier.is_none() || reaction.acted.is_none()) && start.elapsed() < PATIENCE {
                interrupt::check();
                if reaction.acted.is_none() && self.usable() == wanted {
                    reaction.acted = Some(start.elapsed());
                }
                if reaction.carrier.is_none() && changed() {
                    reaction.carrier = Some(start.elapsed());
                }
                thread::sleep(LOOK);
            }
        });
        reaction
    }
}

/// A window of time that began at `start_ns` and ends early enough before now for all packets to be there.
pub fn window_since(start_ns: u64) -> Range<u64> {
    const ON_THEIR_WAY_NS: u64 = 50_000_000;
    start_ns..crate::stream::now_ns().saturating_sub(ON_THEIR_WAY_NS).max(start_ns)
}
