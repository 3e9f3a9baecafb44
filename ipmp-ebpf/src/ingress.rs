//! What arrives at a member: whether it is the group's, the member's own, or nobody's.

use aya_ebpf::{
    bindings::{BPF_F_INGRESS, TC_ACT_SHOT},
    helpers::{bpf_redirect, bpf_skb_vlan_pop},
    programs::{TcContext, sk_buff::SkBuff},
};
use aya_log_ebpf::{debug, trace};
use ipmp_common::{Address, Reason};

use crate::{
    arp::Arp,
    config, counters,
    ipv4::{IGMP, Ipv4},
    ipv6::{self, Ipv6},
    maps::{self, State},
    member::{self, UNTOUCHED},
    nd,
    packet::{Ethernet, IPV4_HEAD, IPV6_HEAD, LONG_HEAD, Packet, ethertype, packet_type},
    probe,
};

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Destination {
    /// Up this member's own stack, as if there were no group.
    Member,
    /// To the group interface.
    Group,
    /// Up this member's own stack, where it keeps neighbours and listeners current; the group interface gets a copy if
    /// this member is the nominated one.
    Both,
    /// To the group interface, counted, but up this member's own stack.
    GroupByMember,
    /// Nowhere: it was the reply to a probe, and has done its work.
    Taken,
    /// Nowhere.
    Drop(Reason),
}

/// Carries out what [`classify`] says.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let packet = Packet::new(ctx);
    let Some(state) = State::get() else { return UNTOUCHED };
    match classify(packet, state) {
        Destination::Member => UNTOUCHED,
        Destination::Taken => TC_ACT_SHOT,
        Destination::Drop(reason) => {
            debug!(
                ctx,
                "not received: {} bytes at slot {}: {}",
                packet.len(),
                config::slot(),
                reason.as_str()
            );
            member::drop(reason)
        }
        Destination::GroupByMember => {
            counters::received(config::slot(), packet.len());
            UNTOUCHED
        }
        Destination::Both => {
            if nominated(state) {
                counters::received(config::slot(), packet.len());
                let copied = SkBuff::new(packet.raw())
                    .clone_redirect(config::group_ifindex(), u64::from(BPF_F_INGRESS))
                    .is_ok();
                if !copied {
                    counters::count(Reason::CloneFailed);
                }
            }
            UNTOUCHED
        }
        Destination::Group => {
            trace!(ctx, "received: {} bytes at slot {}", packet.len(), config::slot());
            deliver(packet, state)
        }
    }
}

/// The rules, in this order:
/// 1. unicast that is not to this member's own MAC is untouched: the switch flooded it, or the member is promiscuous;
/// 2. other EtherTypes, tagged frames and link-local protocols are untouched. A tag of VLAN 0 is only a priority: it is
///    taken off and the frame counts as untagged;
/// 3. broadcast and multicast that the group sent itself and the switch brought back are dropped;
/// 4. what is about a test address is the member's own;
/// 5. what every interface must hear to keep its neighbours and memberships (ARP broadcasts, multicast neighbour
///    advertisements, IGMP and MLD queries) stays, and the nominated member copies it to the group interface;
/// 6. other broadcast and multicast reaches the group by the nominated member alone;
/// 7. everything else is for the group interface, or stays for the group where `receive = "member"`.
#[inline(always)]
fn classify(packet: Packet, state: State) -> Destination {
    let kind = packet.packet_type();
    if kind == packet_type::OTHER_HOST {
        return Destination::Member;
    }
    if packet.has_vlan_tag() {
        let tag = packet.vlan_tag();
        // SAFETY: a valid context; the verifier forgets packet pointers by itself.
        if tag & 0x0fff != 0 || unsafe { bpf_skb_vlan_pop(packet.raw()) } != 0 {
            return Destination::Member;
        }
        // What was inside the tag may be a tag, which has taken its place.
        if packet.has_vlan_tag() {
            return Destination::Member;
        }
    }
    packet.make_linear(IPV4_HEAD);
    let Some(ethernet) = packet.at::<Ethernet>(0) else { return Destination::Member };
    let protocol = ethernet.ethertype();
    if !matches!(protocol, ethertype::IPV4 | ethertype::ARP | ethertype::IPV6) {
        return Destination::Member;
    }
    let to_group = kind == packet_type::BROADCAST || kind == packet_type::MULTICAST;
    if to_group {
        if ethernet.is_link_local() {
            return Destination::Member;
        }
        if maps::is_member_mac(&ethernet.source) {
            return Destination::Drop(Reason::OwnFrame);
        }
    }
    let destination = match protocol {
        ethertype::IPV4 => ipv4(packet, state, to_group),
        ethertype::ARP => arp(packet, state, to_group),
        _ => ipv6(packet, state, to_group),
    };
    match destination {
        Destination::Group if to_group && !nominated(state) => Destination::Drop(Reason::NotNominated),
        other => other,
    }
}

