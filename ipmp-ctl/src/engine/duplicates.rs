//! Members with the MAC address of another one. A switch cannot tell them apart, so all but one stay offline: the one
//! whose address came into the group first keeps working. A member that the administrator has taken offline sends nothing,
//! so it stands in nobody's way.

use super::{event::MemberIndex, member::Member};

/// The member that keeps the MAC address which `index` has too; `None` if that is `index` itself or nobody else.
pub(super) fn holder(members: &[Member], index: MemberIndex) -> Option<MemberIndex> {
    rivals(members, index).min_by_key(|&other| members[other].arrival).filter(|&first| first != index)
}

/// A member in service with the MAC address of `index`, which is not.
pub(super) fn rival(members: &[Member], index: MemberIndex) -> Option<MemberIndex> {
    rivals(members, index).find(|&other| other != index)
}

fn rivals(members: &[Member], index: MemberIndex) -> impl Iterator<Item = MemberIndex> {
    let mac = members[index].link.map(|link| link.mac);
    (0..members.len()).filter(move |&other| {
        let member = &members[other];
        mac.is_some() && !member.is_retired() && member.link.map(|link| link.mac) == mac
    })
}
