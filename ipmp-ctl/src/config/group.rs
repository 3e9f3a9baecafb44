//! `[group.NAME]`.

use std::time::Duration;

use ipmp_common::layout::SLOTS;
use toml::de::DeTable;

use super::{
    Group, Member, ProbeHook, Receive,
    address::DataAddresses,
    draft::Draft,
    duration,
    findings::{At, Findings},
    keys::Scope,
    member,
    name::check_group,
    route,
    section::Section,
    subject::Subject,
    target, token,
};

/// Link repairs tolerated in a minute where nothing is said, as Solaris in.mpathd has it.
const LINK_UPS_PER_MINUTE: u32 = 2;

/// What a group has where it says nothing itself: the top level's values of keys that both may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inherited {
    /// `failure-detection-time`.
    pub(super) failure_detection_time: Duration,
    /// `failback`.
    pub(super) failback: bool,
    /// `probe-hook`.
    pub(super) probe_hook: ProbeHook,
}

impl Inherited {
    /// What `section` says, and this where it says nothing.
    pub(super) fn overridden_by(self, section: &Section<'_>, findings: &mut Findings) -> Self {
        const HOOKS: [(&str, ProbeHook); 4] = [
            ("auto", ProbeHook::Auto),
            ("tc", ProbeHook::Tc),
            ("xdp", ProbeHook::Xdp),
            ("xdp-generic", ProbeHook::XdpGeneric),
        ];
        Self {
            failure_detection_time: duration::read(section, findings).unwrap_or(self.failure_detection_time),
            failback: section.boolean("failback", findings).unwrap_or(self.failback),
            probe_hook: section.word("probe-hook", &HOOKS, findings).unwrap_or(self.probe_hook),
        }
    }
}

impl Default for Inherited {
    fn default() -> Self {
        Self { failure_detection_time: duration::DEFAULT, failback: true, probe_hook: ProbeHook::Auto }
    }
}

/// Reads the table of the group `name`.
pub(super) fn read(
    name: &str,
    section: &Section<'_>,
    inherited: Inherited,
    findings: &mut Findings,
) -> Draft {
    if let Err(error) = check_group(name) {
        section.error(section.line, error, findings);
    }
    let inherited = inherited.overridden_by(section, findings);
    let data = DataAddresses::read(section, findings);
    let routes = route::read(section, &data, findings);
    let targets = target::read(section, findings);
    let members = members(name, section, &data, findings);
    target::warn_out_of_reach(section, &targets, &data, &members, findings);
    duration::warn_of_rate_limits(
        section,
        inherited.failure_detection_time,
        &targets,
        &data,
        &members,
        findings,
    );
    let receive =
        section.word("receive", &[("group", Receive::Group), ("member", Receive::Member)], findings);
    let group = Group {
        name: name.to_owned(),
        line: section.line,
        addresses: data.fit,
        ipv6_token: token::read(section, findings),
        routes,
        targets: targets.iter().map(|target| target.value).collect(),
        receive: receive.unwrap_or_default(),
        failure_detection_time: inherited.failure_detection_time,
        failback: inherited.failback,
        probe_hook: inherited.probe_hook,
        min_active: min_active(section, &members, findings),
        link_ups_per_minute: section
            .integer("link-ups-per-minute", 0..=1000, " (0: any number)", findings)
            .map_or(LINK_UPS_PER_MINUTE, |link_ups| link_ups.value),
        members,
    };
    Draft { group, targets }
}

/// Reads the members, and judges what they are together.
fn members(group: &str, section: &Section<'_>, data: &DataAddresses, findings: &mut Findings) -> Vec<Member> {
    let given = section.value("member", findings);
    let mut members: Vec<Member> = section
        .tables("member", findings)
        .into_iter()
        .map(|(name, table)| {
            let subject = Subject::Member { group: group.to_owned(), member: name.to_owned() };
            let member = Section::new(Scope::Member, subject, table.line, table.value, findings);
            member::read(name, &member, data, findings)
        })
        .collect();
    if given.is_none_or(|at| at.value.as_table().is_some_and(DeTable::is_empty)) {
        let what = format!("no members; add [group.{}.member.INTERFACE]", group.escape_debug());
        section.error(section.line, what, findings);
    } else if members.len() > SLOTS {
        let what = format!("{} members; remove some: {SLOTS} at most", members.len());
        section.error(section.line, what, findings);
    } else if !members.is_empty() && members.iter().all(|member| member.standby) {
        // Homes are dealt to active members only, so the data addresses would have none.
        let what = "all members are standby, which leaves no home for a data address; remove `standby = true` \
                    from at least one";
        section.error(section.line, what, findings);
    }
    if members.iter().any(|member| member.weight.is_some()) {
        for member in &mut members {
            member.weight.get_or_insert(1);
        }
    }
    members
}

fn min_active(section: &Section<'_>, members: &[Member], findings: &mut Findings) -> u32 {
    let remedy = " (without any usable member the group interface loses RUNNING in any case)";
    let most = i64::try_from(SLOTS).unwrap_or(i64::MAX);
    let Some(At { value, line }) = section.integer("min-active", 1..=most, remedy, findings) else {
        return 1;
    };
    let active = members.iter().filter(|member| !member.standby).count();
    if value as usize > members.len() {
        let what =
            format!("`min-active` is {value}, more than there are members ({}); lower it", members.len());
        section.error(line, what, findings);
    } else if value as usize > active {
        // Members are active in the number of those that are not standby: more would never be RUNNING.
        let what = format!(
            "`min-active` is {value}, more than there are members that are not standby ({active}); lower it"
        );
        section.error(line, what, findings);
    }
    value
}
