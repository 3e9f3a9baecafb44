//! `stat -i`.

use ipmp_ctl::control::protocol::{GroupStatus, MemberStatus, ProbeCounts, Status};
use serde::Serialize;

use super::{View, named};
use crate::cli::{names::Names, table::Field};

/// Interfaces: the members of all groups.
pub(in crate::cli) struct Interfaces;

impl View for Interfaces {
    const KEY: &'static str = "interfaces";

    type Line<'a> = InterfaceLine<'a>;

    fn fields<'a>() -> Vec<Field<InterfaceLine<'a>>> {
        vec![
            Field::new("INTERFACE", 12, |line: &InterfaceLine<'_>| line.interface.to_owned()),
            Field::new("ACTIVE", 8, |line| if line.active { "yes" } else { "no" }.to_owned()),
            Field::new("GROUP", 12, |line| line.group.unwrap_or_default().to_owned()),
            Field::new("FLAGS", 10, |line| line.flags.to_owned()),
            Field::new("LINK", 10, |line| line.link.to_owned()),
            Field::new("PROBE", 10, |line| line.probe.to_owned()),
            Field::new("STATE", 10, |line| line.state.to_owned()),
            Field::extra("WEIGHT", 8, |line| line.weight.to_string()),
            Field::extra("TXPKTS", 14, |line| line.tx_packets.to_string()),
            Field::extra("TXBYTES", 18, |line| line.tx_bytes.to_string()),
            Field::extra("RXPKTS", 14, |line| line.rx_packets.to_string()),
            Field::extra("RXBYTES", 18, |line| line.rx_bytes.to_string()),
            Field::extra("PROBES", 12, |line| line.probes.sent.to_string()),
            Field::extra("LOST", 10, |line| line.probes.lost.to_string()),
            Field::extra("FORGED", 10, |line| line.probes.forged.to_string()),
        ]
    }

    fn lines<'a>(status: &'a Status, _names: &'a Names) -> Vec<InterfaceLine<'a>> {
        let of_group =
            |group: &'a GroupStatus| group.members.iter().map(|member| InterfaceLine::new(group, member));
        status.groups.iter().flat_map(of_group).collect()
    }
}

/// A member.
#[derive(Serialize)]
pub(in crate::cli) struct InterfaceLine<'a> {
    interface: &'a str,
    group: Option<&'a str>,
    active: bool,
    flags: &'a str,
    link: &'a str,
    probe: &'a str,
    state: &'a str,
    weight: u32,
    tx_packets: u64,
    tx_bytes: u64,
    rx_packets: u64,
    rx_bytes: u64,
    probe_hook: Option<&'a str>,
    probes: &'a ProbeCounts,
}

impl<'a> InterfaceLine<'a> {
    fn new(group: &'a GroupStatus, member: &'a MemberStatus) -> Self {
        Self {
            interface: &member.interface,
            group: named(&group.group),
            active: member.active,
            flags: &member.flags,
            link: &member.link,
            probe: &member.probe,
            state: &member.state,
            weight: member.weight,
            tx_packets: member.tx_packets,
            tx_bytes: member.tx_bytes,
            rx_packets: member.rx_packets,
            rx_bytes: member.rx_bytes,
            probe_hook: member.probe_hook.as_deref(),
            probes: &member.probes,
        }
    }
}
