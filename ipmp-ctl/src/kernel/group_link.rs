//! The group interface: a veth whose peer (`NAME-p`) is there to control its carrier.

use std::io;

use ipmp_common::member::Mac;
use netlink_packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::{Handle, LinkMessageBuilder, LinkUnspec, LinkVeth};

use super::{
    netlink::{LinkInfo, NetlinkError, Snapshot, dump, io_error},
    sysctl,
};
use crate::engine::event::Limits;

/// `IN6_ADDR_GEN_MODE_NONE`: the kernel makes no link-local address.
const NO_LINK_LOCAL: u32 = 1;

/// Why the group interface could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum GroupLinkError {
    /// Something else has the name.
    #[error(
        "interface {name} exists and is not a group interface of ours (a veth whose peer here is {name}-p): rename the \
         group or the interface, or delete the interface with `ip link del {name}`"
    )]
    Foreign {
        /// The name.
        name: String,
    },
    /// The kernel refused a step.
    #[error("cannot {step} {name}: {source}")]
    Step {
        /// What was being done.
        step: &'static str,
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The interfaces could not be listed.
    #[error(transparent)]
    List(#[from] NetlinkError),
}

/// The group interface and its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLink {
    /// Name of the group and its interface.
    pub name: String,
    /// Interface index of the group interface.
    pub ifindex: u32,
    /// Interface index of its peer.
    pub peer_ifindex: u32,
    /// MAC address of the group interface.
    pub mac: Mac,
    /// MAC address of its peer.
    pub peer_mac: Mac,
}

/// The name of the peer of a group interface.
pub fn peer_name(group: &str) -> String {
    format!("{group}-p")
}

impl GroupLink {
    /// Finds the interface of a group; `None` if the name and the peer's name are free.
    pub fn find(snapshot: &Snapshot, name: &str) -> Result<Option<Self>, GroupLinkError> {
        match (snapshot.link(name), snapshot.link(&peer_name(name))) {
            (None, None) => Ok(None),
            (Some(own), Some(peer)) if is_pair(own, peer) => {
                let (Some(mac), Some(peer_mac)) = (own.mac, peer.mac) else {
                    return Err(GroupLinkError::Foreign { name: name.to_owned() });
                };
                Ok(Some(Self {
                    name: name.to_owned(),
                    ifindex: own.ifindex,
                    peer_ifindex: peer.ifindex,
                    mac,
                    peer_mac,
                }))
            }
            (None, Some(_)) => Err(GroupLinkError::Foreign { name: peer_name(name) }),
            (Some(_), _) => Err(GroupLinkError::Foreign { name: name.to_owned() }),
        }
    }

    /// Makes the interface of a group, administratively up and without carrier ([`Self::set_running`]); or takes the
    /// one that an earlier daemon left, as it is. The flag says whether it was made.
    pub async fn create(
        handle: &Handle,
        name: &str,
        mac: Mac,
        peer_mac: Mac,
    ) -> Result<(Self, bool), GroupLinkError> {
        if let Some(found) = Self::find(&dump(handle).await?, name)? {
            // A daemon that was killed while it made the interface has left it half made.
            found.prepare(handle).await?;
            return Ok((found, false));
        }
        let message = pair(name, mac, peer_mac);
        let added = handle.link().add(message).execute().await;
        added.map_err(|error| failed("create interface", name, error))?;
        let Some(made) = Self::find(&dump(handle).await?, name)? else {
            let source = io::Error::new(io::ErrorKind::NotFound, "it was deleted again at once");
            return Err(GroupLinkError::Step { step: "create interface", name: name.to_owned(), source });
        };
        match made.prepare(handle).await {
            Ok(()) => Ok((made, true)),
            Err(error) => {
                // Nothing half made stays behind; the first error is the one that tells.
                let _ = made.delete(handle).await;
                Err(error)
            }
        }
    }

