//! What an adoption will do: made of what the host holds and what is asked for, or all that is in the way. Pure.

mod checks;
mod members;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub use self::words::numbered;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::Path,
};

use ipnet::IpNet;

use super::{
    document::{self, MemberSection, Section},
    request::AdoptRequest,
};
use crate::{
    config::{self, Config},
    kernel::{
        holdings::{HeldAddress, HeldRoute, Holdings},
        preflight::Facts,
    },
};

/// What a plan is made of.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Links, addresses and routes as checks see them.
    pub facts: Facts,
    /// Addresses and routes as they can be moved.
    pub holdings: Holdings,
    /// The text of the configuration.
    pub text: String,
    /// Groups that run.
    pub running: Vec<String>,
}

/// What will be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The group, as the configuration will have it.
    pub group: config::Group,
    /// The whole configuration, and its text.
    pub config: Config,
    /// The same as text.
    pub text: String,
    /// The members that are there, by index.
    pub interfaces: BTreeMap<u32, String>,
    /// What they hold, in its place: all of it moves.
    pub moving: Holdings,
    /// Routers of the default routes: each with the member that it is behind now.
    pub gateways: BTreeSet<Gateway>,
    /// What an operator should know beforehand.
    pub notes: Vec<String>,
}

/// The router of a default route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gateway {
    /// Its address.
    pub address: IpAddr,
    /// The interface that it is behind.
    pub ifindex: u32,
}

/// Makes the plan. `file` is where the configuration is, for messages.
///
/// # Errors
/// Everything that is in the way; each names the thing and what to do.
pub fn plan(request: &AdoptRequest, host: &Host, file: &Path) -> Result<Plan, Vec<String>> {
    let mut problems = checks::request(request, host);
    let interfaces = members::present(request, &host.facts.snapshot);
    let moving = members::moving(&interfaces, &host.holdings);
    problems.extend(checks::moving(&interfaces, &moving));
    let section = match section(request, &interfaces, &moving) {
        Ok(section) if problems.is_empty() => section,
        Ok(_) => return Err(problems),
        Err(more) => {
            problems.extend(more);
            return Err(problems);
        }
    };
    let text = document::with(&host.text, &section);
    let config = match Config::parse(&text, file) {
        Ok((config, _)) => config,
        Err(errors) => {
            let said = errors
                .problems
                .iter()
                .map(|problem| format!("the configuration would not be valid: {problem}"));
            return Err(said.collect());
        }
    };
    let Some(group) = config.group(&request.group).cloned() else {
        return Err(vec![format!("group {}: the configuration would not have it", request.group)]);
    };
    let notes = checks::host(&group, &config, host, &moving)?;
    let gateways = moving.routes.iter().filter(|route| route.is_default() && route.is_made());
    let gateways = gateways
        .filter_map(|route| Some(Gateway { address: route.info().gateway?, ifindex: route.info().ifindex }));
    let gateways = gateways.collect();
    let notes = [words::notes(&moving, &group, &interfaces), notes].concat();
    Ok(Plan { group, config, text, interfaces, moving, gateways, notes })
}

/// What the configuration gets.
fn section(
    request: &AdoptRequest,
    interfaces: &BTreeMap<u32, String>,
    moving: &Holdings,
) -> Result<Section, Vec<String>> {
    let lasting: Vec<IpNet> =
        moving.addresses.iter().filter(|it| is_lasting(it)).map(|it| it.info().net()).collect();
    let tests = members::test_addresses(request, moving)?;
    let members = request.interfaces.iter().map(|name| MemberSection {
        name: name.clone(),
        standby: request.standby.contains(name),
        test_addresses: tests.get(name).cloned().unwrap_or_default(),
    });
    let routes = moving.routes.iter().filter(|route| is_expressible(route, &lasting));
    let from: BTreeSet<&str> = moving
        .addresses
        .iter()
        .filter_map(|held| interfaces.get(&held.info().ifindex))
        .map(String::as_str)
        .collect();
    let from: Vec<_> = from.into_iter().collect();
    Ok(Section {
        group: request.group.clone(),
        origin: format!(
            "Adopted from {} by `ipmp-ctl adopt`.",
            if from.is_empty() { "nothing".to_owned() } else { from.join(" and ") }
        ),
        addresses: lasting.iter().map(ToString::to_string).collect(),
        ipv6_token: token::common(moving),
        routes: routes.map(in_words_of_configuration).collect(),
        members: members.collect(),
    })
}

/// Whether an address goes into the configuration: nobody else looks after it.
pub(super) fn is_lasting(held: &HeldAddress) -> bool {
    held.valid_s().is_none()
}

/// Whether the kernel makes this route by itself, along with one of these data addresses.
pub(super) fn comes_with(route: &HeldRoute, addresses: &[IpNet]) -> bool {
    let info = route.info();
    info.gateway.is_none() && addresses.iter().any(|net| net.trunc() == info.destination)
}

/// Whether the configuration can say this route, with these data addresses.
pub(super) fn is_expressible(route: &HeldRoute, addresses: &[IpNet]) -> bool {
    let is_own = |source: IpAddr| addresses.iter().any(|net| net.addr() == source);
    let on_link = |via: IpAddr| addresses.iter().any(|net| net.contains(&via));
    route.is_made()
        && route.is_plain()
        && route.info().gateway.is_some_and(on_link)
        && route.preferred_source().is_none_or(is_own)
}

fn in_words_of_configuration(route: &HeldRoute) -> String {
    /// The metric of an IPv6 route for which none is given.
    const USUAL: u32 = 1024;
    let info = route.info();
    let destination = if route.is_default() { "default".to_owned() } else { info.destination.to_string() };
    let via = info.gateway.map(|via| format!(" via {via}")).unwrap_or_default();
    let is_usual = info.metric == if info.destination.addr().is_ipv6() { USUAL } else { 0 };
    let metric = if is_usual { String::new() } else { format!(" metric {}", info.metric) };
    let source = route.preferred_source().map(|source| format!(" src {source}")).unwrap_or_default();
    format!("{destination}{via}{metric}{source}")
}
