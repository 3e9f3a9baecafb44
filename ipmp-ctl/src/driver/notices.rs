//! What the engine has to say: a line of the operator's log and an entry of the journal, both made here. The phrases are
//! those of Solaris' `in.mpathd`.

use std::time::Duration;

use crate::{
    config::Group,
    engine::{
        action::{Cause, Notice},
        event::{Family, MemberIndex},
    },
    journal::Entry,
};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// Good to know.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something has failed.
    Error,
}

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    level: Level,
    /// In a word.
    event: &'static str,
    member: Option<MemberIndex>,
    cause: Option<Cause>,
    text: String,
}

impl Told {
    /// What happened, in a word.
    pub(super) const fn event(&self) -> &'static str {
        self.event
    }

    /// To whom.
    pub(super) const fn member(&self) -> Option<MemberIndex> {
        self.member
    }

    /// Why, in a word.
    pub(super) fn cause(&self) -> Option<&'static str> {
        self.cause.map(word)
    }

    /// Writes a line of the log.
    pub(super) fn log(&self, config: &Group, outage: Option<Duration>) {
        let Self { text, .. } = self;
        let group = config.name.as_str();
        let member =
            self.member.and_then(|member| config.members.get(member)).map(|member| member.name.as_str());
        let cause = self.cause();
        let outage_us = outage.map(micros);
        match self.level {
            Level::Info => tracing::info!(group, member, cause, outage_us, "{text}"),
            Level::Warn => tracing::warn!(group, member, cause, outage_us, "{text}"),
            Level::Error => tracing::error!(group, member, cause, outage_us, "{text}"),
        }
    }

    /// An entry of the journal.
    pub(super) fn entry(&self, config: &Group, outage: Option<Duration>) -> Entry {
        let member = self.member.and_then(|member| config.members.get(member));
        Entry {
            group: Some(config.name.clone()),
            interface: member.map(|member| member.name.clone()),
            cause: self.cause().map(str::to_owned),
            outage_us: outage.map(micros),
            ..Entry::now(self.event, self.text.clone())
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Puts a notice into words.
pub(super) fn tell(config: &Group, notice: &Notice) -> Told {
    let group = config.name.as_str();
    let name = |member: MemberIndex| config.members.get(member).map_or("?", |member| member.name.as_str());
    let told = |level, event, member, text| Told { level, event, member, cause: None, text };
    let info = |event, member, text| told(Level::Info, event, Some(member), text);
    let warn = |event, member, text| told(Level::Warn, event, Some(member), text);
    let error = |event, member, text| told(Level::Error, event, Some(member), text);
    match *notice {
        Notice::LinkDown(member) => {
            warn("link-down", member, format!("The link has gone down on {}", name(member)))
        }
        Notice::LinkUp(member) => {
            info("link-up", member, format!("The link has come up on {}", name(member)))
        }
        Notice::Failed { member, cause } => Told {
            cause: Some(cause),
            ..error(
                "failed",
                member,
                format!("IP interface failure detected on {} of group {group}", name(member)),
            )
        },
        Notice::Repaired { member, cause } => Told {
            cause: Some(cause),
            ..info(
                "repaired",
                member,
                format!("IP interface repair detected on {} of group {group}", name(member)),
            )
        },
        Notice::Flapping { member, retry_in } => warn(
            "flapping",
            member,
            format!(
                "The link of {} has come up more than {} times in a minute; disabling repair until it stabilizes, for {} s at least",
                name(member),
                config.link_ups_per_minute,
                retry_in.as_secs()
            ),
        ),
        Notice::Absent(member) => {
            warn("absent", member, format!("member {} is absent: the group runs without it", name(member)))
        }
        Notice::Appeared(member) => info("appeared", member, format!("member {} has appeared", name(member))),
        Notice::DuplicateMac { member, holder } => error(
            "duplicate-mac",
            member,
            format!(
                "{} has a hardware address which is not unique in group {group}: {} has it too; offlining {}",
                name(member),
                name(holder),
                name(member)
            ),
        ),
        Notice::UniqueMac(member) => info(
            "unique-mac",
            member,
            format!("{} now has a unique hardware address in group {group}; onlining", name(member)),
        ),
        Notice::Offlined(member) => {
            info("offline", member, format!("{} is taken out of service: offline", name(member)))
        }
        Notice::Onlined(member) => {
            info("online", member, format!("{} is put back into service: online", name(member)))
        }
        Notice::Moved { address, from: Some(from), to } => {
            info("moved", to, format!("{address} moved from {} to {}", name(from), name(to)))
        }
        Notice::Moved { address, from: None, to } => {
            info("moved", to, format!("{address} is at {}", name(to)))
        }
        Notice::Missing { address, home, to: Some(to) } => warn(
            "missing",
            home,
            format!("moving {address} from missing interface {} (moved to {})", name(home), name(to)),
        ),
        Notice::Missing { address, home, to: None } => error(
            "missing",
            home,
            format!(
                "moving {address} from missing interface {} (couldn't move; no alternative interface)",
                name(home)
            ),
        ),
        Notice::MovesForced { buckets } => told(
            Level::Warn,
            "moves-forced",
            None,
            format!(
                "{buckets} buckets were moved to another member though they were never idle: packets of their flows may have \
                 overtaken one another"
            ),
        ),
        Notice::Activated(member) => info("activated", member, format!("{} is active now", name(member))),
        Notice::Deactivated(member) => {
            info("deactivated", member, format!("{} is inactive now", name(member)))
        }
        Notice::Nominated(member) => info(
            "nominated",
            member,
            format!("{} sends and receives broadcast and multicast now", name(member)),
        ),
        Notice::GroupUnusable => told(
            Level::Error,
            "group-failed",
            None,
            format!("All IP interfaces in group {group} are now unusable"),
        ),
        Notice::GroupUsable(member) => info(
            "group-repaired",
            member,
            format!("At least 1 IP interface ({}) in group {group} is now usable", name(member)),
        ),
        Notice::GroupSilent => told(
            Level::Error,
            "group-silent",
            None,
            format!(
                "no target answers by any member of group {group}, though links are up: flows stay where they are"
            ),
        ),
        Notice::NoTargets(member) => info(
            "no-targets",
            member,
            format!(
                "{} of group {group} has nobody to probe: it is judged by its link alone until a target is found",
                name(member)
            ),
        ),
        Notice::TargetsFound(member) => {
            info("targets-found", member, format!("{} of group {group} has targets to probe", name(member)))
        }
        Notice::TargetDead { member, target } => info(
            "target-dead",
            member,
            format!("target {target} does not answer by {} while others do: it is left out", name(member)),
        ),
        Notice::TargetSlow { member, target } => info(
            "target-slow",
            member,
            format!("target {target} answers by {} much later than the others: it is left out", name(member)),
        ),
        Notice::MissedProbes { member, family, count } => info(
            "missed-probes",
            member,
            format!(
                "missed sending {count} {} probes on {}: the daemon did not get to it in time",
                version(family),
                name(member)
            ),
        ),
        Notice::FdtRaised { member, family, wanted, fdt } => info(
            "fdt-raised",
            member,
            format!(
                "Cannot meet requested failure detection time of {wanted:?} on ({} {}); new failure detection time for group {group} is {fdt:?}",
                version(family),
                name(member)
            ),
        ),
        Notice::FdtLowered { member, family, fdt } => info(
            "fdt-lowered",
            member,
            format!(
                "Improved failure detection time {fdt:?} on ({} {}) for group {group}",
                version(family),
                name(member)
            ),
        ),
        Notice::NoTestAddress(member) => info(
            "no-test-address",
            member,
            format!(
                "No test address configured on interface {}; disabling probe-based failure detection on it",
                name(member)
            ),
        ),
        Notice::TestAddressConfigured(member) => info(
            "test-address",
            member,
            format!(
                "Test address now configured on interface {}; enabling probe-based failure detection on it",
                name(member)
            ),
        ),
        Notice::DuplicateTestAddress { member, address } => error(
            "duplicate-test-address",
            member,
            format!(
                "Test address {address} on interface {} is not unique in group {group}; disabling probe-based failure detection with it",
                name(member)
            ),
        ),
        Notice::UniqueTestAddress { member, address } => info(
            "unique-test-address",
            member,
            format!(
                "Test address {address} on interface {} is unique in group {group}; enabling probe-based failure detection with it",
                name(member)
            ),
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