    /// The peer gets no IPv6, or it would send router solicitations and the like into the group interface.
    async fn prepare(&self, handle: &Handle) -> Result<(), GroupLinkError> {
        let peer = peer_name(&self.name);
        for (setting, value) in [("disable_ipv6", 1), ("addr_gen_mode", NO_LINK_LOCAL)] {
            match sysctl::write(&sysctl::of_interface("ipv6", &peer, setting), value) {
                // A host without IPv6 has no such setting.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(GroupLinkError::Step { step: "switch off IPv6 on", name: peer, source });
                }
                Ok(()) => {}
            }
        }
        self.set(handle, "bring up", LinkUnspec::new_with_index(self.ifindex).up()).await
    }

    /// Gives the group interface carrier, and with it RUNNING, or takes it away: its peer goes up or down.
    pub async fn set_running(&self, handle: &Handle, running: bool) -> Result<(), GroupLinkError> {
        let peer = LinkUnspec::new_with_index(self.peer_ifindex);
        self.set(handle, "change the carrier of", if running { peer.up() } else { peer.down() }).await
    }

    /// Brings both ends to these limits, as far as the interface itself allows.
    pub async fn set_limits(
        &self,
        handle: &Handle,
        snapshot: &Snapshot,
        limits: Limits,
    ) -> Result<(), GroupLinkError> {
        for index in [self.ifindex, self.peer_ifindex] {
            if let Some(link) = snapshot.links.get(&index)
                && let Some(change) = limits_change(link, limits)
            {
                self.set(handle, "set MTU and GSO limits of", change).await?;
            }
        }
        Ok(())
    }

    /// Whether both ends are there, under whatever names.
    pub fn is_whole(&self, snapshot: &Snapshot) -> bool {
        let (own, peer) = (snapshot.links.get(&self.ifindex), snapshot.links.get(&self.peer_ifindex));
        matches!((own, peer), (Some(own), Some(peer)) if is_pair(own, peer))
    }

    /// Makes the interface anew, as it was: same name, same MAC addresses. What is left of it goes: an end whose other end
    /// is in another network namespace.
    pub async fn make_anew(&self, handle: &Handle) -> Result<Self, GroupLinkError> {
        let snapshot = dump(handle).await?;
        if Self::find(&snapshot, &self.name).is_err() {
            for (index, name) in
                [(self.ifindex, self.name.clone()), (self.peer_ifindex, peer_name(&self.name))]
            {
                if snapshot.links.get(&index).is_some_and(|link| link.name == name && link.is_kind("veth")) {
                    delete(handle, index, &name).await?;
                }
            }
        }
        Ok(Self::create(handle, &self.name, self.mac, self.peer_mac).await?.0)
    }

    /// Removes both ends. Nothing happens if they are gone.
    pub async fn delete(&self, handle: &Handle) -> Result<(), GroupLinkError> {
        delete(handle, self.ifindex, &self.name).await
    }

    async fn set(
        &self,
        handle: &Handle,
        step: &'static str,
        change: LinkMessageBuilder<LinkUnspec>,
    ) -> Result<(), GroupLinkError> {
        handle.link().set(change.build()).execute().await.map_err(|error| failed(step, &self.name, error))
    }
}

async fn delete(handle: &Handle, ifindex: u32, name: &str) -> Result<(), GroupLinkError> {
    match handle.link().del(ifindex).execute().await.map_err(io_error) {
        Err(source) if source.raw_os_error() != Some(libc::ENODEV) => {
            Err(GroupLinkError::Step { step: "delete interface", name: name.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn failed(step: &'static str, name: &str, error: rtnetlink::Error) -> GroupLinkError {
    GroupLinkError::Step { step, name: name.to_owned(), source: io_error(error) }
}

fn is_pair(own: &LinkInfo, peer: &LinkInfo) -> bool {
    own.is_kind("veth") && !own.lower_elsewhere && own.lower == Some(peer.ifindex)
}

/// Both MACs are in the message that creates the pair: udev leaves such addresses alone, and rewrites random ones.
fn pair(name: &str, mac: Mac, peer_mac: Mac) -> LinkMessage {
    let end = |name: &str, mac: Mac| {
        LinkMessageBuilder::<LinkUnspec>::default().name(name).address(mac.bytes.to_vec()).build()
    };
    let peer = InfoData::Veth(InfoVeth::Peer(end(&peer_name(name), peer_mac)));
    // Up from the start, and not soon after: who watches hears of an interface that is up, and nothing before.
    LinkVeth::new(name, &peer_name(name)).address(mac.bytes.to_vec()).up().set_info_data(peer).build()
}

/// The change that brings a link to these limits; `None` if it has them. The kernel refuses limits above the device's.
fn limits_change(link: &LinkInfo, limits: Limits) -> Option<LinkMessageBuilder<LinkUnspec>> {
    let wanted = Limits {
        mtu: limits.mtu,
        gso_max_size: limits.gso_max_size.min(link.tso_max_size),
        gso_ipv4_max_size: limits.gso_ipv4_max_size.min(link.tso_max_size),
        gso_max_segs: limits.gso_max_segs.min(link.tso_max_segs),
    };
    if wanted == link.limits {
        return None;
    }
    let mut change = LinkUnspec::new_with_index(link.ifindex);
    if wanted.mtu != link.limits.mtu {
        change = change.mtu(wanted.mtu);
    }
    // The IPv4 limit comes last: the kernel sets it along with the other one.
    for attribute in [
        LinkAttribute::GsoMaxSegs(wanted.gso_max_segs),
        LinkAttribute::GsoMaxSize(wanted.gso_max_size),
        LinkAttribute::GsoIpv4MaxSize(wanted.gso_ipv4_max_size),
    ] {
        change = change.append_extra_attribute(attribute);
    }
    Some(change)
}

#[cfg(test)]
mod tests;
