//! The anonymous group: interfaces that belong to no group. Their links are watched and what happens to them is told;
//! nothing moves, and nothing is touched.
//!
//! On Solaris an interface with a test address is probed too. Here that would be an address which the host uses for
//! everything else, so link detection is all there is.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::link::Damping;

/// Link-ups within a minute that are trusted at once.
const LINK_UPS_PER_MINUTE: u32 = 2;

/// An interface that is there and administratively up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Its name.
    pub name: String,
    /// Whether it has carrier.
    pub carrier: bool,
}

/// What has happened to an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It is watched from now on.
    Watched,
    /// It is watched no longer: it is gone, taken down, or a member now.
    Unwatched,
    /// Its link has gone down: it is failed.
    LinkDown,
    /// Its link has come up.
    LinkUp,
    /// It works again.
    Repaired,
    /// Its link comes up too often: its repair is not considered before this time has passed.
    Flapping {
        /// How long.
        retry_in: Duration,
    },
}

/// An interface as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it has carrier.
    pub link_up: bool,
    /// Whether it is failed.
    pub failed: bool,
}

/// The group.
#[derive(Clone, Debug, Default)]
pub struct Anonymous {
    interfaces: BTreeMap<u32, Interface>,
}

#[derive(Clone, Debug, Default)]
struct Interface {
    name: String,
    carrier: bool,
    failed: bool,
    damping: Damping,
}

impl Anonymous {
    /// Input: exactly these interfaces are there, by interface index. What has happened to each is said in that order.
    pub fn look(&mut self, present: &BTreeMap<u32, Present>, now: Instant) -> Vec<(String, Remark)> {
        let mut remarks = self.serve(now);
        let is_same = |index: &u32, name: &str| present.get(index).is_some_and(|other| other.name == name);
        let (known, gone) = std::mem::take(&mut self.interfaces)
            .into_iter()
            .partition(|(index, interface)| is_same(index, &interface.name));
        self.interfaces = known;
        let gone: BTreeMap<u32, Interface> = gone;
        remarks.extend(gone.into_values().map(|interface| (interface.name, Remark::Unwatched)));
        for (&index, Present { name, carrier }) in present {
            let mut say = |remark| remarks.push((name.clone(), remark));
            let interface = self.interfaces.entry(index).or_insert_with(|| {
                say(Remark::Watched);
                Interface { name: name.clone(), carrier: true, ..Interface::default() }
            });
            if std::mem::replace(&mut interface.carrier, *carrier) != *carrier {
                interface.link_changed(now, say);
            }
        }
        remarks
    }

    /// Input: the time of [`Self::next`] has come.
    pub fn serve(&mut self, now: Instant) -> Vec<(String, Remark)> {
        let due = |interface: &&mut Interface| interface.damping.retry_at().is_some_and(|at| at <= now);
        let mut remarks = Vec::new();
        for interface in self.interfaces.values_mut().filter(due) {
            interface.damping.repaired();
            interface.failed = false;
            remarks.push((interface.name.clone(), Remark::Repaired));
        }
        remarks
    }

    /// When [`Self::serve`] has something to do.
    pub fn next(&self) -> Option<Instant> {
        self.interfaces.values().filter_map(|interface| interface.damping.retry_at()).min()
    }

    /// Getter: the interfaces, by interface index.
    pub fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        self.interfaces.values().map(|interface| Shown {
            name: &interface.name,
            link_up: interface.carrier,
            failed: interface.failed,
        })
    }
}

impl Interface {
    fn link_changed(&mut self, now: Instant, mut say: impl FnMut(Remark)) {
        if !self.carrier {
            self.damping.link_down();
            self.failed = true;
            return say(Remark::LinkDown);
        }
        say(Remark::LinkUp);
        if self.damping.link_up(LINK_UPS_PER_MINUTE, now) {
            self.damping.repaired();
            self.failed = false;
            say(Remark::Repaired);
        } else if let Some(retry_in) = self.damping.tell(now) {
            say(Remark::Flapping { retry_in });
        }
    }
}

#[cfg(test)]
mod tests;
