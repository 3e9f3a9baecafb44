//! Routes by the group interface.

use std::{net::IpAddr, str::SplitAsciiWhitespace};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

use super::{
    Route,
    address::{DataAddresses, Unfit, unfit, unfit_in},
    findings::{At, Findings},
    section::Section,
};

/// What is wrong with a route.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum RouteError {
    /// Not the syntax.
    #[error("{0}; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]")]
    Syntax(String),
    /// A destination without prefix length.
    #[error("{0} has no prefix length; write {0}/{1} for that host alone")]
    NoPrefix(IpAddr, u8),
    /// A destination that is not the start of its subnet.
    #[error("{0} has bits beyond its prefix; write {correct}", correct = .0.trunc())]
    HostBits(IpNet),
    /// A destination that routes are not for.
    #[error("{0} is no destination for a route ({1}); remove the route")]
    Destination(IpNet, &'static str),
    /// Destination, router and source are not of one family.
    #[error("mixes IPv4 and IPv6; give addresses of one family")]
    Families,
    /// The router is no host.
    #[error("via {0} {1}; give the address of the router")]
    ViaUnfit(IpAddr, Unfit),
    /// The router is not on the link.
    #[error(
        "via {0} is in no data address's subnet; give a router on the link, or a data address in its subnet"
    )]
    ViaOffLink(IpAddr),
    /// The source is not ours.
    #[error("src {0} is no data address of the group; give one of them, or leave src out")]
    ForeignSource(IpAddr),
}

/// The route that `text` stands for.
pub(super) fn parse(text: &str, line: usize) -> Result<Route, RouteError> {
    let mut words = text.split_ascii_whitespace();
    let destination = words.next().ok_or_else(|| RouteError::Syntax("empty".to_owned()))?;
    let (mut via, mut metric, mut source) = (None, None, None);
    while let Some(word) = words.next() {
        match word {
            "via" => set(&mut via, word, &mut words)?,
            "metric" => set(&mut metric, word, &mut words)?,
            "src" => set(&mut source, word, &mut words)?,
            _ => return Err(RouteError::Syntax(format!("unknown word {word:?}"))),
        }
    }
    let via: IpAddr = via.ok_or_else(|| RouteError::Syntax("no `via`".to_owned()))?;
    let destination = match destination {
        "default" if via.is_ipv4() => Ipv4Net::default().into(),
        "default" => Ipv6Net::default().into(),
        prefix => parse_destination(prefix)?,
    };
    let v4 = via.is_ipv4();
    if destination.addr().is_ipv4() != v4 || source.is_some_and(|source: IpAddr| source.is_ipv4() != v4) {
        return Err(RouteError::Families);
    }
    if let Some(unfit) = unfit(via) {
        return Err(RouteError::ViaUnfit(via, unfit));
    }
    Ok(Route { destination, via, metric, source, line })
}

/// Takes the value of an option that may be given once.
fn set<T: std::str::FromStr>(
    option: &mut Option<T>,
    name: &str,
    words: &mut SplitAsciiWhitespace<'_>,
) -> Result<(), RouteError> {
    let text = words.next().ok_or_else(|| RouteError::Syntax(format!("nothing after `{name}`")))?;
    let value = text.parse().map_err(|_| RouteError::Syntax(format!("unusable {text:?} after `{name}`")))?;
    match option.replace(value) {
        None => Ok(()),
        Some(_) => Err(RouteError::Syntax(format!("`{name}` twice"))),
    }
}

fn parse_destination(text: &str) -> Result<IpNet, RouteError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(RouteError::NoPrefix(address, if address.is_ipv4() { 32 } else { 128 }));
    }
    let net: IpNet = text.parse().map_err(|_| RouteError::Syntax(format!("{text:?} is no prefix")))?;
    if net.trunc() != net {
        return Err(RouteError::HostBits(net));
    }
    let refused = match net.addr() {
        _ if net.prefix_len() == 0 => None,
        address if address.is_multicast() => Some("multicast"),
        address if address.is_loopback() => Some("loopback"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("link-local"),
        _ => None,
    };
    refused.map_or(Ok(net), |why| Err(RouteError::Destination(net, why)))
}

/// Whether a route fits the data addresses of its group.
fn fit(route: &Route, data: &DataAddresses) -> Result<(), RouteError> {
    let link_local = matches!(route.via, IpAddr::V6(v6) if v6.is_unicast_link_local());
    match data.subnet_of(route.via) {
        Some(subnet) => {
            let via = IpNet::new(route.via, subnet.prefix_len()).ok();
            // Packets to the routers' anycast address do reach a router.
            if let Some(unfit) = via.and_then(unfit_in).filter(|unfit| *unfit != Unfit::RouterAnycast) {
                return Err(RouteError::ViaUnfit(route.via, unfit));
            }
        }
        None if link_local || !data.complete => {}
        None => return Err(RouteError::ViaOffLink(route.via)),
    }
    match route.source {
        Some(source) if data.complete && data.fit.iter().all(|data| data.net.addr() != source) => {
            Err(RouteError::ForeignSource(source))
        }
        _ => Ok(()),
    }
}

/// Reads `routes` of a group.
pub(super) fn read(section: &Section<'_>, data: &DataAddresses, findings: &mut Findings) -> Vec<Route> {
    let mut routes = Vec::new();
    for At { value: text, line } in
        section.strings("routes", "default via 192.0.2.1", findings).unwrap_or_default()
    {
        match parse(text, line).and_then(|route| fit(&route, data).map(|()| route)) {
            Ok(route) => routes.push(route),
            Err(error) => section.error(line, format!("route {text:?}: {error}"), findings),
        }
    }
    routes
}
