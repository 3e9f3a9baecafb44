//! What the programs of a group are made for.

use std::path::Path;

use ipmp_common::{Meta, layout::LAYOUT_VERSION};

use crate::{
    dataplane::{
        hook::{AttachBy, xdp},
        tables::Tables,
    },
    kernel::netns::NetnsId,
};

/// What does not change while a group exists, but for the index of its interface.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// Name of the group and its interface.
    pub group: String,
    /// Interface index of the group interface; 0 while there is none.
    pub group_ifindex: u32,
    /// The network namespace.
    pub netns: NetnsId,
    /// `receive = "member"`.
    pub receive_on_member: bool,
    /// What the programs log: 0 to 5.
    pub trace_level: u8,
    /// How programs are attached.
    pub attach_by: AttachBy,
    /// How the program at a member's driver is attached, if there is to be one.
    pub driver_hook: Option<xdp::Mode>,
}

impl Fixed {
    pub(super) fn meta(&self, hash_seed: u64) -> Meta {
        Meta {
            layout_version: LAYOUT_VERSION,
            group_ifindex: self.group_ifindex,
            netns_cookie: self.netns.cookie,
            netns_inode: self.netns.inode,
            hash_seed,
        }
    }

    /// Whether pins with this meta data are of this group, and of this layout. The group interface may have been made anew.
    pub(super) fn owns(&self, meta: &Meta) -> bool {
        let of_this_interface = Meta { group_ifindex: self.group_ifindex, ..*meta };
        of_this_interface == self.meta(meta.hash_seed)
    }

    /// Whether there are pins at `pins` that are not: of another layout, or another network namespace.
    pub fn disowns(&self, pins: &Path) -> bool {
        Tables::peek_meta(pins).is_ok_and(|meta| !self.owns(&meta))
    }
}
