//! Links and addresses, as the kernel has them and as they change.
//!
//! Subscribe first ([`Monitor::subscribe`]), dump second ([`dump`]): whatever changes in between is told twice, never
//! not at all. Requests have a connection of their own ([`connect`]): when the socket of the subscription overruns, an
//! answer on it would be lost too.

pub mod address;
pub mod link;
pub mod route;

use std::{collections::BTreeMap, io};

use futures::{StreamExt, channel::mpsc::UnboundedReceiver};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::AddressMessage,
    link::LinkMessage,
    route::{RouteAttribute, RouteMessage},
};
use rtnetlink::{Handle, MulticastGroup, sys::AsyncSocket};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use tokio::{sync::Mutex, task::JoinHandle};

pub use self::{
    address::AddressInfo,
    link::LinkInfo,
    route::{Hop, RouteInfo},
};

/// Room for the messages of some thousand changes between two looks at the socket.
const RECEIVE_BUFFER: usize = 8 << 20;

/// A dump during which the kernel's tables changed is taken again, this often at most.
const DUMP_ATTEMPTS: usize = 8;

/// The kernel makes one dump at a time for a socket, and calls it busy when asked for a second.
static DUMPING: Mutex<()> = Mutex::const_new(());

/// Flag of a dump that is inconsistent because the tables changed meanwhile (`NLM_F_DUMP_INTR`).
const DUMP_INTERRUPTED: u16 = 0x10;

/// Why the kernel could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// No netlink socket.
    #[error("cannot open a netlink socket: {0}")]
    Open(io::Error),
    /// A dump failed.
    #[error("cannot list the {what} of this network namespace: {source}")]
    Dump {
        /// Links, addresses, routes or neighbours.
        what: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

/// A change that the kernel told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A link appeared or changed.
    Link(Box<LinkInfo>),
    /// A link is gone: deleted, or moved to another network namespace.
    LinkGone {
        /// Its index; it may be used again.
        ifindex: u32,
        /// Its name.
        name: String,
    },
    /// An address appeared or changed (its flags, its lifetime).
    Address(AddressInfo),
    /// An address is gone.
    AddressGone(AddressInfo),
    /// Messages were lost: only another [`dump`] tells what is true now.
    Lost,
}

/// All links and addresses at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The links by interface index.
    pub links: BTreeMap<u32, LinkInfo>,
    /// The addresses in the kernel's order.
    pub addresses: Vec<AddressInfo>,
}

impl Snapshot {
    /// The link of this name.
    pub fn link(&self, name: &str) -> Option<&LinkInfo> {
        self.links.values().find(|link| link.name == name)
    }

    /// The interface that a VLAN or macvlan lies on, and what that one lies on in turn, topmost first: as far as they are in
    /// this network namespace.
    pub fn below<'a>(&'a self, link: &'a LinkInfo) -> impl Iterator<Item = &'a LinkInfo> {
        /// The kernel stacks no more devices.
        const DEEPEST: usize = 8;
        let next = |link: &&'a LinkInfo| {
            let stacked = matches!(link.kind.as_deref(), Some("vlan" | "macvlan" | "ipvlan"));
            let lower = link.lower.filter(|_| stacked && !link.lower_elsewhere)?;
            self.links.get(&lower)
        };
        std::iter::successors(next(&link), next).take(DEEPEST)
    }

    /// The addresses of an interface, in the kernel's order.
    pub fn addresses_of(&self, ifindex: u32) -> impl Iterator<Item = &AddressInfo> {
        self.addresses.iter().filter(move |address| address.ifindex == ifindex)
    }

    /// Takes a change in. `false`: messages were lost, and the snapshot is stale.
    pub fn absorb(&mut self, change: &Change) -> bool {
        match change {
            Change::Link(link) => {
                self.links.insert(link.ifindex, (**link).clone());
                link::name_controllers(&mut self.links);
            }
            Change::LinkGone { ifindex, .. } => {
                self.links.remove(ifindex);
                self.addresses.retain(|address| address.ifindex != *ifindex);
            }
            Change::Address(new) => match self.addresses.iter_mut().find(|old| old.is_same(new)) {
                Some(old) => *old = new.clone(),
                None => self.addresses.push(new.clone()),
            },
            Change::AddressGone(gone) => self.addresses.retain(|address| !address.is_same(gone)),
            Change::Lost => return false,
        }
        true
    }
}

/// Opens a connection for requests. Call it inside a tokio runtime.
pub fn connect() -> Result<Handle, NetlinkError> {
    let (connection, handle, _) = rtnetlink::new_connection().map_err(NetlinkError::Open)?;
    tokio::spawn(connection);
    Ok(handle)
}

/// Opens a connection whose requests the kernel takes literally: a dump with a filter gives only what fits. Call it
/// inside a tokio runtime.
pub fn connect_strictly() -> Result<Handle, NetlinkError> {
    let (connection, handle, _) =
        rtnetlink::new_connection_with_strict_check().map_err(NetlinkError::Open)?;
    tokio::spawn(connection);
    Ok(handle)
}

/// The subscription to changes of links and addresses.
#[derive(Debug)]
pub struct Monitor {
    messages: UnboundedReceiver<(NetlinkMessage<RouteNetlinkMessage>, rtnetlink::sys::SocketAddr)>,
    connection: JoinHandle<()>,
    buffer: usize,
}

