//! The token of an interface: the interface identifier of the addresses that the kernel forms of router advertisements there.

use std::{io, net::Ipv6Addr};

use futures::TryStreamExt as _;
use netlink_packet_route::link::{AfSpecInet6, AfSpecUnspec, LinkAttribute, LinkMessage};
use rtnetlink::{Handle, LinkUnspec};

use super::netlink::io_error;

/// Gives the interface this token; zero means none. `false` if it had it: the kernel gives up what it has formed by a token when it
/// is given one, be it the same.
///
/// # Errors
/// `EINVAL`: the interface does not accept router advertisements, or asks for none.
pub async fn set(handle: &Handle, ifindex: u32, token: Ipv6Addr) -> io::Result<bool> {
    if read(handle, ifindex).await? == token {
        return Ok(false);
    }
    let inet6 = AfSpecUnspec::Inet6(vec![AfSpecInet6::Token(token)]);
    let message = LinkUnspec::new_with_index(ifindex);
    let message = message.append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![inet6])).build();
    handle.link().set(message).execute().await.map_err(io_error)?;
    Ok(true)
}

/// The token of an interface; zero if it has none, or no IPv6.
async fn read(handle: &Handle, ifindex: u32) -> io::Result<Ipv6Addr> {
    let link = handle.link().get().match_index(ifindex).execute().try_next().await.map_err(io_error)?;
    Ok(link.as_ref().and_then(token).unwrap_or(Ipv6Addr::UNSPECIFIED))
}

fn token(link: &LinkMessage) -> Option<Ipv6Addr> {
    let families = link.attributes.iter().filter_map(|attribute| match attribute {
        LinkAttribute::AfSpecUnspec(families) => Some(families),
        _ => None,
    });
    let settings = families.flatten().filter_map(|family| match family {
        AfSpecUnspec::Inet6(settings) => Some(settings),
        _ => None,
    });
    settings.flatten().find_map(|setting| match setting {
        AfSpecInet6::Token(token) => Some(*token),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
