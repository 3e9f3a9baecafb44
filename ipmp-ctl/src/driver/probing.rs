//! The probes of one group: what the engine asks for goes to sockets and tables, what becomes of it goes back.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use ipmp_common::{Choice, probe::Family};

use super::{
    group::{GroupRuntime, MemberRuntime, Tools},
    prober::{Instance, Seat},
};
use crate::{
    dataplane::group_path::GroupPath,
    engine::{
        action::ProbeRecord,
        event::{Event, MemberIndex, Passages, Passing, ProbeId, Replies},
        timers::Timer,
    },
};

/// Moments for probes in a failure detection time. Each wake-up costs as much as a probe, so probes that are due at nearly
/// the same time leave at the same moment.
const MOMENTS: u32 = 128;

/// The longest time between two moments.
const LONGEST: Duration = Duration::from_millis(1);

/// What became of the probes of a member since the daemon was started.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProbeTally {
    /// Sent.
    pub sent: u64,
    /// Not sent, because the kernel would not.
    pub unsent: u64,
    /// Answered before they were given up.
    pub answered: u64,
    /// Given up.
    pub lost: u64,
}

/// A socket that waits until the member's program is there: without it, replies would not be heard.
#[derive(Clone, Copy, Debug)]
pub struct AwaitedProgram {
    member: MemberIndex,
    family: Family,
    source: IpAddr,
}

/// What the packet path has recorded: replies, by member, and how far buckets have got.
struct Recorded<'a> {
    path: &'a GroupPath,
    members: &'a [MemberRuntime],
}

impl Replies for Recorded<'_> {
    fn arrival(&self, probe: ProbeId) -> Option<Instant> {
        let slot = self.members.get(probe.member)?.slot?;
        self.path.probes().arrival(slot, probe.family, probe.kind, probe.sequence)
    }
}

impl Passages for Recorded<'_> {
    fn passing(&self, bucket: u32, choice: Choice) -> Passing {
        self.path.passing(bucket, choice)
    }
}

impl GroupRuntime {
    /// Tells the engine what time it is. The clock is read before the engine looks at any reply: one that it does not find
    /// had not arrived by then.
    pub(super) fn tell_time(&mut self) {
        let now = Instant::now();
        let records = Recorded { path: &self.path, members: &self.members };
        self.engine.handle_timeout(now, &records);
    }

    /// When the engine is to be told the time. For probes it is one of the moments that are counted from `epoch`.
    pub(super) fn next_wake(&self, epoch: Instant) -> Option<Instant> {
        let wake = self.engine.poll_timeout()?;
        if wake.timer != Timer::Probe {
            return Some(wake.at);
        }
        let between = (self.config().failure_detection_time / MOMENTS).min(LONGEST);
        Some(moment(wake.at, epoch, between))
    }

    /// Opens or closes the socket of an instance.
    pub(super) fn listen(
        &mut self,
        member: MemberIndex,
        family: Family,
        source: Option<IpAddr>,
        tools: &mut Tools<'_>,
    ) {
        self.find_slots(tools);
        self.awaiting.retain(|awaited| (awaited.member, awaited.family) != (member, family));
        let Some(source) = source else {
            return self.hang_up(member, family, tools);
        };
        if self.members[member].slot.is_some_and(|slot| !self.path.has_program(slot)) {
            self.awaiting.push(AwaitedProgram { member, family, source });
            return;
        }
        let instance = Instance { group: tools.group, member, family };
        let open = match self.seat(member) {
            Some((interface, ifindex, slot)) => {
                let seat = Seat { interface: &interface, ifindex, slot };
                tools.prober.open(instance, seat, source, self.path.probes())
            }
            None => false,
        };
        let source = open.then_some(source);
        self.engine.handle(Event::Listening { member, family, source }, Instant::now());
    }

    /// Opens the sockets that have waited for a program which is there now.
    pub(super) fn listen_on(&mut self, tools: &mut Tools<'_>) {
        for AwaitedProgram { member, family, source } in std::mem::take(&mut self.awaiting) {
            self.listen(member, family, Some(source), tools);
        }
    }

    /// Closes the socket of an instance.
    pub(super) fn hang_up(&mut self, member: MemberIndex, family: Family, tools: &mut Tools<'_>) {
        tools.prober.close(Instance { group: tools.group, member, family });
        if let Some(slot) = self.members[member].slot {
            self.path.probes().close(slot, family);
        }
        self.engine.handle(Event::Listening { member, family, source: None }, Instant::now());
    }

    /// Sends a probe.
    pub(super) fn send_probe(
        &mut self,
        probe: ProbeId,
        target: IpAddr,
        target_index: u8,
        tools: &mut Tools<'_>,
    ) {
        let table = self.path.probes();
        let member = &mut self.members[probe.member];
        let sent = member
            .slot
            .and_then(|slot| tools.prober.send(tools.group, slot, probe, target, target_index, table));
        let event = if let Some((began, done)) = sent {
            member.tally.sent += 1;
            Event::ProbeSent { probe, began, done }
        } else {
            member.tally.unsent += 1;
            Event::ProbeNotSent { probe }
        };
        self.engine.handle(event, Instant::now());
    }

    /// A probe was answered or given up.
    pub(super) fn note_probe(&mut self, record: &ProbeRecord, tools: &mut Tools<'_>) {
        let member = &mut self.members[record.probe.member];
        if record.arrival.is_some() {
            member.tally.answered += 1;
        } else {
            member.tally.lost += 1;
        }
        tools.watchers.tell(&self.engine.config().members[record.probe.member].name, record);
    }

    /// A histogram begins anew.
    pub(super) fn forget_rtt(&mut self, member: MemberIndex, family: Family, target_index: u8) {
        if let Some(slot) = self.members[member].slot {
            self.path.probes().clear_histogram(slot, family, target_index);
        }
    }

    /// Looks which slot each member has. The sockets of a member that has got another one wait for its program.
    pub(super) fn find_slots(&mut self, tools: &mut Tools<'_>) {
        for member in 0..self.members.len() {
            let slot = self.slot_of(member);
            let old = std::mem::replace(&mut self.members[member].slot, slot);
            if old == slot {
                continue;
            }
            for (family, source) in tools.prober.sources(tools.group, member) {
                tools.prober.close(Instance { group: tools.group, member, family });
                if let Some(old) = old {
                    self.path.probes().close(old, family);
                }
                self.engine.handle(Event::Listening { member, family, source: None }, Instant::now());
                if slot.is_some() {
                    self.awaiting.push(AwaitedProgram { member, family, source });
                }
            }
        }
    }

    fn slot_of(&self, member: MemberIndex) -> Option<u16> {
        let link = self.engine_link(member)?;
        let slots = &self.engine.assignment().slots;
        slots
            .iter()
            .find(|(_, slot)| (slot.ifindex, slot.mac) == (link.ifindex, link.mac))
            .map(|(&slot, _)| slot)
    }

    fn seat(&self, member: MemberIndex) -> Option<(String, u32, u16)> {
        let state = &self.members[member];
        let link = state.link.as_ref()?;
        Some((link.name.clone(), link.ifindex, state.slot?))
    }
}

/// The first moment at or after `at`.
fn moment(at: Instant, epoch: Instant, between: Duration) -> Instant {
    let since = at.saturating_duration_since(epoch).as_nanos() as u64;
    let between = between.as_nanos().max(1) as u64;
    let over = since % between;
    let wait = if over == 0 { 0 } else { between - over };
    at + Duration::from_nanos(wait)
}

#[cfg(test)]
mod tests;
