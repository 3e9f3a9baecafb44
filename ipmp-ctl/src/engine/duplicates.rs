//! Members with the MAC address of another one. A switch cannot tell them apart, so all but one stay offline: the one
//! whose address came into the group first keeps working.

use super::{event::MemberIndex, member::Member};

/// The member that keeps the MAC address which `index` has too; `None` if that is `index` itself or nobody else.
pub(super) fn holder(members: &[Member], index: MemberIndex) -> Option<MemberIndex> {
    let mac = members[index].link?.mac;
    (0..members.len())
        .filter(|&other| members[other].link.is_some_and(|link| link.mac == mac))
        .min_by_key(|&other| members[other].arrival)
        .filter(|&first| first != index)
}
