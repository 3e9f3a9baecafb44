//! `flow`.

use std::path::Path;

use anyhow::bail;
use clap::error::ErrorKind;
use ipmp_ctl::control::{
    client::ask,
    protocol::{FlowReply, FlowRequest, Reply, Request},
};

use super::{FlowArgs, output, usage};

#[cfg(test)]
mod tests;

/// Says which member carries a flow.
pub(super) fn run(args: &FlowArgs, socket: &Path) -> anyhow::Result<()> {
    match ask(socket, &Request::Flow(request(args)?))? {
        Reply::Flow(reply) if args.json => output::print_json(&reply),
        Reply::Flow(reply) => output::print(&sentence(args, &reply)),
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}

/// What to ask; an error if no such packet can exist.
fn request(args: &FlowArgs) -> Result<FlowRequest, clap::Error> {
    if args.source.is_ipv4() != args.destination.is_ipv4() {
        let text = format!(
            "{} and {} are of different families: give two IPv4 or two IPv6 addresses",
            args.source, args.destination
        );
        return Err(usage("flow", ErrorKind::ValueValidation, text));
    }
    let ports = args.source_port.or(args.destination_port).is_some();
    if let Some(protocol) = args.protocol.filter(|protocol| ports && !protocol.has_ports()) {
        let text = format!("ports do not count in flows of {protocol}: leave out --sport and --dport");
        return Err(usage("flow", ErrorKind::ArgumentConflict, text));
    }
    Ok(FlowRequest {
        group: args.group.clone(),
        source: args.source,
        destination: args.destination,
        protocol: args.protocol.map(|protocol| protocol.number(args.destination)),
        source_port: args.source_port.unwrap_or(0),
        destination_port: args.destination_port.unwrap_or(0),
        if_failed: args.if_failed.clone(),
    })
}

/// The answer in one line.
fn sentence(args: &FlowArgs, reply: &FlowReply) -> String {
    let FlowArgs { group, source, destination, .. } = args;
    let transport = match args.protocol {
        None => String::new(),
        Some(protocol) if protocol.has_ports() => {
            let [sport, dport] = [args.source_port, args.destination_port].map(Option::unwrap_or_default);
            format!(" {protocol} {sport} -> {dport}")
        }
        Some(protocol) => format!(" {protocol}"),
    };
    let member = named(reply.member.as_ref());
    let bucket = reply.bucket.map(|bucket| format!("bucket {bucket}: ")).unwrap_or_default();
    let condition = args.if_failed.as_ref().map(|failed| format!(" if {failed} fails")).unwrap_or_default();
    let meanwhile = reply
        .meanwhile
        .as_ref()
        .map(|meanwhile| format!("; for the milliseconds until {member} is activated {meanwhile} stands in"));
    let present = reply.at_present.as_ref().map(|now| format!("; at present {}", named(now.member.as_ref())));
    let rest = meanwhile.into_iter().chain(present).collect::<String>();
    let why = &reply.why;
    format!("{group}: {source} -> {destination}{transport}: {member}{condition} ({bucket}{why}{rest})\n")
}

fn named(member: Option<&String>) -> &str {
    member.map_or("no member", String::as_str)
}
