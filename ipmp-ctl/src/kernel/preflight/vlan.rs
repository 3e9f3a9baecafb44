//! Checks of members against each other: one group is one IP link, and should be several NICs.

use super::{Facts, Findings};
use crate::{
    config::Group,
    kernel::netlink::{LinkInfo, Snapshot},
};

pub(super) fn check(group: &Group, facts: &Facts, findings: &mut Findings<'_>) {
    let snapshot = &facts.snapshot;
    let mut earlier: Vec<&LinkInfo> = Vec::new();
    for member in &group.members {
        let Some(link) = snapshot.link(&member.name) else { continue };
        if let Some(problem) = on_another_link(link, earlier.iter().copied(), snapshot) {
            findings.error(member.line, problem);
        }
        if let Some(problem) = on_the_same_nic(link, &earlier, snapshot) {
            findings.warning(member.line, problem);
        }
        earlier.push(link);
    }
}

/// Why a link cannot be a member beside `others`: it is on another VLAN than the first of them, and so on another IP link.
pub fn on_another_link<'a>(
    link: &LinkInfo,
    mut others: impl Iterator<Item = &'a LinkInfo>,
    snapshot: &Snapshot,
) -> Option<String> {
    let other = others.next()?;
    let (own, first) = (tags(link, snapshot), tags(other, snapshot));
    (own != first).then(|| {
        format!(
            "{} is {} and {} is {}: members of one group must be on one IP link. Make a group of each VLAN, with the same VLAN \
             of every NIC as its members",
            link.name,
            described(&own),
            other.name,
            described(&first)
        )
    })
}

/// Two members on one NIC fail together.
fn on_the_same_nic(link: &LinkInfo, others: &[&LinkInfo], snapshot: &Snapshot) -> Option<String> {
    let nic = |link| snapshot.below(link).last().unwrap_or(link);
    let own = nic(link);
    let other = others.iter().find(|other| nic(other).ifindex == own.ifindex)?;
    Some(format!(
        "{} and {} are both on {}: that gives no redundancy, for they fail together. Use an interface of another NIC",
        other.name, link.name, own.name
    ))
}

/// The VLAN tags that what a link sends has on the wire, the inner one first.
fn tags(link: &LinkInfo, snapshot: &Snapshot) -> Vec<u16> {
    std::iter::once(link).chain(snapshot.below(link)).filter_map(|link| link.vlan).collect()
}

fn described(tags: &[u16]) -> String {
    match tags {
        [] => "untagged".to_owned(),
        [tag] => format!("on VLAN {tag}"),
        [inner, outer @ ..] => {
            let outer: Vec<_> = outer.iter().map(u16::to_string).collect();
            format!("on VLAN {inner} inside {}", outer.join(" inside "))
        }
    }
}

#[cfg(test)]
mod tests;
