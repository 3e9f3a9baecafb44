//! The programs at both ends of the group interface, which may be made anew while the group exists.

use ipmp_common::member::Mac;

use super::{Attached, GroupPath, MemberAttach, PathError};
use crate::{
    dataplane::{hook::Place, saved::SavedMap},
    engine::assignment::SlotLink,
    kernel::{group_link::peer_name, settings},
};

/// The places, the peer first: what is sent before the other one is there is caught.
const PLACES: [Place; 2] = [Place::PeerIngress, Place::GroupEgress];

impl GroupPath {
    /// Attaches the programs at the group interface and at its peer.
    pub fn attach_group(&mut self) -> Result<(), PathError> {
        for work in self.missing_at_group() {
            let attached = work.run(0)?;
            self.group_hooks.insert(attached.place, attached);
        }
        Ok(())
    }

    /// How programs are attached, in a word, once they are.
    pub fn attached_by(&self) -> Option<&'static str> {
        self.group_hooks.values().next().map(Attached::kind)
    }

    /// The group interface is gone: nothing is attached to it until there is another one.
    pub fn lose_interface(&mut self) {
        let old = std::mem::take(&mut self.fixed.group_ifindex);
        settings::forget(old, &mut SavedMap(self.tables.saved_settings()));
    }

    /// The group interface is another one now. All programs name it: those at members are to be replaced too.
    pub fn follow_interface(&mut self, ifindex: u32) -> Result<(), PathError> {
        self.fixed.group_ifindex = ifindex;
        self.lost.extend(self.member_hooks.keys().map(|&slot| Place::MemberIngress(slot)));
        let written = self.tables.set_meta(self.fixed.meta(self.hash_seed));
        written.map_err(|source| PathError::Table { group: self.fixed.group.clone(), source })
    }

    /// Whether the programs at both ends of the present group interface are in place.
    pub fn is_at_group(&self) -> bool {
        PLACES.iter().all(|place| self.group_hooks.get(place).is_some_and(|hook| self.is_current(hook)))
    }

    pub(super) fn missing_at_group(&self) -> Vec<MemberAttach> {
        let Self { fixed, group_hooks, .. } = self;
        if fixed.group_ifindex == 0 {
            return Vec::new();
        }
        let lacks = |place: &Place| group_hooks.get(place).is_none_or(|hook| !self.is_current(hook));
        let attach = |place| {
            let interface =
                if place == Place::PeerIngress { peer_name(&fixed.group) } else { fixed.group.clone() };
            let link = SlotLink { ifindex: fixed.group_ifindex, mac: Mac { bytes: [0; 6] } };
            MemberAttach::new(place, link, interface, self.loader())
        };
        PLACES.into_iter().filter(lacks).map(attach).collect()
    }

    /// Takes in what was attached at the group interface; gives back what it supersedes, or itself if it names an interface
    /// that is gone.
    pub(super) fn attached_at_group(&mut self, attached: Attached) -> Option<Attached> {
        if !self.is_current(&attached) {
            return Some(attached);
        }
        self.group_hooks.insert(attached.place, attached)
    }

    fn is_current(&self, attached: &Attached) -> bool {
        attached.group_ifindex == self.fixed.group_ifindex
    }
}
