//! Whether a neighbour answers.

use std::net::IpAddr;

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState},
};
use rtnetlink::Handle;

use super::{NeighbourError, change};
use crate::kernel::netlink::dump_of;

/// Has the kernel ask a neighbour for a sign of life, whatever it believes of it. Whether there is one, [`answers`] tells.
pub async fn ask(handle: &Handle, ifindex: u32, address: IpAddr) -> Result<(), NeighbourError> {
    match entry(handle, ifindex, address).await? {
        Some(known) if lasts(known.header.state) => Ok(()),
        Some(mut known) if known.attributes.iter().any(is_link_address) => {
            known.header.state = NeighbourState::Probe;
            known
                .attributes
                .retain(|it| is_link_address(it) || matches!(it, NeighbourAttribute::Destination(_)));
            Ok(change(handle, known).await?)
        }
        _ => seek(handle, ifindex, address).await,
    }
}

/// Whether a neighbour has answered. One that the kernel has given up is asked for again.
pub async fn answers(handle: &Handle, ifindex: u32, address: IpAddr) -> Result<bool, NeighbourError> {
    let state = entry(handle, ifindex, address).await?.map(|known| known.header.state);
    match state {
        Some(NeighbourState::Reachable) => Ok(true),
        Some(state) if lasts(state) => Ok(true),
        // On their way; a stale one has to be asked.
        Some(NeighbourState::Incomplete | NeighbourState::Probe) => Ok(false),
        Some(NeighbourState::Stale | NeighbourState::Delay) => {
            ask(handle, ifindex, address).await.map(|()| false)
        }
        _ => seek(handle, ifindex, address).await.map(|()| false),
    }
}

/// Somebody has said so, and the kernel does not ask.
const fn lasts(state: NeighbourState) -> bool {
    matches!(state, NeighbourState::Permanent | NeighbourState::Noarp)
}

fn is_link_address(attribute: &NeighbourAttribute) -> bool {
    matches!(attribute, NeighbourAttribute::LinkLayerAddress(_))
}

/// Has the kernel look for a neighbour that it does not know.
async fn seek(handle: &Handle, ifindex: u32, address: IpAddr) -> Result<(), NeighbourError> {
    let mut wanted = NeighbourMessage::default();
    wanted.header.family = family(address);
    wanted.header.ifindex = ifindex;
    wanted.attributes = vec![destination(address)];
    // Only a neighbour that is not being looked for is asked for at once.
    change(handle, wanted.clone()).await?;
    wanted.header.flags = NeighbourFlags::Use;
    Ok(change(handle, wanted).await?)
}

async fn entry(
    handle: &Handle,
    ifindex: u32,
    address: IpAddr,
) -> Result<Option<NeighbourMessage>, NeighbourError> {
    let mut request = NeighbourMessage::default();
    request.header.family = family(address);
    let request = RouteNetlinkMessage::GetNeighbour(request);
    let found = dump_of(handle, "neighbours", request, |message| match message {
        RouteNetlinkMessage::NewNeighbour(known) if known.header.ifindex == ifindex => {
            known.attributes.contains(&destination(address)).then_some(known)
        }
        _ => None,
    });
    Ok(found.await?.into_iter().next())
}

fn destination(address: IpAddr) -> NeighbourAttribute {
    NeighbourAttribute::Destination(match address {
        IpAddr::V4(address) => NeighbourAddress::Inet(address),
        IpAddr::V6(address) => NeighbourAddress::Inet6(address),
    })
}

const fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}
