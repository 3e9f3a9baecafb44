//! What leaves the group: which member sends it, and as whom.

use aya_ebpf::programs::TcContext;
use aya_log_ebpf::{debug, trace};
use ipmp_common::{
    Address, Choice, Reason,
    flow::{self, Transport},
};

use crate::{
    arp::{self, Arp},
    config, counters,
    ipv4::Ipv4,
    ipv6::{self, Ipv6},
    maps::{self, State},
    member::{self, Member},
    moving, nd,
    packet::{Ethernet, IPV4_HEAD, IPV6_HEAD, LONG_HEAD, Packet, ethertype, load_u32},
};

/// The rules, in this order:
/// 1. tagged frames and frames whose source is not the group interface are dropped: nothing with an address of its own
///    can sit on top of a group;
/// 2. ARP and neighbour discovery speak for an address by the member bound to it, in its MAC;
/// 3. a packet from a test address leaves by the member that has it;
/// 4. broadcast and multicast leave by the nominated member;
/// 5. everything else leaves by the member that its flow's bucket names.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let packet = Packet::new(ctx);
    match choose(packet) {
        Ok(member) => {
            trace!(
                ctx,
                "sent: type {:x}, {} bytes, by interface {}",
                packet.protocol(),
                packet.len(),
                member.link.ifindex
            );
            member.send(packet)
        }
        Err(reason) => {
            debug!(
                ctx,
                "not sent: type {:x}, {} bytes: {}",
                packet.protocol(),
                packet.len(),
                reason.as_str()
            );
            member::drop(reason)
        }
    }
}

/// The member that sends the packet, which is ready to leave by it then.
#[inline(always)]
fn choose(packet: Packet) -> Result<Member, Reason> {
    let state = State::get().ok_or(Reason::NoUsableMember)?;
    packet.make_linear(IPV4_HEAD);
    let ethernet = packet.at::<Ethernet>(0).ok_or(Reason::ForeignSource)?;
    let protocol = ethernet.ethertype();
    if packet.has_vlan_tag() || protocol == ethertype::VLAN || protocol == ethertype::QINQ {
        return Err(Reason::TaggedEgress);
    }
    if ethernet.source_word() != state.mac() {
        return Err(Reason::ForeignSource);
    }
    if config::behind() {
        counters::count(Reason::Leaked);
    }
    let to_group = ethernet.is_group_addressed();
    match protocol {
        ethertype::IPV4 => ipv4(packet, state, to_group),
        ethertype::IPV6 => ipv6(packet, state, to_group),
        ethertype::ARP => arp(packet, state),
        _ if to_group => Member::nominated(state),
        _ => by_bucket(state, flow::hash_other(config::hash_seed())),
    }
}

/// The member that sends an ARP message, and the message in its name.
#[inline(always)]
fn arp(packet: Packet, state: State) -> Result<Member, Reason> {
    let Some(message) = Arp::of(packet) else { return Member::nominated(state) };
    let fields = arp::Fields::of(message, state);
    let member = speaker(state, &message.speaks_for())?;
    if fields.rewrite(packet, &member.link.mac) { Ok(member) } else { Err(Reason::RewriteFailed) }
}

/// The member that sends an IPv4 packet.
#[inline(always)]
fn ipv4(packet: Packet, state: State, to_group: bool) -> Result<Member, Reason> {
    let Some(mut ip) = Ipv4::of(packet) else { return Member::nominated(state) };
    if ip.has_options() {
        packet.make_linear(LONG_HEAD);
        let Some(again) = Ipv4::of(packet) else { return Member::nominated(state) };
        ip = again;
    }
    let (source, destination) = (ip.source(), ip.destination());
    if let Some(slot) = state.test_v4(source) {
        return Member::in_slot(slot);
    }
    if to_group {
        return Member::nominated(state);
    }
    by_bucket(state, flow::hash_v4(config::hash_seed(), source, destination, ip.transport(packet)))
}

/// The member that sends an IPv6 packet; neighbour discovery in its name.
#[inline(always)]
fn ipv6(packet: Packet, state: State, to_group: bool) -> Result<Member, Reason> {
    packet.make_linear(IPV6_HEAD);
    let Some(ip) = Ipv6::of(packet) else { return Member::nominated(state) };
    let upper = ipv6::upper(packet, ip.next_header);
    // The walk may be a call, after which the verifier wants the header checked anew.
    let Some(ip) = Ipv6::of(packet) else { return Member::nominated(state) };
    let message = nd::message_type(packet, upper);
    if nd::is_discovery(message) {
        let member = speaker(state, &nd::speaks_for(packet, ip, message, upper.offset))?;
        let rewritten = nd::rewrite(packet, state, message, upper.offset, &member.link.mac);
        return if rewritten { Ok(member) } else { Err(Reason::RewriteFailed) };
    }
    if let Some(slot) = state.test_v6(ip.source_tail(), || ip.source()) {
        return Member::in_slot(slot);
    }
    if to_group {
        return Member::nominated(state);
    }
    let transport = ports(packet, upper.protocol, upper.offset);
    by_bucket(
        state,
        flow::hash_v6_words(config::hash_seed(), ip.source_words(), ip.destination_words(), transport),
    )
}

/// The member that speaks for `address`: the one whose test address it is, the one it is bound to, or the nominated one
/// for an address that is not (yet) known.
#[inline(always)]
fn speaker(state: State, address: &Address) -> Result<Member, Reason> {
    if let Some(slot) = state.test_address(address) {
        return Member::in_slot(slot);
    }
    match maps::binding(address) {
        Some(choice) => Member::chosen(choice, state, address.salt()),
        None => Member::nominated(state),
    }
}

/// The member that the bucket of a flow with this hash names.
#[inline(always)]
fn by_bucket(state: State, hash: u64) -> Result<Member, Reason> {
    let bucket = flow::bucket(hash);
    let mut choice = maps::bucket(bucket).ok_or(Reason::NoUsableMember)?;
    if choice.is_moving() {
        choice = Choice::from_word(moving::go_by(bucket, choice.to_word()));
    }
    Member::chosen(choice, state, bucket)
}

/// The ports of an upper layer that has them; addresses alone otherwise.
#[inline(always)]
pub fn ports(packet: Packet, protocol: u8, offset: usize) -> Transport {
    if !Transport::has_ports(protocol) {
        return Transport::NONE;
    }
    packet
        .at::<[u8; 4]>(offset)
        .map_or(Transport::NONE, |ports| Transport::new(protocol, load_u32::<0, _>(ports).to_ne_bytes()))
}
