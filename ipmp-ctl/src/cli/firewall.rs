//! Firewall rules that a group makes void: `check` warns of those that go by a member's name.
//!
//! What a group sends and receives is seen on the group interface and not on its members, so that a rule for a member
//! silently stops to do anything. Which rules there are nft tells; without nft, or without the right to ask it,
//! nothing is said.

use std::process::{Command, Stdio};

use ipmp_ctl::config::{Config, Group, Receive};

use self::{
    chains::{Hook, Hooked},
    ruleset::{Direction, Rule},
};

mod chains;
mod operands;
mod ruleset;
#[cfg(test)]
mod tests;

/// What to warn of, one line each: rules as nft lists them now, groups as `config` has them.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let (Some(ruleset), Some(chains)) = (nft(&["-j", "list", "ruleset"]), nft(&["list", "chains"])) else {
        return Vec::new();
    };
    findings(config, &ruleset::rules(&ruleset), &chains::hooked(&chains))
}

/// What nft prints; `None` if it does not.
fn nft(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("nft").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn findings(config: &Config, rules: &[Rule], hooked: &[Hooked]) -> Vec<String> {
    let of_group = |group| {
        let chains = hooked.iter().filter_map(move |chain| of_chain(group, chain));
        let matches = rules.iter().flat_map(move |rule| of_matches(group, rule));
        chains.chain(matches).chain(rules.iter().filter_map(move |rule| of_reverse_path(group, rule)))
    };
    config.groups.iter().flat_map(of_group).collect()
}

/// A chain at a member's device.
fn of_chain(group: &Group, chain: &Hooked) -> Option<String> {
    let members = members_among(group, &chain.devices)?;
    // What stays on the member passes the chain after all.
    let unseen = match (group.receive, chain.hook) {
        (Receive::Member, Hook::Ingress) => "but for unicast IP it does not see what the group receives",
        (Receive::Group, Hook::Ingress) => "it does not see what the group receives",
        (_, Hook::Egress) => "it does not see what the group sends",
    };
    let (place, name) = (&chain.place, &group.name);
    Some(format!(
        "firewall: {place} is hooked to {members} of group {name}: {unseen}; filter on {name} in an inet table"
    ))
}

/// A rule that names a member.
fn of_matches(group: &Group, rule: &Rule) -> impl Iterator<Item = String> {
    rule.matches.iter().filter_map(|found| {
        let way = match found.direction {
            // Then what a member receives really comes in by it.
            Direction::In if group.receive == Receive::Member => return None,
            Direction::In => "receives comes in",
            Direction::Out => "sends goes out",
        };
        let members = members_among(group, &found.names)?;
        let (place, key, name) = (&rule.place, &found.key, &group.name);
        Some(format!(
            "firewall: {place} matches {key} {members} of group {name}: what the group {way} by {name}; use {name}"
        ))
    })
}

/// A rule that drops what comes in by another interface than that of the way back, where this is always so.
fn of_reverse_path(group: &Group, rule: &Rule) -> Option<String> {
    let family = rule.strict_reverse_path.filter(|_| group.receive == Receive::Member)?;
    let (place, name) = (&rule.place, &group.name);
    Some(format!(
        "firewall: {place} drops all {family} that members of group {name} receive, since its routes are those of {name} and \
         receive is \"member\": make the reverse path check loose (firewalld: IPv6_rpfilter=loose), or set receive to \
         \"group\""
    ))
}

/// The members of a group that `patterns` (names, with `*` at the end for any) take in; `None` if there are none, or
/// if the group interface is taken in as well: then somebody has thought of it.
fn members_among(group: &Group, patterns: &[String]) -> Option<String> {
    let taken_in = |name: &str| {
        patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        })
    };
    let members: Vec<_> =
        group.members.iter().map(|member| member.name.as_str()).filter(|name| taken_in(name)).collect();
    (!members.is_empty() && !taken_in(&group.name)).then(|| members.join(", "))
}
