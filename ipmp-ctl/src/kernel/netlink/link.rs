//! One link.

use std::collections::BTreeMap;

use ipmp_common::member::Mac;
use netlink_packet_route::link::{
    InfoData, InfoVlan, LinkAttribute, LinkFlags, LinkInfo as InfoAttribute, LinkLayerType, LinkMessage,
};

use crate::engine::event::{Limits, Link};

/// What the kernel tells about the largest GSO packet before it has said otherwise (`GSO_LEGACY_MAX_SIZE`).
const DEFAULT_GSO_MAX_SIZE: u32 = 65_536;
/// `GSO_MAX_SEGS`.
const DEFAULT_GSO_MAX_SEGS: u32 = 65_535;

/// The interface that another one is a port of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its interface index.
    pub ifindex: u32,
    /// Its name; empty where only one link was told of ([`super::Change::Link`]).
    pub name: String,
    /// Its kind: `bridge`, `bond`, `team`, `vrf`...; empty if the kernel did not say.
    pub kind: String,
}

/// A link, as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as the kernel tells them")]
pub struct LinkInfo {
    /// Interface index.
    pub ifindex: u32,
    /// Interface name.
    pub name: String,
    /// MAC address; `None` if it has none, or one of another length.
    pub mac: Option<Mac>,
    /// Whether it is administratively up.
    pub admin_up: bool,
    /// Whether it has carrier.
    pub carrier: bool,
    /// Whether it is Ethernet (`ARPHRD_ETHER`).
    pub ethernet: bool,
    /// `IFF_` flags.
    pub flags: LinkFlags,
    /// `veth`, `bridge`, `vlan`, `bond`, `macvlan`...; `None` for most NICs.
    pub kind: Option<String>,
    /// Its VLAN, if it is a VLAN device.
    pub vlan: Option<u16>,
    /// What it is a port of.
    pub controller: Option<Controller>,
    /// `IFLA_LINK`: the interface below a VLAN or macvlan, the peer of a veth.
    pub lower: Option<u32>,
    /// Whether `lower` counts in another network namespace.
    pub lower_elsewhere: bool,
    /// MTU in bytes, and the GSO limits.
    pub limits: Limits,
    /// `tso_max_size`: what the device itself can do, in bytes; no limit may be set above it.
    pub tso_max_size: u32,
    /// `tso_max_segs`.
    pub tso_max_segs: u32,
}

impl LinkInfo {
    /// The link as the engine wants it; `None` for a link without a MAC address.
    pub fn to_engine(&self, speed_mbps: Option<u32>) -> Option<Link> {
        Some(Link {
            ifindex: self.ifindex,
            mac: self.mac?,
            admin_up: self.admin_up,
            carrier: self.carrier,
            speed_mbps,
            limits: self.limits,
        })
    }

    /// Whether it is of this kind.
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }
}

impl From<&LinkMessage> for LinkInfo {
    fn from(message: &LinkMessage) -> Self {
        let flags = message.header.flags;
        let mut link = Self {
            ifindex: message.header.index,
            name: String::new(),
            mac: None,
            admin_up: flags.contains(LinkFlags::Up),
            carrier: flags.contains(LinkFlags::LowerUp),
            ethernet: message.header.link_layer_type == LinkLayerType::Ether,
            flags,
            kind: None,
            vlan: None,
            controller: None,
            lower: None,
            lower_elsewhere: false,
            limits: Limits {
                mtu: 0,
                gso_max_size: DEFAULT_GSO_MAX_SIZE,
                gso_ipv4_max_size: 0,
                gso_max_segs: DEFAULT_GSO_MAX_SEGS,
            },
            tso_max_size: u32::MAX,
            tso_max_segs: u32::MAX,
        };
        let mut controller = None;
        let mut controller_kind = String::new();
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::Address(bytes) => {
                    link.mac = bytes.as_slice().try_into().ok().map(|bytes| Mac { bytes });
                }
                // More to the point than IFF_LOWER_UP, which an interface that is down never has.
                LinkAttribute::Carrier(carrier) => link.carrier = *carrier != 0,
                LinkAttribute::Controller(index) if *index != 0 => controller = Some(*index),
                LinkAttribute::Link(index) if *index != 0 => link.lower = Some(*index),
                LinkAttribute::LinkNetNsId(_) => link.lower_elsewhere = true,
                LinkAttribute::Mtu(mtu) => link.limits.mtu = *mtu,
                LinkAttribute::GsoMaxSize(size) => link.limits.gso_max_size = *size,
                LinkAttribute::GsoIpv4MaxSize(size) => link.limits.gso_ipv4_max_size = *size,
                LinkAttribute::GsoMaxSegs(segments) => link.limits.gso_max_segs = *segments,
                LinkAttribute::TsoMaxSize(size) => link.tso_max_size = *size,
                LinkAttribute::TsoMaxSegs(segments) => link.tso_max_segs = *segments,
                LinkAttribute::LinkInfo(infos) => {
                    for info in infos {
                        match info {
                            InfoAttribute::Kind(kind) => link.kind = Some(kind.to_string()),
                            InfoAttribute::Data(InfoData::Vlan(data)) => link.vlan = vlan_id(data),
                            InfoAttribute::PortKind(kind) => controller_kind = kind.to_string(),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        // Kernels before 6.3 know one limit for both families.
        if link.limits.gso_ipv4_max_size == 0 {
            link.limits.gso_ipv4_max_size = link.limits.gso_max_size.min(DEFAULT_GSO_MAX_SIZE);
        }
        link.controller =
            controller.map(|ifindex| Controller { ifindex, name: String::new(), kind: controller_kind });
        link
    }
}

fn vlan_id(data: &[InfoVlan]) -> Option<u16> {
    data.iter().find_map(|item| if let InfoVlan::Id(id) = item { Some(*id) } else { None })
}

/// Fills in the names of controllers, and their kinds where the ports' own messages did not say.
pub(super) fn name_controllers(links: &mut BTreeMap<u32, LinkInfo>) {
    let known: BTreeMap<u32, (String, Option<String>)> =
        links.iter().map(|(index, link)| (*index, (link.name.clone(), link.kind.clone()))).collect();
    for controller in links.values_mut().filter_map(|link| link.controller.as_mut()) {
        if let Some((name, kind)) = known.get(&controller.ifindex) {
            controller.name.clone_from(name);
            if let Some(kind) = kind.as_ref().filter(|_| controller.kind.is_empty()) {
                controller.kind.clone_from(kind);
            }
        }
    }
}
