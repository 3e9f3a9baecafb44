//! Which of the working members carry traffic: standby members, the INACTIVE flag and the failback policy, by the rules
//! of Solaris in.mpathd.
//!
//! The active set should be as large as there are members not configured as standby. A link that is gone does not make
//! its member any less configured, so a standby stands in for it as for a failed one.

use std::cmp::Reverse;

use super::{event::MemberIndex, member::Member};

/// How a member comes to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is there for the first time.
    Start,
    /// It had failed.
    Repair,
    /// It had been offline.
    Online,
}

/// Decides whether the member `index`, about to work again, is active or INACTIVE, and sets its flag.
///
/// Returns the standby that is no longer needed and has been made INACTIVE, if there is one.
pub(super) fn enter(
    members: &mut [Member],
    index: MemberIndex,
    entry: Entry,
    failback: bool,
) -> Option<MemberIndex> {
    let wanted = wanted(members);
    let active = active_others(members, index).count();
    let group_failed = !working_others(members, index);

    if members[index].standby {
        members[index].inactive = active >= wanted;
        return None;
    }
    if failback || entry == Entry::Online {
        members[index].inactive = false;
        let standbys = active_others(members, index).filter(|&other| members[other].standby);
        let spare = standbys.min_by_key(|&other| (members[other].priority, Reverse(other)));
        let spare = spare.filter(|_| active >= wanted)?;
        members[spare].inactive = true;
        return Some(spare);
    }
    members[index].inactive = entry == Entry::Repair && !group_failed;
    None
}

/// The member to activate when an active one is lost: a working INACTIVE one, standby preferred; of those the one with
/// the highest priority.
pub(super) fn replacement(members: &[Member]) -> Option<MemberIndex> {
    let idle = |index: &MemberIndex| members[*index].is_usable() && members[*index].inactive;
    let rank = |&index: &MemberIndex| (!members[index].standby, Reverse(members[index].priority), index);
    (0..members.len()).filter(idle).min_by_key(rank)
}

/// Whether the working member `index`, which has just been made a standby or is none any more, is to be INACTIVE.
pub(super) fn is_spare(members: &[Member], index: MemberIndex) -> bool {
    let active = active_others(members, index).count() + usize::from(!members[index].inactive);
    let wanted = wanted(members);
    if members[index].inactive { active >= wanted } else { active > wanted }
}

/// How many members should be active: at least one, for a group of nothing but standby members would stay idle otherwise.
pub(super) fn wanted(members: &[Member]) -> usize {
    members.iter().filter(|member| !member.standby).count().max(1)
}

fn active_others(members: &[Member], index: MemberIndex) -> impl Iterator<Item = MemberIndex> {
    (0..members.len()).filter(move |&other| other != index && members[other].serves())
}

fn working_others(members: &[Member], index: MemberIndex) -> bool {
    let works = |member: &Member| member.is_usable() || member.is_kept();
    members.iter().enumerate().any(|(other, member)| other != index && works(member))
}

#[cfg(test)]
mod tests;
