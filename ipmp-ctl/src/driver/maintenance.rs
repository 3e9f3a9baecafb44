//! Members that the administrator takes out of service and puts back: `offline` and `online`.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Driver, MemberKey, group::GroupRuntime, prepare};
use crate::{
    control::{protocol::Reply, server::Answer},
    engine::offline::Refusal,
};

/// How long `offline` waits for the member to carry nothing more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who has commanded `offline` and waits until the member carries nothing more.
pub(super) struct Leaving {
    member: MemberKey,
    until: Instant,
    asker: oneshot::Sender<Answer>,
}

impl Driver {
    /// `offline`: answered when the member carries nothing more, or at once if that is refused or fails.
    pub(super) async fn take_offline(
        &mut self,
        interface: &str,
        force: bool,
        asker: oneshot::Sender<Answer>,
    ) {
        match self.try_offline(interface, force).await {
            Ok(member) => {
                self.leaving.push(Leaving { member, until: Instant::now() + PATIENCE, asker });
            }
            // An asker that has gone away needs no answer.
            Err(reason) => drop(asker.send(Answer::Reply(Reply::Refused { reason }))),
        }
    }

    /// `online`.
    pub(super) async fn take_online(&mut self, interface: &str) -> Reply {
        match self.try_online(interface).await {
            Ok(()) => Reply::Done,
            Err(reason) => Reply::Refused { reason },
        }
    }

    /// Answers those whose member carries nothing more, or who have waited long enough.
    pub(super) fn answer_leaving(&mut self) {
        let now = Instant::now();
        for Leaving { member: (number, member), until, asker } in std::mem::take(&mut self.leaving) {
            let reply = match &self.groups[number] {
                None => Reply::Refused { reason: "its group has been removed meanwhile".to_owned() },
                Some(group) if !group.engine.is_retired(member) => {
                    let reason = format!("{} has been put back online meanwhile", name(group, member));
                    Reply::Refused { reason }
                }
                Some(group) if group.engine.carries(member) && now < until => {
                    self.leaving.push(Leaving { member: (number, member), until, asker });
                    continue;
                }
                Some(_) => Reply::Done,
            };
            drop(asker.send(Answer::Reply(reply)));
        }
    }

    /// When the next one has waited long enough.
    pub(super) fn patience_ends(&self) -> Option<Instant> {
        self.leaving.iter().map(|leaving| leaving.until).min()
    }

    async fn try_offline(&mut self, interface: &str, force: bool) -> Result<MemberKey, String> {
        let (number, member) = self.member_called(interface)?;
        let group = self.groups[number].as_mut().ok_or("its group has been removed")?;
        let obeyed = group.engine.offline(member, force, Instant::now());
        obeyed.map_err(|refusal| cannot_offline(group, member, refusal))?;
        self.drain();
        if let Err(why) = self.carried_out(number, member).await {
            if let Some(Some(group)) = self.groups.get_mut(number) {
                group.engine.undo_offline(member, Instant::now());
            }
            self.drain();
            self.prepare_again(number, member).await;
            return Err(format!("{interface} stays in service, nothing has changed: {why}"));
        }
        Ok((number, member))
    }

    async fn try_online(&mut self, interface: &str) -> Result<(), String> {
        let (number, member) = self.member_called(interface)?;
        let group = self.groups[number].as_ref().ok_or("its group has been removed")?;
        group.engine.may_go_online(member).map_err(|refusal| cannot_online(group, member, refusal))?;
        // Its test addresses first: probes leave from them as soon as it is back.
        if let Some(ifindex) = ifindex(group, member)
            && let Err(error) = self.try_prepare(number, member, ifindex, prepare::Service::In).await
        {
            self.prepare_again(number, member).await;
            return Err(format!("{interface} stays offline: {error}"));
        }
        let group = self.groups[number].as_mut().ok_or("its group has been removed")?;
        let obeyed = group.engine.online(member, Instant::now());
        obeyed.map_err(|refusal| cannot_online(group, member, refusal))
    }

    /// Whether the packet path has taken the member's leave in, and its test addresses are off the interface.
    async fn carried_out(&mut self, number: usize, member: usize) -> Result<(), String> {
        let Some(Some(group)) = self.groups.get(number) else { return Ok(()) };
        if let Some(error) = &group.unwritten {
            return Err(error.clone());
        }
        let Some(ifindex) = ifindex(group, member) else { return Ok(()) };
        let prepared = self.try_prepare(number, member, ifindex, prepare::Service::Out).await;
        prepared.map_err(|error| error.to_string())
    }

    async fn prepare_again(&mut self, number: usize, member: usize) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        if let Some(ifindex) = ifindex(group, member) {
            self.prepare(number, member, ifindex).await;
        }
    }

    /// The member of this name, of any group.
    fn member_called(&self, interface: &str) -> Result<MemberKey, String> {
        for (number, group) in self.groups.iter().enumerate() {
            let Some(group) = group else { continue };
            if let Some(member) = group.member_named(interface) {
                return Ok((number, member));
            }
            if group.name() == interface {
                let names: Vec<_> = group.config().members.iter().map(|member| &*member.name).collect();
                let names = names.join(", ");
                return Err(format!(
                    "{interface} is a group, not a member: name one of its members ({names})"
                ));
            }
        }
        Err(format!("{interface}: not a physical interface or not in an IPMP group"))
    }
}

fn name(group: &GroupRuntime, member: usize) -> &str {
    &group.config().members[member].name
}

fn ifindex(group: &GroupRuntime, member: usize) -> Option<u32> {
    group.members[member].link.as_ref().map(|link| link.ifindex)
}

fn cannot_offline(group: &GroupRuntime, member: usize, refusal: Refusal) -> String {
    let (interface, group_name) = (name(group, member), group.name());
    match refusal {
        Refusal::Absent => format!("{interface} is absent: group {group_name} runs without it already"),
        Refusal::AlreadyOffline if group.engine.is_retired(member) => {
            format!("{interface} is already offline")
        }
        Refusal::AlreadyOffline => format!(
            "{interface} is already offline: its hardware address is not unique in group {group_name}"
        ),
        Refusal::NoOther => format!(
            "cannot take {interface} offline: no other functioning interfaces are in its IPMP group {group_name}; -f does it all \
             the same, and the group then carries nothing"
        ),
        other @ (Refusal::NotOffline | Refusal::DuplicateMac { .. }) => cannot_online(group, member, other),
    }
}

fn cannot_online(group: &GroupRuntime, member: usize, refusal: Refusal) -> String {
    let (interface, group_name) = (name(group, member), group.name());
    match refusal {
        Refusal::NotOffline
            if group.engine.view().members.get(member).is_some_and(|member| member.duplicate_mac) =>
        {
            format!(
                "{interface} is offline because its hardware address is not unique in group {group_name}: give it another one \
                 (`ip link set {interface} address ..`), then it comes online by itself"
            )
        }
        Refusal::NotOffline => format!("{interface} is not offline"),
        Refusal::DuplicateMac { holder } => format!(
            "cannot put {interface} online: duplicate hardware address, {} of group {group_name} has it too; give one of the two \
             another address",
            name(group, holder)
        ),
        other @ (Refusal::Absent | Refusal::AlreadyOffline | Refusal::NoOther) => {
            cannot_offline(group, member, other)
        }
    }
}
