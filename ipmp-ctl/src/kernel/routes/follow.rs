//! The subscription to changes of routes.
//!
//! Apart from that to links and addresses ([`crate::kernel::netlink::Monitor`]): on a router routes change by the
//! thousand, and what overruns here must not cost a message about a link.

use std::collections::BTreeSet;

use futures::{StreamExt as _, channel::mpsc::UnboundedReceiver};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use rtnetlink::MulticastGroup;
use tokio::task::JoinHandle;

use crate::kernel::netlink::{NetlinkError, RouteInfo};

/// Changes taken in one go.
const AT_ONCE: usize = 1024;

/// The interfaces whose routes have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// These.
    Some(BTreeSet<u32>),
    /// Any: messages were lost.
    Any,
}

impl Touched {
    /// Whether routes by this interface may have changed.
    pub fn includes(&self, ifindex: u32) -> bool {
        match self {
            Self::Some(touched) => touched.contains(&ifindex),
            Self::Any => true,
        }
    }
}

/// The subscription. What the kernel takes away silently (with an address, or an interface that goes down) is not told.
#[derive(Debug)]
pub struct RouteFollower {
    messages: UnboundedReceiver<(NetlinkMessage<RouteNetlinkMessage>, rtnetlink::sys::SocketAddr)>,
    connection: JoinHandle<()>,
}

impl RouteFollower {
    /// Subscribes. Call it inside a tokio runtime.
    pub fn subscribe() -> Result<Self, NetlinkError> {
        let groups = [MulticastGroup::Ipv4Route, MulticastGroup::Ipv6Route];
        let (connection, _, messages) =
            rtnetlink::new_multicast_connection(&groups).map_err(NetlinkError::Open)?;
        Ok(Self { messages, connection: tokio::spawn(connection) })
    }

    /// The next changes, as many as there are; `None` if the socket has failed for good. Nothing is lost if the future is
    /// dropped.
    pub async fn next(&mut self) -> Option<Touched> {
        let (first, _) = self.messages.next().await?;
        let mut touched = Touched::Some(BTreeSet::new());
        note(&mut touched, first.payload);
        for _ in 1..AT_ONCE {
            let Ok((message, _)) = self.messages.try_recv() else { break };
            note(&mut touched, message.payload);
        }
        Some(touched)
    }
}

impl Drop for RouteFollower {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn note(touched: &mut Touched, payload: NetlinkPayload<RouteNetlinkMessage>) {
    match payload {
        NetlinkPayload::InnerMessage(
            RouteNetlinkMessage::NewRoute(message) | RouteNetlinkMessage::DelRoute(message),
        ) => {
            let hops = RouteInfo::from_message(&message).map(|route| route.hops).unwrap_or_default();
            if let Touched::Some(all) = touched {
                all.extend(hops.iter().map(|hop| hop.ifindex));
            }
        }
        NetlinkPayload::Overrun(_) => *touched = Touched::Any,
        _ => {}
    }
}

#[cfg(test)]
mod tests;
