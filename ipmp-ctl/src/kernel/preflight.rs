//! Checks before anything is touched.
//!
//! All findings are returned, not only the first; with an error among them nothing may be changed.

mod group;
mod host;
mod member;
mod vlan;

use std::{fmt, net::IpAddr};

use super::netlink::{NetlinkError, RouteInfo, Snapshot, dump, dump_routes};
use crate::config::Group;

pub use self::{
    group::unsupported,
    host::{HostError, check_host},
    member::unfit,
    vlan::on_another_link,
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a line in the log.
    Warning,
    /// The group cannot be.
    Error,
}

/// Something that was found: names the thing, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which group it is about.
    pub group: String,
    /// Line of the configuration that it is about.
    pub line: usize,
    /// What is wrong and what to do, one sentence or two.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group {}: {}", self.group, self.text)
    }
}

/// What a group is checked against.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Links and addresses.
    pub snapshot: Snapshot,
    /// Routes of all tables.
    pub routes: Vec<RouteInfo>,
    /// `net.ipv4.conf.all.arp_ignore`.
    pub arp_ignore_all: u32,
    /// Names of all groups of the configuration: an address of another group's interface is its own business.
    pub groups: Vec<String>,
    /// Addresses that members may carry although the configuration no longer says so, by interface index: a member
    /// keeps those that an earlier daemon gave it until they are taken away.
    pub lent: Vec<(u32, IpAddr)>,
}

impl Facts {
    /// Reads them from the kernel.
    pub async fn collect(handle: &rtnetlink::Handle, groups: &[Group]) -> Result<Self, NetlinkError> {
        Ok(Self {
            snapshot: dump(handle).await?,
            routes: dump_routes(handle).await?,
            arp_ignore_all: super::sysctl::read("ipv4/conf/all/arp_ignore").unwrap_or(0),
            groups: groups.iter().map(|group| group.name.clone()).collect(),
            lent: Vec::new(),
        })
    }
}

/// Checks a group, its interface and its members.
pub fn check_group(group: &Group, facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings { group: &group.name, found: Vec::new() };
    group::check(group, facts, &mut findings);
    for member in &group.members {
        member::check(group, member, facts, &mut findings);
    }
    vlan::check(group, facts, &mut findings);
    findings.found
}

/// Collects the findings about one group.
struct Findings<'a> {
    group: &'a str,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn error(&mut self, line: usize, text: String) {
        self.add(Severity::Error, line, text);
    }

    fn warning(&mut self, line: usize, text: String) {
        self.add(Severity::Warning, line, text);
    }

    fn add(&mut self, severity: Severity, line: usize, text: String) {
        self.found.push(Finding { severity, group: self.group.to_owned(), line, text });
    }
}

#[cfg(test)]
mod tests;
