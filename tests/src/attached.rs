//! Programs at interfaces, whichever way they were attached.

use aya::programs::{SchedClassifier, TcAttachType};

use crate::{Netns, ctl};

/// Number of programs at the interfaces: on TCX hooks, and filters of clsact.
pub fn programs(netns: &Netns, interfaces: &[String]) -> usize {
    tcx_programs(netns, interfaces) + filters(netns, interfaces).len()
}

/// Programs on the TCX hooks of the interfaces; none where the kernel has no TCX.
pub fn tcx_programs(netns: &Netns, interfaces: &[String]) -> usize {
    let links = |name: &str, hook| {
        netns.run(|| SchedClassifier::query_tcx(name, hook).map_or(0, |(_, programs)| programs.len()))
    };
    let hooks = [TcAttachType::Ingress, TcAttachType::Egress];
    interfaces.iter().flat_map(|name| hooks.map(|hook| links(name, hook))).sum()
}

/// What `tc filter show` tells of the programs at those of the interfaces that are there, a line each.
pub fn filters(netns: &Netns, interfaces: &[String]) -> Vec<String> {
    let on = |name: &String| {
        ["ingress", "egress"].map(|hook| {
            let mut tc = netns.command("tc");
            ctl::text(&ctl::run(tc.args(["filter", "show", "dev", name, hook])))
        })
    };
    let text = interfaces.iter().filter(|name| netns.has(name)).flat_map(on).collect::<String>();
    text.lines().filter(|line| line.contains("direct-action")).map(str::to_owned).collect()
}
