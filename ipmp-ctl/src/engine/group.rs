//! What the members make of their group: its state, and limits and carrier of its interface.

use super::{event::Limits, member::Member, view::GroupState};

/// The state of the group: an idle standby counts as usable, an absent member does not.
pub(super) fn state(members: &[Member]) -> GroupState {
    match members.iter().filter(|member| member.is_usable()).count() {
        0 => GroupState::Failed,
        usable if usable == members.len() => GroupState::Ok,
        _ => GroupState::Degraded,
    }
}

/// Whether the group interface has RUNNING: at least `min_active` members serve, and one in any case.
pub(super) fn running(members: &[Member], min_active: u32) -> bool {
    members.iter().filter(|member| member.serves()).count() >= min_active.max(1) as usize
}

/// The most that every present member can send in one piece.
pub(super) fn limits(members: &[Member]) -> Option<Limits> {
    members.iter().filter_map(|member| Some(member.link?.limits)).reduce(|a, b| Limits {
        mtu: a.mtu.min(b.mtu),
        gso_max_size: a.gso_max_size.min(b.gso_max_size),
        gso_ipv4_max_size: a.gso_ipv4_max_size.min(b.gso_ipv4_max_size),
        gso_max_segs: a.gso_max_segs.min(b.gso_max_segs),
    })
}
