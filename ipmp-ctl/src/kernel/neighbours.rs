//! Neighbours that the kernel is looking for.

pub mod reach;

use std::io;

use futures::StreamExt;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState},
};
use rtnetlink::Handle;

use super::netlink::{NetlinkError, dump_of, io_error};

/// The kernel could not be made to look for its neighbours.
#[derive(Debug, thiserror::Error)]
pub enum NeighbourError {
    /// They could not be listed.
    #[error(transparent)]
    List(#[from] NetlinkError),
    /// An entry could not be written.
    #[error("cannot have the kernel look for a neighbour again: {0}")]
    Change(#[from] io::Error),
}

/// Has the kernel ask anew, and at once, for the neighbours of an interface that it has not found; says how many.
///
/// A kernel that has asked in vain waits a second before it asks again, and what it has to send waits with it. Whoever
/// knows that the link carries again need not wait. Packets that are queued for a neighbour stay queued.
pub async fn ask_again(handle: &Handle, ifindex: u32) -> Result<usize, NeighbourError> {
    let mut asked = 0;
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut request = NeighbourMessage::default();
        request.header.family = family;
        let missing =
            dump_of(
                handle,
                "neighbours",
                RouteNetlinkMessage::GetNeighbour(request),
                |message| match message {
                    RouteNetlinkMessage::NewNeighbour(neighbour) => missing(neighbour, ifindex),
                    _ => None,
                },
            )
            .await?;
        for neighbour in missing {
            // Only a neighbour that is not being looked for is asked for at once.
            change(handle, neighbour.clone()).await?;
            let mut wanted = neighbour;
            wanted.header.flags = NeighbourFlags::Use;
            change(handle, wanted).await?;
            asked += 1;
        }
    }
    Ok(asked)
}

/// The neighbour by its address alone and in no state, if the kernel looks for it or has given up.
fn missing(neighbour: NeighbourMessage, ifindex: u32) -> Option<NeighbourMessage> {
    let sought = matches!(neighbour.header.state, NeighbourState::Incomplete | NeighbourState::Failed);
    if neighbour.header.ifindex != ifindex || !sought {
        return None;
    }
    let is_address = |attribute: &NeighbourAttribute| matches!(attribute, NeighbourAttribute::Destination(_));
    let mut message = NeighbourMessage::default();
    message.header.family = neighbour.header.family;
    message.header.ifindex = ifindex;
    message.attributes = neighbour.attributes.into_iter().filter(is_address).collect();
    Some(message)
}

/// Writes one entry. One that has gone meanwhile is none of our business.
async fn change(handle: &Handle, neighbour: NeighbourMessage) -> io::Result<()> {
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewNeighbour(neighbour));
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE | NLM_F_CREATE;
    let mut answers = handle.clone().request(request).map_err(io_error)?;
    while let Some(answer) = answers.next().await {
        if let NetlinkPayload::Error(error) = answer.payload
            && error.raw_code() != 0
        {
            return Err(error.to_io());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