impl Monitor {
    /// Subscribes. Call it inside a tokio runtime.
    pub fn subscribe() -> Result<Self, NetlinkError> {
        Self::with_buffer(RECEIVE_BUFFER)
    }

    fn with_buffer(buffer: usize) -> Result<Self, NetlinkError> {
        let groups = [MulticastGroup::Link, MulticastGroup::Ipv4Ifaddr, MulticastGroup::Ipv6Ifaddr];
        let (mut connection, _, messages) =
            rtnetlink::new_multicast_connection(&groups).map_err(NetlinkError::Open)?;
        set_socket_recv_buffer_size_force(connection.socket_mut().socket_ref(), buffer)
            .map_err(|error| NetlinkError::Open(error.into()))?;
        Ok(Self { messages, connection: tokio::spawn(connection), buffer })
    }

    /// The next change; `None` if the socket has failed for good. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let (message, _) = self.messages.next().await?;
            match change_of(message.payload) {
                // Until it has been read empty, a socket that overran loses what comes without another word. A new one
                // does not: whatever changes after the dump that follows is told.
                Some(Change::Lost) => {
                    *self = Self::with_buffer(self.buffer).ok()?;
                    return Some(Change::Lost);
                }
                Some(change) => return Some(change),
                None => {}
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn change_of(payload: NetlinkPayload<RouteNetlinkMessage>) -> Option<Change> {
    match payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(message)) => {
            is_about_the_link(&message).then(|| Change::Link(Box::new(LinkInfo::from(&message))))
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(message)) => is_about_the_link(&message)
            .then(|| LinkInfo::from(&message))
            .map(|link| Change::LinkGone { ifindex: link.ifindex, name: link.name }),
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(message)) => {
            AddressInfo::from_message(&message).map(Change::Address)
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(message)) => {
            AddressInfo::from_message(&message).map(Change::AddressGone)
        }
        NetlinkPayload::Overrun(_) => Some(Change::Lost),
        _ => None,
    }
}

/// A bridge tells of its ports by link messages of its own family: such a "link deleted" only says that a port left.
fn is_about_the_link(message: &LinkMessage) -> bool {
    message.header.interface_family == AddressFamily::Unspec
}

/// Reads all links and addresses.
pub async fn dump(handle: &Handle) -> Result<Snapshot, NetlinkError> {
    let links =
        dump_of(
            handle,
            "links",
            RouteNetlinkMessage::GetLink(LinkMessage::default()),
            |message| match message {
                RouteNetlinkMessage::NewLink(link) => Some(LinkInfo::from(&link)),
                _ => None,
            },
        );
    let mut links: BTreeMap<u32, LinkInfo> =
        links.await?.into_iter().map(|link| (link.ifindex, link)).collect();
    link::name_controllers(&mut links);
    let request = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let addresses = dump_of(handle, "addresses", request, |message| match message {
        RouteNetlinkMessage::NewAddress(address) => AddressInfo::from_message(&address),
        _ => None,
    });
    Ok(Snapshot { links, addresses: addresses.await? })
}

/// Reads all routes of all tables, both families.
pub async fn dump_routes(handle: &Handle) -> Result<Vec<RouteInfo>, NetlinkError> {
    dump_routes_with(handle, &[]).await
}

/// Reads the routes by one interface, of all tables, both families. `strict` is a connection that has the kernel choose
/// them ([`connect_strictly`]); it may have a million others.
pub async fn dump_routes_by(strict: &Handle, ifindex: u32) -> Result<Vec<RouteInfo>, NetlinkError> {
    dump_routes_with(strict, &[RouteAttribute::Oif(ifindex)]).await
}

async fn dump_routes_with(
    handle: &Handle,
    filter: &[RouteAttribute],
) -> Result<Vec<RouteInfo>, NetlinkError> {
    let mut routes = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut request = RouteMessage::default();
        request.header.address_family = family;
        request.attributes = filter.to_vec();
        let request = RouteNetlinkMessage::GetRoute(request);
        routes.extend(
            dump_of(handle, "routes", request, |message| match message {
                RouteNetlinkMessage::NewRoute(route) => RouteInfo::from_message(&route),
                _ => None,
            })
            .await?,
        );
    }
    Ok(routes)
}

/// Reads a whole table: what `convert` makes of each message.
pub(super) async fn dump_of<T>(
    handle: &Handle,
    what: &'static str,
    request: RouteNetlinkMessage,
    convert: impl Fn(RouteNetlinkMessage) -> Option<T>,
) -> Result<Vec<T>, NetlinkError> {
    let failed = |source| NetlinkError::Dump { what, source };
    let _alone = DUMPING.lock().await;
    for _ in 0..DUMP_ATTEMPTS {
        let mut message = NetlinkMessage::from(request.clone());
        message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut answers = handle.clone().request(message).map_err(|error| failed(io_error(error)))?;
        let mut found = Vec::new();
        let mut interrupted = false;
        while let Some(answer) = answers.next().await {
            interrupted |= answer.header.flags & DUMP_INTERRUPTED != 0;
            match answer.payload {
                NetlinkPayload::InnerMessage(inner) => found.extend(convert(inner)),
                NetlinkPayload::Error(error) => return Err(failed(error.to_io())),
                _ => {}
            }
        }
        if !interrupted {
            return Ok(found);
        }
    }
    Err(failed(io::Error::new(io::ErrorKind::Interrupted, "it changes faster than it can be read")))
}

/// What the kernel said, as an error of the operating system.
pub(super) fn io_error(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests;