#[inline(always)]
fn arp(packet: Packet, state: State, to_group: bool) -> Destination {
    let Some(message) = Arp::of(packet) else { return Destination::Member };
    // Any member's: the group interface must not answer for them, and the other members keep silent by arp_ignore.
    if state.test_address(&message.target()).is_some() {
        return Destination::Member;
    }
    if to_group { Destination::Both } else { Destination::Group }
}

#[inline(always)]
fn ipv4(packet: Packet, state: State, to_group: bool) -> Destination {
    let Some(mut ip) = Ipv4::of(packet) else { return Destination::Member };
    if to_group {
        // IGMP always carries the router alert option.
        if ip.has_options() {
            packet.make_linear(LONG_HEAD);
            let Some(again) = Ipv4::of(packet) else { return Destination::Member };
            ip = again;
        }
        let query = ip.protocol == IGMP
            && packet.at::<[u8; 2]>(ip.upper_offset()).is_some_and(|igmp| igmp[0] == IGMP_QUERY);
        return if query { Destination::Both } else { Destination::Group };
    }
    if state.test_v4(ip.destination()) == Some(config::slot()) {
        return own(packet);
    }
    if config::receive_on_member() { Destination::GroupByMember } else { Destination::Group }
}

/// IGMP membership query, all versions.
const IGMP_QUERY: u8 = 0x11;

#[inline(always)]
fn ipv6(packet: Packet, state: State, to_group: bool) -> Destination {
    packet.make_linear(IPV6_HEAD);
    let Some(ip) = Ipv6::of(packet) else { return Destination::Member };
    let (destination, to_link_local) = (ip.destination_tail(), ip.is_to_link_local());
    let upper = ipv6::upper(packet, ip.next_header);
    let message = nd::message_type(packet, upper);
    if message == nd::NEIGHBOUR_SOLICITATION
        && let Some(target) = nd::target(packet, upper.offset)
        && state.test_address(&target) == Some(config::slot())
    {
        return Destination::Member;
    }
    if to_group {
        return match message {
            nd::NEIGHBOUR_ADVERTISEMENT | nd::LISTENER_QUERY => Destination::Both,
            _ => Destination::Group,
        };
    }
    if state.test_v6(destination, || Ipv6::of(packet).map_or(Address::v6([0; 16]), Ipv6::destination))
        == Some(config::slot())
    {
        return own(packet);
    }
    // Neighbour discovery and link-local traffic are tied to the interface that they arrive on.
    let tied = nd::is_discovery(message) || to_link_local;
    if config::receive_on_member() && !tied { Destination::GroupByMember } else { Destination::Group }
}

/// Where a packet to this member's own test address goes.
#[inline(always)]
fn own(packet: Packet) -> Destination {
    if probe::account_packet(packet) { Destination::Taken } else { Destination::Member }
}

/// Whether this member is the nominated one.
#[inline(always)]
fn nominated(state: State) -> bool {
    state.nominee().choose(state.usable(), 0) == Some(config::slot())
}

/// Hands the frame to the group interface, addressed to it if it was addressed to this member.
#[inline(always)]
fn deliver(packet: Packet, state: State) -> i32 {
    counters::received(config::slot(), packet.len());
    let kind = packet.packet_type();
    let to_group = kind == packet_type::BROADCAST || kind == packet_type::MULTICAST;
    if !to_group && !packet.store_mac::<0>(state.mac()) {
        counters::count(Reason::RewriteFailed);
        return TC_ACT_SHOT;
    }
    // SAFETY: plain numbers; the kernel checks the interface.
    unsafe { bpf_redirect(config::group_ifindex(), u64::from(BPF_F_INGRESS)) as i32 }
}
