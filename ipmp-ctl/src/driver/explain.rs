//! `explain`: what the engine knows of a member, in words, with what the driver knows beside it.

use std::time::{Duration, Instant};

use super::{Driver, group::GroupRuntime, status};
use crate::{
    control::protocol::{Event, Explained, HeardStatus, Reply},
    engine::{
        event::MemberIndex,
        explain::{Evidence, Heard, Need, Standing},
    },
};

/// Transitions that are told.
const MOST: usize = 10;

/// Events of a member that say nothing of its state.
const BESIDE: [&str; 5] = ["announced", "moved", "missed-probes", "nominated", "more"];

impl Driver {
    /// Why a member is in its state.
    pub(super) fn explain(&self, interface: &str) -> Reply {
        let member = |group: &GroupRuntime| group.member_named(interface);
        let found = self.groups.iter().flatten().find_map(|group| Some((group, member(group)?)));
        let Some((group, member)) = found else {
            return Reply::Refused { reason: self.no_such_member(interface) };
        };
        let mut entries = self.journal.entries();
        entries.retain(|entry| {
            entry.interface.as_deref() == Some(interface) && !BESIDE.contains(&&*entry.event)
        });
        let history = entries.split_off(entries.len().saturating_sub(MOST));
        explained(group, member, history).map_or_else(
            || Reply::Refused { reason: format!("{interface} has just left its group") },
            Reply::Explained,
        )
    }

    fn no_such_member(&self, interface: &str) -> String {
        let members = self.groups.iter().flatten().flat_map(|group| &group.config().members);
        let members: Vec<_> = members.map(|member| member.name.as_str()).collect();
        let known = if members.is_empty() { "there are none".to_owned() } else { members.join(", ") };
        if self.is_watched(interface) {
            return format!(
                "{interface} belongs to no group, its link alone is watched (`ipmp-ctl stat -i`); members are: {known}"
            );
        }
        format!("{interface} is no member of a group; members are: {known}")
    }
}

fn explained(group: &GroupRuntime, member: MemberIndex, history: Vec<Event>) -> Option<Explained> {
    let explanation = group.engine.explain(member, Instant::now())?;
    let runtime = &group.members[member];
    let view = status::group(group).members.into_iter().nth(member)?;
    let name = |member: MemberIndex| group.config().members[member].name.as_str();
    let mut needs: Vec<_> = explanation.needs.iter().map(|need| words(need, name(member))).collect();
    if let Some(why) = &runtime.excluded {
        needs.insert(0, format!("the interface of its name cannot be the member: {why}"));
    }
    if runtime.slot.is_some_and(|slot| !group.path.has_program(slot)) {
        needs.push(
            "its packet program has to be attached; it is tried again and again, the log says why not"
                .to_owned(),
        );
    }
    let at_least = explanation.at_least().map(|least| least.as_millis() as u64);
    Some(Explained {
        interface: view.interface,
        group: group.name().to_owned(),
        state: view.state,
        active: view.active,
        why: why(explanation.standing, group, name),
        needs,
        at_least_ms: at_least,
        link: view.link,
        carrier_changes: runtime.edges,
        heard: explanation.heard.iter().map(heard).collect(),
        history,
    })
}

fn why<'a>(standing: Standing, group: &GroupRuntime, name: impl Fn(MemberIndex) -> &'a str) -> String {
    let kept = |kept: bool| {
        if kept {
            "; it carries traffic all the same, because no member of the group does better"
        } else {
            ""
        }
    };
    match standing {
        Standing::Absent => "there is no such interface, or none that could be the member".to_owned(),
        Standing::New => "it has only just been found".to_owned(),
        Standing::InUse { by: Evidence::Link } => {
            "its link is up; it has no test address, so nothing is probed by it".to_owned()
        }
        Standing::InUse { by: Evidence::NoTargets } => {
            "its link is up; it has a test address, but nobody answers who could be probed".to_owned()
        }
        Standing::InUse { by: Evidence::Probes } => "its link is up, and its probes are answered".to_owned(),
        Standing::Idle { standby: true } => {
            "it works, and is a standby that nobody has to be replaced by".to_owned()
        }
        Standing::Idle { standby: false } => {
            "it works again, and others keep what they took over from it: failback is off".to_owned()
        }
        Standing::AdminDown => "it is set down".to_owned(),
        Standing::NoCarrier => "it has no carrier: cable, transceiver or switch port".to_owned(),
        Standing::Flaps { ups, tolerated } => format!(
            "its link is up, but has come up {ups} times in the last minute, where {tolerated} are tolerated (link-ups-per-minute)"
        ),
        Standing::Silent { kept: carries } => {
            format!("its link is up, but its probes were not answered{}", kept(carries))
        }
        Standing::Unproven { kept: carries } => format!(
            "its link is up again, but its probes have not been answered for long enough{}",
            kept(carries)
        ),
        Standing::Offline => "an administrator has taken it out of service".to_owned(),
        Standing::DuplicateMac { holder: Some(holder) } => {
            format!("it has the MAC address of {}, which keeps it", name(holder))
        }
        Standing::DuplicateMac { holder: None } => {
            format!("its MAC address is not unique in group {}", group.name())
        }
    }
}

fn words(need: &Need, name: &str) -> String {
    match need {
        Need::Interface => format!("the interface {name} has to appear"),
        Need::AdminUp => format!("`ip link set {name} up`"),
        Need::Carrier => "its link has to come up".to_owned(),
        Need::Quiet(left) => {
            format!("its link has to stay up: it is held back for {} more", seconds(*left))
        }
        Need::Answers(progress) => {
            format!("{} answered probes in a row, {} have come", progress.wanted, progress.answered)
        }
        Need::Targets => "somebody on the link has to answer who can be probed".to_owned(),
        Need::Online => format!("`ipmp-ctl online {name}`"),
        Need::OtherMac => "a MAC address of its own".to_owned(),
        Need::Vacancy => "it steps in when an active member of the group fails or goes offline".to_owned(),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn heard(heard: &Heard) -> HeardStatus {
    let ms = |time: Option<Duration>| time.map(|time| time.as_millis() as u64);
    HeardStatus {
        test_address: heard.test_address,
        target: heard.target,
        answered_ms_ago: ms(heard.answered),
        lost_ms_ago: ms(heard.lost),
        answers: heard.answers,
        losses: heard.losses,
    }
}
