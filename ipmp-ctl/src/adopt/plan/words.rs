//! The plan as a list that a person can read.

use std::{collections::BTreeMap, fmt};

use ipnet::IpNet;

use super::{Plan, comes_with, is_expressible, is_lasting, token};
use crate::{
    config::Group,
    kernel::holdings::{HeldAddress, HeldRoute, Holdings},
};

/// A plan with the time to confirm it.
#[derive(Debug)]
pub struct Steps<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// How long is waited, in seconds.
    pub confirm_s: u64,
}

impl Plan {
    /// The plan for people, with the time that is waited for a confirmation.
    pub const fn steps(&self, confirm_s: u64) -> Steps<'_> {
        Steps { plan: self, confirm_s }
    }

    fn lines(&self, confirm_s: u64) -> Vec<String> {
        let group = &self.group.name;
        let members: Vec<_> = self
            .group
            .members
            .iter()
            .map(|member| format!("{}{}", member.name, if member.standby { " (standby)" } else { "" }))
            .collect();
        let gateways: Vec<_> = self.gateways.iter().map(|gateway| gateway.address.to_string()).collect();
        let mut lines = Vec::new();
        if !gateways.is_empty() {
            lines.push(format!("ask the gateway {} for a sign of life", gateways.join(" and ")));
        }
        lines.push(format!("write down beside {} how to put everything back", self.config.file.display()));
        lines.push(format!("make the group {group} of {}", members.join(", ")));
        for held in &self.moving.addresses {
            lines.push(format!("move {held} from {} to {group}{}", self.at(held.info().ifindex), time(held)));
        }
        for route in &self.moving.routes {
            lines.push(format!("move the {route} from {} to {group}", self.at(route.info().ifindex)));
        }
        if !gateways.is_empty() {
            lines.push(format!(
                "ask the gateway {} through {group}; unless it answers within 5 s, put everything back",
                gateways.join(" and ")
            ));
        }
        lines.push(format!("add group {group} to {}", self.config.file.display()));
        if confirm_s > 0 {
            lines.push(format!("wait {confirm_s} s for `ipmp-ctl confirm`; without it, put everything back"));
        }
        lines
    }

    fn at(&self, ifindex: u32) -> &str {
        self.interfaces.get(&ifindex).map_or("?", String::as_str)
    }
}

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&numbered(&self.plan.lines(self.confirm_s)))?;
        self.plan.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))
    }
}

fn time(held: &HeldAddress) -> String {
    held.valid_s().map(|left| format!(", valid for {left} s more")).unwrap_or_default()
}

/// What an operator should know of what moves.
pub(super) fn notes(moving: &Holdings, group: &Group, interfaces: &BTreeMap<u32, String>) -> Vec<String> {
    let name = &group.name;
    let at = |ifindex: u32| interfaces.get(&ifindex).map_or("?", String::as_str);
    let mut notes = Vec::new();
    for held in moving.addresses.iter().filter(|held| !is_lasting(held)) {
        let (net, on) = (held.info().net(), at(held.info().ifindex));
        let left = held.valid_s().unwrap_or_default();
        notes.push(if held.info().address.is_ipv4() {
            format!(
                "{net} on {on} is leased (DHCP, {left} s left): it moves with its lifetime and is not written into the configuration; the \
                 client on {on} goes on renewing it, and each renewal is moved on; or run the client on {name}"
            )
        } else if token::identifier(held).is_some() && token::identifier(held) == group.ipv6_token {
            format!(
                "{net} on {on} comes from a router's advertisement ({left} s left): it moves with its lifetime; {on} hears advertisements \
                 no more, {name} does, and they renew it"
            )
        } else {
            format!(
                "{net} on {on} has a lifetime (a router's advertisement, or DHCPv6; {left} s left): it moves with its lifetime; \
                 {on} hears advertisements no more, {name} does, and forms addresses of its own"
            )
        });
    }
    if moving.addresses.is_empty() {
        notes.push("no member carries an address: there is nothing to move".to_owned());
    }
    let lasting: Vec<IpNet> = group.addresses.iter().map(|data| data.net).collect();
    for route in &moving.routes {
        if route.is_advertised() {
            notes.push(format!(
                "the {route} comes from a router's advertisement: it stands in until {name} hears one itself"
            ));
        } else if !is_expressible(route, &lasting) && !comes_with(route, &lasting) {
            notes.push(format!(
                "the {route} moves, but the configuration cannot say it: it is lost at a reboot unless something puts it on {name}"
            ));
        }
    }
    if !moving.routes.iter().any(HeldRoute::is_default) {
        notes.push(
            "no default route leads by the members: no gateway is asked whether all is well".to_owned(),
        );
    }
    notes.push(format!(
        "sockets bound to a member, and rules of firewall or routing that name one, do not follow: name {name} in them"
    ));
    notes
}

/// Steps as a list.
pub fn numbered(steps: &[String]) -> String {
    let lines: Vec<_> =
        steps.iter().enumerate().map(|(number, step)| format!("{:>3}. {step}\n", number + 1)).collect();
    lines.concat()
}
