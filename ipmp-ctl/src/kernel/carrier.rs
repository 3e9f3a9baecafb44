//! The carrier poll: sees a loss of carrier within 5 ms, where netlink may take a second.
//!
//! Each look reads one number per member: the count of losses while it has carrier, the count of returns while it has
//! not. A bounce between two looks has changed that number too, and becomes two edges.

pub mod edges;

use std::{collections::BTreeMap, io, time::Duration};

use self::edges::{Counts, Edges};
use super::{
    sysfs::{CarrierCounts, Sysfs},
    timer::Timer,
};

/// Up to this many members are looked at every [`SHORTEST`].
const FAST_MEMBERS: usize = 8;
/// Detection within 5 ms leaves 2 ms for being late.
const SHORTEST: Duration = Duration::from_millis(3);
/// With more members, time between looks for each: a look takes 7 us, so this is 1 % of a core.
const PER_MEMBER: Duration = Duration::from_micros(700);

/// Attempts to read state and counts that belong together.
const CONSISTENT_READS: usize = 4;

/// Why a member cannot be polled.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// No timer.
    #[error("cannot make a timer for the carrier poll: {0}")]
    Timer(io::Error),
    /// No counts.
    #[error("cannot read the carrier of interface {ifname} from sysfs: {source}")]
    Counts {
        /// The member.
        ifname: String,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Time between two looks at this many members.
pub fn period(members: usize) -> Duration {
    if members <= FAST_MEMBERS { SHORTEST } else { PER_MEMBER * members as u32 }
}

/// The poll of any number of members, each known by a key.
#[derive(Debug)]
pub struct CarrierPoll<K> {
    timer: Timer,
    members: BTreeMap<K, Watched>,
}

/// A member whose carrier can be looked at.
#[derive(Debug)]
pub struct Watched {
    counts: CarrierCounts,
    edges: Edges,
}

impl<K: Ord + Copy> CarrierPoll<K> {
    /// A poll of nobody. Call it inside a tokio runtime.
    pub fn new() -> Result<Self, CarrierError> {
        let timer = Timer::new().map_err(CarrierError::Timer)?;
        Ok(Self { timer, members: BTreeMap::new() })
    }

    /// Starts to watch a member, in place of an earlier one of the same key. Says whether it has carrier now.
    pub fn add(&mut self, key: K, member: Watched) -> Result<bool, CarrierError> {
        let up = member.edges.is_up();
        self.members.insert(key, member);
        self.arm()?;
        Ok(up)
    }

    /// Whether the interface that is watched under this key is still there: another one may have its name, or its index.
    pub fn holds(&self, key: K) -> bool {
        self.members.get(&key).is_some_and(|member| member.counts.read().is_ok())
    }

    /// Stops watching a member.
    pub fn remove(&mut self, key: K) -> Result<(), CarrierError> {
        self.members.remove(&key);
        self.arm()
    }

    /// Looks at one member at once, for instance because netlink said something about it. The edges since the last
    /// look, oldest first; none for a member that is not watched or is gone.
    pub fn look(&mut self, key: K) -> Vec<bool> {
        self.members.get_mut(&key).map_or_else(Vec::new, |member| member.full_look().unwrap_or_default())
    }

    /// Waits for edges: key and whether carrier is there now, oldest first for each member. Nothing is lost if the
    /// future is dropped.
    pub async fn next(&mut self) -> io::Result<Vec<(K, bool)>> {
        loop {
            // Ticks that were missed are one: the counts tell what happened.
            self.timer.fired().await?;
            let found = self.poll();
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }

    fn poll(&mut self) -> Vec<(K, bool)> {
        let mut found = Vec::new();
        for (key, member) in &mut self.members {
            // A member that is gone reads as an error; netlink tells the driver, which removes it.
            found.extend(member.short_look().unwrap_or_default().into_iter().map(|up| (*key, up)));
        }
        found
    }

    fn arm(&mut self) -> Result<(), CarrierError> {
        let period = if self.members.is_empty() { Duration::ZERO } else { period(self.members.len()) };
        self.timer.set_period(period).map_err(CarrierError::Timer)
    }
}

impl Watched {
    /// Opens what tells of the carrier of an interface. `carrier_now`, as netlink had it, counts where sysfs does not tell
    /// because the interface is down.
    ///
    /// Reads the state itself once, which takes the lock of the network stack; no later look does.
    pub fn open(sysfs: &Sysfs, ifname: &str, carrier_now: bool) -> Result<Self, CarrierError> {
        let failed = |source| CarrierError::Counts { ifname: ifname.to_owned(), source };
        let counts = CarrierCounts::open(sysfs, ifname).map_err(failed)?;
        let edges = consistent(&counts, sysfs, ifname, carrier_now).map_err(failed)?;
        Ok(Self { counts, edges })
    }

    /// One read, and the others only if it shows a change.
    fn short_look(&mut self) -> io::Result<Vec<bool>> {
        let next = if self.edges.is_up() { self.counts.down()? } else { self.counts.up()? };
        if self.edges.expects(next) { Ok(Vec::new()) } else { self.full_look() }
    }

    fn full_look(&mut self) -> io::Result<Vec<bool>> {
        Ok(self.edges.observe(read_in_order(&self.counts, self.edges.is_up())?))
    }
}

/// The count that must not run ahead is read first: with carrier there, each return counted has had its loss counted
/// before, so losses are read after returns; and the other way round.
fn read_in_order(counts: &CarrierCounts, up: bool) -> io::Result<Counts> {
    if up {
        let up = counts.up()?;
        Ok(Counts { down: counts.down()?, up })
    } else {
        let down = counts.down()?;
        Ok(Counts { down, up: counts.up()? })
    }
}

/// State and counts of the same moment.
fn consistent(counts: &CarrierCounts, sysfs: &Sysfs, ifname: &str, otherwise: bool) -> io::Result<Edges> {
    let mut before = counts.read()?;
    for _ in 1..CONSISTENT_READS {
        let up = sysfs.carrier(ifname).unwrap_or(otherwise);
        let after = counts.read()?;
        if before == after {
            return Ok(Edges::new(up, Counts { down: after.0, up: after.1 }));
        }
        before = after;
    }
    // It changes all the time; a later look puts a wrong state right.
    Ok(Edges::new(otherwise, Counts { down: before.0, up: before.1 }))
}

#[cfg(test)]
mod tests;
