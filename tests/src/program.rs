//! The eBPF programs alone: loaded over maps of their own and run by the kernel over made packets
//! (`BPF_PROG_TEST_RUN`), without an interface that would send them.
//!
//! The maps are written as the daemon writes them. What the kernel shows of a run is the verdict and the packet
//! afterwards, not where a redirected packet would have gone: the source MAC and the counters tell that.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ipmp_common::{MemberCounters, Reason, member::Mac};
use ipmp_ctl::{
    dataplane::{
        diff::diff,
        object::{self, Constants, Program},
        tables::Tables,
    },
    engine::assignment::Assignment,
};

use crate::{daemon::mount_bpffs, residue};

mod loaded;
mod random;
pub mod scene;

pub use self::{
    loaded::{Loaded, Ran, Verdict, smallest},
    random::Random,
};

/// The maps of a group, pinned in a directory that goes when the value does.
pub struct PacketPath {
    pins: PathBuf,
    tables: Tables,
    installed: Assignment,
}

/// What a run counted; nothing of what stayed as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By slot.
    pub members: BTreeMap<u16, MemberCounters>,
    /// Packets by reason.
    pub reasons: BTreeMap<Reason, u64>,
}

impl Counts {
    /// Nothing but one packet of `bytes` bytes sent by `slot`.
    pub fn sent(slot: u16, bytes: usize) -> Self {
        let counters = MemberCounters { tx_packets: 1, tx_bytes: bytes as u64, ..MemberCounters::default() };
        Self { members: [(slot, counters)].into(), reasons: BTreeMap::new() }
    }

    /// Nothing but one packet of `bytes` bytes received by `slot` for the group.
    pub fn received(slot: u16, bytes: usize) -> Self {
        let counters = MemberCounters { rx_packets: 1, rx_bytes: bytes as u64, ..MemberCounters::default() };
        Self { members: [(slot, counters)].into(), reasons: BTreeMap::new() }
    }

    /// And one packet for `reason`.
    #[must_use]
    pub fn and(mut self, reason: Reason) -> Self {
        *self.reasons.entry(reason).or_default() += 1;
        self
    }

    /// Nothing but one packet for `reason`.
    pub fn only(reason: Reason) -> Self {
        Self::default().and(reason)
    }

    fn since(&self, before: &Self) -> Self {
        let members = self.members.iter().map(|(&slot, now)| {
            let old = before.members.get(&slot).copied().unwrap_or_default();
            let grown = MemberCounters {
                tx_packets: now.tx_packets - old.tx_packets,
                tx_bytes: now.tx_bytes - old.tx_bytes,
                rx_packets: now.rx_packets - old.rx_packets,
                rx_bytes: now.rx_bytes - old.rx_bytes,
            };
            (slot, grown)
        });
        let reasons = self
            .reasons
            .iter()
            .map(|(&reason, now)| (reason, now - before.reasons.get(&reason).copied().unwrap_or_default()));
        Self {
            members: members.filter(|(_, grown)| *grown != MemberCounters::default()).collect(),
            reasons: reasons.filter(|(_, grown)| *grown > 0).collect(),
        }
    }
}

impl PacketPath {
    /// The maps of a group interface with this MAC, as `wanted` says.
    pub fn new(group_mac: Mac, wanted: &Assignment) -> Self {
        residue::sweep();
        mount_bpffs();
        let pins = Path::new("/sys/fs/bpf").join(residue::unique("program"));
        fs::create_dir(&pins).unwrap_or_else(|error| panic!("{}: {error}", pins.display()));
        object::load(Program::GroupEgress, scene::constants(), &pins).expect("the first load makes the maps");
        let tables = Tables::open(&pins).expect("the maps have just been made");
        tables.set_group_mac(group_mac);
        tables.reset();
        let mut path = Self { pins, tables, installed: Assignment::default() };
        path.install(wanted);
        path
    }

    /// Makes the maps hold `wanted`, by the writes that the daemon would make.
    pub fn install(&mut self, wanted: &Assignment) {
        for op in diff(&self.installed, wanted) {
            self.tables.write(&op).unwrap_or_else(|error| panic!("{op:?}: {error}"));
        }
        self.installed = wanted.clone();
    }

    /// What the maps hold.
    pub const fn installed(&self) -> &Assignment {
        &self.installed
    }

    /// The maps.
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Where the maps are pinned.
    pub fn pins(&self) -> &Path {
        &self.pins
    }

    /// Loads a program over the maps.
    pub fn load(&self, program: Program, constants: Constants) -> Loaded {
        let object = object::load(program, constants, &self.pins)
            .unwrap_or_else(|error| panic!("{program:?}: {error}"));
        Loaded::new(object, program)
    }

    /// Runs the program once over `frame` and says what it did and counted.
    pub fn run(&self, program: &mut Loaded, frame: &[u8]) -> (Ran, Counts) {
        self.observe(|| program.run(frame))
    }

    /// What the programs count while `work` is done.
    pub fn observe<T>(&self, work: impl FnOnce() -> T) -> (T, Counts) {
        let before = self.counts();
        let result = work();
        (result, self.counts().since(&before))
    }

    fn counts(&self) -> Counts {
        let member = |&slot| (slot, self.tables.counters(slot).expect("a slot's counters can be read"));
        let reason = |&reason| (reason, self.tables.reason(reason).expect("a reason's counter can be read"));
        Counts {
            members: self.installed.slots.keys().map(member).collect(),
            reasons: Reason::ALL.iter().map(reason).collect(),
        }
    }
}

impl Drop for PacketPath {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.pins) {
            eprintln!("{} stays behind: {error}", self.pins.display());
        }
    }
}
