//! The sockets that probes leave by, for all groups.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::IpAddr,
    time::Instant,
};

use ipmp_common::probe::{EXTRA, Family, ProbeKind};

use super::GroupNumber;
use crate::{
    dataplane::probes::{Outgoing, ProbeTable},
    engine::event::{MemberIndex, ProbeId},
    kernel::{
        probe_socket::{Answer, EchoRequest, Listening, ProbeSocket},
        random::Random,
    },
};

/// An address family of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instance {
    /// Its group.
    pub(super) group: GroupNumber,
    /// Its member.
    pub(super) member: MemberIndex,
    /// Its family.
    pub(super) family: Family,
}

/// A member's place in the packet path and in the kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat<'a> {
    /// The interface.
    pub(super) interface: &'a str,
    /// Its index.
    pub(super) ifindex: u32,
    /// The slot.
    pub(super) slot: u16,
}

/// Sends probes and hears who answers those of discovery.
pub(super) struct Prober {
    /// The same for all probes of this daemon, and unlike that of the one before.
    identifier: u16,
    random: Random,
    sockets: Listening<Instance>,
    opened: BTreeMap<Instance, Opened>,
    /// What keeps an instance from probing, and has been said.
    complaints: BTreeMap<Instance, String>,
}

/// What is known of an open socket.
struct Opened {
    interface: String,
    source: IpAddr,
    /// Sequences and cookies of the latest probes of discovery.
    asked: VecDeque<(u16, u64)>,
}

impl Prober {
    /// No sockets. Call it inside a tokio runtime.
    pub(super) fn new() -> io::Result<Self> {
        let mut random = Random::new();
        Ok(Self {
            identifier: random.number()? as u16,
            random,
            sockets: Listening::new()?,
            opened: BTreeMap::new(),
            complaints: BTreeMap::new(),
        })
    }

    /// Opens the socket of an instance on a test address. Says whether it is open.
    pub(super) fn open(
        &mut self,
        instance: Instance,
        seat: Seat<'_>,
        source: IpAddr,
        table: &ProbeTable,
    ) -> bool {
        self.close(instance);
        let opened = ProbeSocket::open(source, seat.interface, seat.ifindex, self.identifier)
            .map_err(|error| error.to_string())
            .and_then(|socket| self.sockets.add(instance, socket).map_err(|error| error.to_string()));
        match opened {
            Ok(()) => {
                table.open(seat.slot, instance.family, self.identifier);
                let interface = seat.interface.to_owned();
                self.opened.insert(instance, Opened { interface, source, asked: VecDeque::new() });
                self.complaints.remove(&instance);
                true
            }
            Err(error) => {
                self.complain(instance, error);
                false
            }
        }
    }

    /// Closes the socket of an instance.
    pub(super) fn close(&mut self, instance: Instance) {
        self.sockets.remove(instance);
        self.opened.remove(&instance);
    }

    /// The test addresses that a member's sockets are open on.
    pub(super) fn sources(&self, group: GroupNumber, member: MemberIndex) -> Vec<(Family, IpAddr)> {
        let open = |family| {
            let opened = self.opened.get(&Instance { group, member, family })?;
            Some((family, opened.source))
        };
        Family::ALL.into_iter().filter_map(open).collect()
    }

    /// Closes the sockets of a group.
    pub(super) fn close_group(&mut self, group: GroupNumber) {
        self.sockets.retain(|instance| instance.group != group);
        self.opened.retain(|instance, _| instance.group != group);
        self.complaints.retain(|instance, _| instance.group != group);
    }

    /// Sends a probe: into the table first, then by the socket. The times before and after the call; `None`: it could not
    /// be sent.
    pub(super) fn send(
        &mut self,
        group: GroupNumber,
        slot: u16,
        probe: ProbeId,
        target: IpAddr,
        target_index: u8,
        table: &ProbeTable,
    ) -> Option<(Instant, Instant)> {
        let ProbeId { member, family, kind, sequence } = probe;
        let instance = Instance { group, member, family };
        let (socket, opened) = (self.sockets.get(instance)?, self.opened.get_mut(&instance)?);
        let complaint = |what: String| format!("{} on {}: {what}", opened.source, opened.interface);
        let cookie = match self.random.number() {
            Ok(cookie) => cookie,
            Err(error) => {
                let complaint = complaint(format!("asking the kernel for a random number: {error}"));
                self.complain(instance, complaint);
                return None;
            }
        };
        let message = EchoRequest { identifier: self.identifier, sequence, cookie, kind }.message(family);
        let began = Instant::now();
        table.publish(slot, family, &Outgoing { kind, sequence, target, target_index, cookie, sent: began });
        let sent = socket.send(target, &message);
        let done = Instant::now();
        if let Err(error) = sent {
            let complaint = complaint(format!("sending a probe to {target}: {error}"));
            self.complain(instance, complaint);
            return None;
        }
        if kind == ProbeKind::Discovery {
            opened.asked.push_back((sequence, cookie));
            if opened.asked.len() > usize::from(EXTRA) {
                opened.asked.pop_front();
            }
        }
        if !self.complaints.is_empty() && self.complaints.remove(&instance).is_some() {
            tracing::info!(
                member = opened.interface,
                "probes are sent again from {} on {}",
                opened.source,
                opened.interface
            );
        }
        Some((began, done))
    }

    /// Waits for answers to probes of discovery: who answered, by which instance. Nothing is lost if the future is dropped.
    pub(super) async fn responders(&mut self) -> io::Result<Vec<(Instance, IpAddr)>> {
        let heard = self.sockets.answers().await?;
        let genuine = |(instance, Answer { from, request }): (Instance, Answer)| {
            let asked = &self.opened.get(&instance)?.asked;
            let is_ours = asked.contains(&(request.sequence, request.cookie));
            (is_ours && request.kind == ProbeKind::Discovery).then_some((instance, from))
        };
        Ok(heard.into_iter().filter_map(genuine).collect())
    }

    /// Says why an instance does not probe, once.
    fn complain(&mut self, instance: Instance, why: String) {
        if self.complaints.get(&instance) != Some(&why) {
            tracing::warn!("{why}");
            self.complaints.insert(instance, why);
        }
    }
}
