//! What the engine has to say, in the operator's log. The phrases are those of Solaris' `in.mpathd`.

use crate::{
    config::Group,
    engine::{
        action::{Cause, Notice},
        event::{Family, MemberIndex},
    },
};

/// Writes one line.
pub(super) fn log(config: &Group, notice: &Notice) {
    let group = config.name.as_str();
    let name = |member: MemberIndex| config.members.get(member).map_or("?", |member| member.name.as_str());
    match *notice {
        Notice::LinkDown(member) => tracing::warn!(group, "The link has gone down on {}", name(member)),
        Notice::LinkUp(member) => tracing::info!(group, "The link has come up on {}", name(member)),
        Notice::Failed { member, cause } => tracing::error!(
            group,
            cause = word(cause),
            "IP interface failure detected on {} of group {group}",
            name(member)
        ),
        Notice::Repaired { member, cause } => tracing::info!(
            group,
            cause = word(cause),
            "IP interface repair detected on {} of group {group}",
            name(member)
        ),
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
        Notice::Offlined(member) => {
            tracing::info!(group, "{} is taken out of service: offline", name(member));
        }
        Notice::Onlined(member) => tracing::info!(group, "{} is put back into service: online", name(member)),
        Notice::Moved { address, from: Some(from), to } => {
            tracing::info!(group, "{address} moved from {} to {}", name(from), name(to));
        }
        Notice::Moved { address, from: None, to } => tracing::info!(group, "{address} is at {}", name(to)),
        Notice::Missing { address, home, to: Some(to) } => tracing::warn!(
            group,
            "moving {address} from missing interface {} (moved to {})",
            name(home),
            name(to)
        ),
        Notice::Missing { address, home, to: None } => tracing::error!(
            group,
            "moving {address} from missing interface {} (couldn't move; no alternative interface)",
            name(home)
        ),
        Notice::Activated(member) => tracing::info!(group, "{} is active now", name(member)),
        Notice::Deactivated(member) => tracing::info!(group, "{} is inactive now", name(member)),
        Notice::Nominated(member) => {
            tracing::info!(group, "{} sends and receives broadcast and multicast now", name(member));
        }
        Notice::MovesForced { buckets } => tracing::warn!(
            group,
            "{buckets} buckets were moved to another member though they were never idle: packets of their flows may have \
             overtaken one another"
        ),
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
        Notice::GroupSilent => tracing::error!(
            group,
            "no target answers by any member of group {group}, though links are up: flows stay where they are"
        ),
        Notice::NoTargets(member) => tracing::info!(
            group,
            "{} of group {group} has nobody to probe: it is judged by its link alone until a target is found",
            name(member)
        ),
        Notice::TargetsFound(member) => {
            tracing::info!(group, "{} of group {group} has targets to probe", name(member));
        }
        Notice::TargetDead { member, target } => tracing::info!(
            group,
            "target {target} does not answer by {} while others do: it is left out",
            name(member)
        ),
        Notice::TargetSlow { member, target } => tracing::info!(
            group,
            "target {target} answers by {} much later than the others: it is left out",
            name(member)
        ),
        Notice::MissedProbes { member, family, count } => tracing::info!(
            group,
            "missed sending {count} {} probes on {}: the daemon did not get to it in time",
            version(family),
            name(member)
        ),
        Notice::FdtRaised { member, family, wanted, fdt } => tracing::info!(
            group,
            "Cannot meet requested failure detection time of {wanted:?} on ({} {}); new failure detection time for group {group} is {fdt:?}",
            version(family),
            name(member)
        ),
        Notice::FdtLowered { member, family, fdt } => tracing::info!(
            group,
            "Improved failure detection time {fdt:?} on ({} {}) for group {group}",
            version(family),
            name(member)
        ),
        Notice::NoTestAddress(member) => tracing::info!(
            group,
            "No test address configured on interface {}; disabling probe-based failure detection on it",
            name(member)
        ),
        Notice::TestAddressConfigured(member) => tracing::info!(
            group,
            "Test address now configured on interface {}; enabling probe-based failure detection on it",
            name(member)
        ),
        Notice::DuplicateTestAddress { member, address } => tracing::error!(
            group,
            "Test address {address} on interface {} is not unique in group {group}; disabling probe-based failure detection with it",
            name(member)
        ),
        Notice::UniqueTestAddress { member, address } => tracing::info!(
            group,
            "Test address {address} on interface {} is unique in group {group}; enabling probe-based failure detection with it",
            name(member)
        ),
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Link => "link",
        Cause::Probes => "probes",
    }
}

fn version(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}
