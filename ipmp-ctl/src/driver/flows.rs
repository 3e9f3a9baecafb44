//! Which member carries a flow that leaves a group, and which one would if another failed: the packet path's rules on
//! what the packet path has installed.

use std::net::{IpAddr, Ipv4Addr};

use ipmp_common::{Choice, SlotSet};

use super::group::GroupRuntime;
use crate::{
    control::protocol::{FlowReply, FlowRequest, Present},
    dataplane::flow::{Flow, Way},
    engine::{assignment::Assignment, event::MemberIndex},
};

/// Says it; an error in words for the user if there can be no such flow.
pub(super) fn flow(group: &GroupRuntime, asked: &FlowRequest) -> Result<FlowReply, String> {
    if asked.source.is_ipv4() != asked.destination.is_ipv4() {
        return Err(format!("{} and {} are of different families", asked.source, asked.destination));
    }
    let is_broadcast = matches!(asked.destination, IpAddr::V4(to) if is_broadcast(group, to));
    let flow = Flow {
        source: asked.source,
        destination: asked.destination,
        to_group: is_broadcast || asked.destination.is_multicast(),
        protocol: asked.protocol,
        source_port: asked.source_port,
        destination_port: asked.destination_port,
    };
    match &asked.if_failed {
        None => Ok(at_present(group, &flow)),
        Some(name) => {
            let failed = group.member_named(name).ok_or_else(|| no_such_member(group, name))?;
            Ok(if_failed(group, &flow, failed))
        }
    }
}

fn at_present(group: &GroupRuntime, flow: &Flow) -> FlowReply {
    let installed = group.path.installed();
    let way = way(group, flow, installed);
    let member = member_in(group, way.slot());
    let (bucket, why) = match way {
        Way::TestAddress { .. } => {
            (None, format!("{} is a test address: it leaves by its own member only", flow.source))
        }
        Way::Nominated { .. } => (None, "broadcast and multicast leave by the nominated member".to_owned()),
        Way::Bucket { number, choice, slot } => {
            let named = |slot| member_in(group, Some(slot));
            let why = match (named(choice.backup), named(choice.slot)) {
                (Some(from), Some(to)) if choice.is_moving() => {
                    format!("its bucket is moving from {from} to {to}, when it is idle for a moment")
                }
                _ => why(choice, slot, installed.usable),
            };
            (Some(number), why)
        }
    };
    FlowReply { member, bucket, why, at_present: None, meanwhile: None }
}

/// First the packet path falls back by itself; what the engine plans then is the same, but for a member that has to be
/// activated before it can carry anything.
fn if_failed(group: &GroupRuntime, flow: &Flow, failed: MemberIndex) -> FlowReply {
    let present = at_present(group, flow);
    let name = &group.config().members[failed].name;
    let mut installed = group.path.installed().clone();
    if let Some(slot) = group.members[failed].slot {
        installed.usable = installed.usable.without(slot);
    }
    let at_once = way(group, flow, &installed);
    let then = way(group, flow, &group.engine.without(failed));
    let (bucket, then) = match then {
        Way::TestAddress { .. } => {
            let own = present.member.filter(|member| member != name);
            let why = match own {
                Some(_) => present.why,
                None => format!("{} is a test address of {name}: nobody else sends from it", flow.source),
            };
            let at_present = Some(Present { member: member_in(group, then.slot()) });
            return FlowReply { member: own, bucket: None, why, at_present, meanwhile: None };
        }
        Way::Nominated { slot } => (None, slot),
        Way::Bucket { number, slot, .. } => (Some(number), slot),
    };
    let is_idle = then.is_some_and(|slot| !installed.usable.contains(slot));
    let (member, what) =
        (member_in(group, then), if bucket.is_some() { "its bucket" } else { "the nomination" });
    let why = match (&present.member, &member) {
        (_, None) => "no member of the group would be usable".to_owned(),
        (before, after) if before == after => format!("{what} is not on {name}: it stays"),
        (_, Some(after)) => format!("{what} falls back from {name} to {after}"),
    };
    let meanwhile = member_in(group, at_once.slot()).filter(|_| is_idle);
    let at_present = Some(Present { member: present.member });
    FlowReply { member, bucket, why, at_present, meanwhile }
}

fn way(group: &GroupRuntime, flow: &Flow, assignment: &Assignment) -> Way {
    let installed = &group.path.installed().buckets;
    // A move that is not installed has not begun.
    let has_passed = |bucket: u32| {
        let same = installed[bucket as usize] == assignment.buckets[bucket as usize];
        same && group.path.has_passed(bucket)
    };
    flow.way(group.path.hash_seed(), assignment, has_passed)
}

fn member_in(group: &GroupRuntime, slot: Option<u16>) -> Option<String> {
    let ifindex = group.path.installed().slots.get(&slot?)?.ifindex;
    Some(group.config().members[group.member_with(ifindex)?].name.clone())
}

fn no_such_member(group: &GroupRuntime, name: &str) -> String {
    let members: Vec<_> = group.config().members.iter().map(|member| member.name.as_str()).collect();
    format!("{name} is no member of group {}: it has {}", group.name(), members.join(", "))
}

fn is_broadcast(group: &GroupRuntime, to: Ipv4Addr) -> bool {
    let of_subnet = group.config().addresses.iter().any(|data| match data.net {
        ipnet::IpNet::V4(net) => net.prefix_len() < 31 && net.broadcast() == to,
        ipnet::IpNet::V6(_) => false,
    });
    of_subnet || to.is_broadcast()
}

fn why(choice: Choice, slot: Option<u16>, usable: SlotSet) -> String {
    match slot {
        None => "no member of the group is usable".to_owned(),
        Some(slot) if slot == choice.slot => "its bucket names this member".to_owned(),
        Some(slot) if slot == choice.backup => {
            "the member that its bucket names is unusable; this is the backup".to_owned()
        }
        Some(_) => format!(
            "the member that its bucket names is unusable, and so is the backup; one of the {} usable members",
            usable.len()
        ),
    }
}
