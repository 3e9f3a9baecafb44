//! Loading and attaching the programs of a group.

use std::path::PathBuf;

use super::{Fixed, PathError};
use crate::{
    dataplane::{
        hook::{Hook, HookError, Place},
        link_info,
        object::{self, Constants},
        trace::Trace,
    },
    engine::assignment::SlotLink,
};

/// A hook, and the reader of its program's log if packets are traced.
#[derive(Debug)]
pub struct Attached {
    hook: Hook,
    _trace: Option<Trace>,
    /// Where it is.
    pub place: Place,
    /// What [`MemberAttach::run`] was given.
    pub number: u64,
    /// The group interface that the program names.
    pub(super) group_ifindex: u32,
}

impl Attached {
    /// How it is attached, in a word.
    pub const fn kind(&self) -> &'static str {
        self.hook.kind()
    }

    /// What it takes to look whether it is still there.
    pub(super) fn proof(&self) -> Option<Proof> {
        Some(Proof { place: self.place, number: self.number, pin: self.hook.pin()?.to_owned() })
    }

    /// Takes the program away from its place.
    pub fn detach(self) -> Result<(), HookError> {
        self.hook.detach()
    }

    /// Lets go of it where another program has taken its place over.
    pub fn abandon(self) {
        self.hook.abandon();
    }
}

/// That a program is at its place, and stays there when the daemon dies: its pinned link.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The place.
    pub place: Place,
    /// The number of the attachment.
    pub number: u64,
    pin: PathBuf,
}

impl Proof {
    /// Whether the link is pinned and attached. Waits for the lock of the network stack: keep it off the event loop.
    pub fn holds(&self) -> bool {
        link_info::pinned(&self.pin).is_some_and(|link| link.ifindex != 0)
    }
}

/// All that it takes to attach a program, apart from the group: to be done on another thread.
#[derive(Debug)]
pub struct MemberAttach {
    /// Where.
    pub place: Place,
    /// The member; at the group interface, its index alone.
    pub link: SlotLink,
    interface: String,
    loader: Loader,
}

impl MemberAttach {
    pub(super) const fn new(place: Place, link: SlotLink, interface: String, loader: Loader) -> Self {
        Self { place, link, interface, loader }
    }

    /// The interface.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Attaches the program. `number` tells later attachments at the same slot from earlier ones.
    pub fn run(self, number: u64) -> Result<Attached, PathError> {
        let attached = self.loader.attach(self.place, &self.interface)?;
        Ok(Attached { number, ..attached })
    }
}

/// Loads and attaches programs of one group.
#[derive(Clone, Debug)]
pub(super) struct Loader {
    pub(super) fixed: Fixed,
    pub(super) hash_seed: u64,
    pub(super) pins: PathBuf,
}

impl Loader {
    pub(super) fn attach(&self, place: Place, interface: &str) -> Result<Attached, PathError> {
        let hook_error = |source| PathError::Hook { group: self.fixed.group.clone(), source };
        let constants = constants(&self.fixed, self.hash_seed, place);
        let loaded = object::load(place.program(), constants, &self.pins);
        let mut object = loaded.map_err(HookError::from).map_err(hook_error)?;
        let pin = self.pins.join(place.pin_name());
        let hook =
            Hook::attach(&mut object, place, interface, &pin, self.fixed.attach_by).map_err(hook_error)?;
        let trace = (self.fixed.trace_level > 0 && !matches!(place, Place::MemberDriver(..)))
            .then(|| Trace::start(&mut object))
            .transpose()
            .map_err(|source| PathError::Trace { group: self.fixed.group.clone(), source })?;
        Ok(Attached { hook, _trace: trace, place, number: 0, group_ifindex: self.fixed.group_ifindex })
    }
}

pub(super) fn constants(fixed: &Fixed, hash_seed: u64, place: Place) -> Constants {
    Constants {
        hash_seed,
        group_ifindex: fixed.group_ifindex,
        slot: place.slot().unwrap_or(0),
        receive_on_member: fixed.receive_on_member,
        behind: place == Place::PeerIngress,
        trace_level: fixed.trace_level,
    }
}
