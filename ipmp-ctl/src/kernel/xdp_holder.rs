//! Which program an interface's XDP hook runs.

use std::io;

use netlink_packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{LinkAttribute, LinkMessage, LinkXdp},
};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// Bytes of an answer about one interface; a physical function with many virtual ones has long answers, which are not asked
/// for here.
const ANSWER: usize = 32 * 1024;

/// A program that the kernel has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub id: u32,
    /// Its name, cut to 15 characters; empty if it has none or went away meanwhile.
    pub name: String,
}

/// The program at the XDP hook of an interface of this thread's network namespace, if there is one.
pub fn holder(ifindex: u32) -> io::Result<Option<Holder>> {
    Ok(program_of(&ask(ifindex)?).map(|id| Holder { id, name: name_of(id) }))
}

fn ask(ifindex: u32) -> io::Result<LinkMessage> {
    // Protocol 0 is NETLINK_ROUTE.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let mut link = LinkMessage::default();
    link.header.index = ifindex;
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::GetLink(link));
    request.header.flags = NLM_F_REQUEST;
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    send(&socket, &bytes, SendFlags::empty())?;
    let mut answer = vec![0; ANSWER];
    let (length, _) = recv(&socket, answer.as_mut_slice(), RecvFlags::empty())?;
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer[..length])
        .map_err(io::Error::other)?
        .payload
    {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => Ok(link),
        NetlinkPayload::Error(error) => Err(error.to_io()),
        other => Err(io::Error::other(format!("an unexpected answer: {other:?}"))),
    }
}

fn program_of(link: &LinkMessage) -> Option<u32> {
    let xdp = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Xdp(xdp) => Some(xdp),
        _ => None,
    })?;
    let is_id = |attribute: &LinkXdp| match attribute {
        LinkXdp::ProgId(id) | LinkXdp::DrvProgId(id) | LinkXdp::SkbProgId(id) | LinkXdp::HwProgId(id) => {
            Some(*id)
        }
        _ => None,
    };
    xdp.iter().find_map(is_id).filter(|&id| id != 0)
}

fn name_of(id: u32) -> String {
    let program = aya::programs::loaded_programs().filter_map(Result::ok).find(|program| program.id() == id);
    program.and_then(|program| program.name_as_str().map(str::to_owned)).unwrap_or_default()
}
