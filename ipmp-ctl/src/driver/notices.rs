//! What the engine has to say, in the operator's log. The phrases are those of Solaris' `in.mpathd`.

use crate::{
    config::Group,
    engine::{action::Notice, event::MemberIndex},
};

/// Writes one line.
pub(super) fn log(config: &Group, notice: &Notice) {
    let group = config.name.as_str();
    let name = |member: MemberIndex| config.members.get(member).map_or("?", |member| member.name.as_str());
    match *notice {
        Notice::LinkDown(member) => tracing::warn!(group, "The link has gone down on {}", name(member)),
        Notice::LinkUp(member) => tracing::info!(group, "The link has come up on {}", name(member)),
        Notice::Failed(member) => {
            tracing::error!(group, "IP interface failure detected on {} of group {group}", name(member));
        }
        Notice::Repaired(member) => {
            tracing::info!(group, "IP interface repair detected on {} of group {group}", name(member));
        }
        Notice::Flapping { member, retry_in } => tracing::warn!(
            group,
            "The link of {} has come up more than {} times in a minute; disabling repair until it stabilizes, for {} s at least",
            name(member),
            config.link_ups_per_minute,
            retry_in.as_secs()
        ),
        Notice::Absent(member) => {
            tracing::warn!(group, "member {} is absent: the group runs without it", name(member));
        }
        Notice::Appeared(member) => tracing::info!(group, "member {} has appeared", name(member)),
        Notice::DuplicateMac { member, holder } => tracing::error!(
            group,
            "{} has a hardware address which is not unique in group {group}: {} has it too; offlining {}",
            name(member),
            name(holder),
            name(member)
        ),
        Notice::UniqueMac(member) => tracing::info!(
            group,
            "{} now has a unique hardware address in group {group}; onlining",
            name(member)
        ),
        Notice::Moved { address, from: Some(from), to } => {
            tracing::info!(group, "{address} moved from {} to {}", name(from), name(to));
        }
        Notice::Moved { address, from: None, to } => tracing::info!(group, "{address} is at {}", name(to)),
        Notice::Activated(member) => tracing::info!(group, "{} is active now", name(member)),
        Notice::Deactivated(member) => tracing::info!(group, "{} is inactive now", name(member)),
        Notice::Nominated(member) => {
            tracing::info!(group, "{} sends and receives broadcast and multicast now", name(member));
        }
        Notice::GroupUnusable => {
            tracing::error!(group, "All IP interfaces in group {group} are now unusable");
        }
        Notice::GroupUsable(member) => {
            tracing::info!(
                group,
                "At least 1 IP interface ({}) in group {group} is now usable",
                name(member)
            );
        }
    }
}
