//! After a reboot: what in systemd-networkd, `NetworkManager`, ifupdown or netplan would put addresses on a member again, and
//! the edits that keep it from that.
//!
//! [`survey`] reads and decides, and changes nothing. What it finds is told to the operator; what he wants changed is
//! [written](record), together with what was there before, so that `release` can put it back. Addresses of the NIC are in the
//! configuration of the group by now. Everything else that somebody has set up for the NIC (a DHCP client, name servers)
//! goes to the group interface, in the language of who had it.
//!
//! Nothing is told to the services: what was adopted works, and a DHCP client that is told to leave a member might give the
//! address back that the group has. They read their files when they are next started.

pub mod edit;
mod ifupdown;
mod ini;
mod netplan;
mod network_manager;
mod networkd;
pub mod record;
#[cfg(test)]
mod tests;
pub mod tree;

use std::{fmt, net::Ipv6Addr, path::PathBuf};

use self::{edit::Edit, tree::Tree};

/// A group and its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The group interface.
    pub group: String,
    /// Its members.
    pub members: Vec<Member>,
    /// `ipv6-token`: whoever follows router advertisements for the group interface forms its addresses with it.
    pub ipv6_token: Option<Ipv6Addr>,
}

/// A member as network software knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its interface.
    pub name: String,
    /// Its MAC address, `aa:bb:cc:dd:ee:ff`, if the interface is there.
    pub mac: Option<String>,
}

/// A line that puts an address on a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0: the file as a whole, or that there is none.
    pub line: usize,
    /// Who does what.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path.display(), self.text),
            line => write!(f, "{}:{line}: {}", self.path.display(), self.text),
        }
    }
}

/// What there is, and what can be done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// What puts addresses on members.
    pub findings: Vec<Finding>,
    /// What keeps it from that.
    pub edits: Vec<Edit>,
    /// What cannot be edited safely, and what to do by hand.
    pub obstacles: Vec<String>,
}

impl Survey {
    fn find(&mut self, path: &str, line: usize, text: impl Into<String>) {
        self.findings.push(Finding { path: PathBuf::from(path), line, text: text.into() });
    }

    fn object(&mut self, path: &str, line: usize, text: impl fmt::Display) {
        self.obstacles.push(format!("{path}:{line}: {text}"));
    }
}

/// Looks at a host. Software that is neither enabled nor running is not looked at.
pub fn survey(tree: &Tree, subject: &Subject) -> Survey {
    let mut survey = Survey::default();
    networkd::look(tree, subject, &mut survey);
    network_manager::look(tree, subject, &mut survey);
    ifupdown::look(tree, subject, &mut survey);
    survey
}

/// The first line of each file that is made here.
fn headline(group: &str) -> String {
    format!("# Made by `ipmp-ctl persist {group}`; `ipmp-ctl release {group}` removes it.\n")
}
