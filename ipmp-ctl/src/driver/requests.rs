//! What is asked on the control socket.

use super::{Driver, anonymous, flows, group::GroupRuntime, status, teardown};
use crate::{
    control::{
        protocol::{Reply, Request, Status},
        server::{Answer, Asked},
    },
    engine::view::ProbeShown,
};

impl Driver {
    /// Answers, or keeps the asker until there is an answer.
    pub(super) async fn on_asked(&mut self, Asked { request, by, reply: asker }: Asked) {
        let reply = match request {
            Request::Offline { interface, force } => {
                return self.take_offline(&interface, force, by, asker).await;
            }
            Request::Adopt(request) => return self.adopt(request, by, asker).await,
            Request::Confirm { wait } => return self.confirm(wait, by, asker),
            Request::Release(request) => self.release(&request, by).await,
            // An asker that has gone away needs no answer.
            Request::Probes => return drop(asker.send(self.watch_probes())),
            Request::Events { follow } => return drop(asker.send(self.events(follow))),
            Request::Reload => self.reload(by).await,
            Request::Status => Reply::Status(self.status()),
            Request::Figures => Reply::Figures(Box::new(self.figures())),
            Request::Flow(flow) => {
                match self.groups.iter().flatten().find(|group| group.name() == flow.group) {
                    Some(group) => {
                        flows::flow(group, &flow).map_or_else(|reason| Reply::Refused { reason }, Reply::Flow)
                    }
                    None => self.no_such_group(&flow.group),
                }
            }
            Request::Explain { interface } => self.explain(&interface),
            Request::Online { interface } => self.take_online(&interface, by).await,
            Request::Down { group } if self.is_adopting(&group) => {
                self.undo_adoption("the group was taken down").await;
                Reply::Done
            }
            Request::Down { group } => {
                let reply = self.down(&group).await;
                let asker = by.map_or_else(|| "somebody".to_owned(), |by| by.to_string());
                let result = if reply == Reply::Done { "is taken down" } else { "could not be taken down" };
                self.record("down", Some(&group), by, format!("group {group} {result}, as {asker} asked"));
                reply
            }
        };
        drop(asker.send(Answer::Reply(reply)));
    }

    /// What the status views show.
    pub(super) fn status(&self) -> Status {
        let groups = self.groups.iter().flatten().map(status::group);
        Status { groups: groups.chain(self.strangers.iter().map(anonymous::status)).collect() }
    }

    fn watch_probes(&mut self) -> Answer {
        let is_probed = |group: &GroupRuntime| {
            group.engine.view().members.iter().any(|member| member.probe != ProbeShown::Disabled)
        };
        let refused = |reason: &str| Answer::Reply(Reply::Refused { reason: reason.to_owned() });
        if !self.groups.iter().flatten().any(is_probed) {
            return refused("probe-based failure detection is disabled");
        }
        self.watchers
            .add()
            .map_or_else(|| refused("too many others are watching probes: end one of them"), Answer::Probes)
    }

    pub(super) fn no_such_group(&self, name: &str) -> Reply {
        let names: Vec<_> = self.groups.iter().flatten().map(GroupRuntime::name).collect();
        let known =
            if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
        Reply::Refused { reason: format!("group {name}: this daemon has no such group; {known}") }
    }

    pub(super) async fn down(&mut self, name: &str) -> Reply {
        let number =
            self.groups.iter().position(|group| group.as_ref().is_some_and(|group| group.name() == name));
        let Some((number, group)) = number.and_then(|number| Some((number, self.groups[number].take()?)))
        else {
            return self.no_such_group(name);
        };
        for member in 0..group.members.len() {
            if let Err(error) = self.carrier.remove((number, member)) {
                tracing::warn!("{error}");
            }
        }
        self.prober.close_group(number);
        self.keeper.groups_are(self.group_names());
        match teardown::running(&self.handle, group).await {
            Ok(()) => {
                tracing::info!(
                    group = name,
                    "the group is down: programs, pins and group interface are removed"
                );
                Reply::Done
            }
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    }
}
