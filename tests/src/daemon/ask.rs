//! Questions to the daemon without starting a process: fast enough for hundreds in a row.

use std::net::SocketAddr;

use ipmp_ctl::{
    control::{
        client::ask,
        protocol::{FlowRequest, GroupStatus, Reply, Request},
    },
    metrics::figures::Figures,
};

use super::Daemon;

impl Daemon {
    /// What `stat` shows of a group.
    pub fn status(&self, group: &str) -> GroupStatus {
        match self.ask(&Request::Status) {
            Reply::Status(status) => status.groups.into_iter().find(|status| status.group == group),
            _ => None,
        }
        .unwrap_or_else(|| panic!("the daemon shows no {group}"))
    }

    /// What metrics show.
    pub fn figures(&self) -> Figures {
        match self.ask(&Request::Figures) {
            Reply::Figures(figures) => *figures,
            other => panic!("{other:?}"),
        }
    }

    /// The member that carries a flow which the host sends, as `flow` says; `None` if no member is usable.
    pub fn carrier(&self, group: &str, protocol: u8, from: SocketAddr, to: SocketAddr) -> Option<String> {
        self.carrier_if(None, group, protocol, from, to)
    }

    /// The same, for if a member had failed.
    pub fn carrier_if(
        &self,
        failed: Option<&str>,
        group: &str,
        protocol: u8,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<String> {
        let reply = self.ask(&Request::Flow(FlowRequest {
            group: group.to_owned(),
            source: from.ip(),
            destination: to.ip(),
            protocol: Some(protocol),
            source_port: from.port(),
            destination_port: to.port(),
            if_failed: failed.map(str::to_owned),
        }));
        match reply {
            Reply::Flow(flow) => flow.member,
            other => panic!("{from} to {to}: {other:?}"),
        }
    }

    fn ask(&self, request: &Request) -> Reply {
        ask(&self.socket(), request).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }
}
