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
    let member = reply.member.as_deref().unwrap_or("no member");
    let bucket = reply.bucket.map(|bucket| format!("bucket {bucket}: ")).unwrap_or_default();
    format!("{group}: {source} -> {destination}{transport}: {member} ({bucket}{})\n", reply.why)
}
