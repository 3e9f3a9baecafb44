//! An adoption ends: done, confirmed, refused or undone.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Adoption, Phase};
use crate::{
    adopt::{
        files::{self, Files},
        undo,
    },
    control::{
        protocol::{Persist, Reply},
        server::Answer,
    },
    driver::{Driver, teardown},
    journal::Asker,
};

impl Driver {
    /// All has moved, and the gateway answers: the configuration is what it is to be, and the operator is asked.
    pub(super) async fn adopted(&mut self) {
        let Some(adoption) = &mut self.adoption else { return };
        let (next, config) = (adoption.files.next(), adoption.files.config.clone());
        if let Err(error) = files::rename(&next, &config) {
            return self.undo_adoption(&format!("{}: {error}", config.display())).await;
        }
        self.config = adoption.plan.config.clone();
        let (name, confirm_s) = (adoption.plan.group.name.clone(), adoption.confirm_s);
        adoption.phase = Phase::Waiting;
        adoption.until = Instant::now() + Duration::from_secs(confirm_s);
        adoption.look_at = adoption.until;
        let said = adoption.said();
        let (asker, routes) = (adoption.asker.take(), adoption.plan.group.routes.clone());
        if let Some(group) = self.groups.iter_mut().flatten().find(|group| group.name() == name) {
            group.engine.set_routes(routes);
        }
        self.routes_changed();
        let waits = if confirm_s > 0 { format!("; {confirm_s} s to confirm") } else { String::new() };
        self.record("adopted", Some(&name), None, format!("group {name} has what its members held{waits}"));
        tracing::info!(group = name, "the group has what its members held{waits}");
        if confirm_s == 0
            && let Reply::Refused { reason } = self.keep_adopted(None)
        {
            return self.undo_adoption(&reason).await;
        }
        let config = Files::new(&self.config.file).config;
        answer(asker, Reply::Moved { said, confirm_s, config });
    }

    /// `confirm`.
    pub(in crate::driver) fn confirm(
        &mut self,
        wait: bool,
        by: Option<Asker>,
        asker: oneshot::Sender<Answer>,
    ) {
        match &mut self.adoption {
            Some(adoption) if wait => adoption.watchers.push(asker),
            Some(adoption) if adoption.phase != Phase::Waiting => {
                let reason = "the adoption is not complete yet: confirm it when it is".to_owned();
                answer(Some(asker), Reply::Refused { reason });
            }
            Some(_) => {
                let reply = self.keep_adopted(by);
                answer(Some(asker), reply);
            }
            None => {
                let reason = "no adoption waits to be confirmed".to_owned();
                answer(Some(asker), Reply::Refused { reason });
            }
        }
    }

    /// The way back is removed: the host stays as it is.
    fn keep_adopted(&mut self, by: Option<Asker>) -> Reply {
        let Some(adoption) = self.adoption.take() else { return Reply::Confirmed { persist: None } };
        let path = adoption.files.way_back();
        if let Err(error) = files::remove(&path) {
            self.adoption = Some(adoption);
            return Reply::Refused { reason: format!("{}: {error}: nothing is confirmed", path.display()) };
        }
        adoption.files.tidy();
        let group = adoption.plan.group;
        let persist = adoption.persist.then(|| Persist {
            group: group.name.clone(),
            members: group.members.iter().map(|member| member.name.clone()).collect(),
            config: adoption.files.config.clone(),
            netns: self.site.around.netns.inode,
        });
        let name = group.name;
        let who = by.map_or_else(|| "no confirmation was asked for".to_owned(), |by| by.to_string());
        self.record(
            "adoption-confirmed",
            Some(&name),
            by,
            format!("the adoption of group {name} is confirmed ({who})"),
        );
        tracing::info!(group = name, "the adoption is confirmed ({who})");
        for watcher in adoption.watchers {
            answer(Some(watcher), Reply::Confirmed { persist: None });
        }
        Reply::Confirmed { persist }
    }

    /// The gateway did not answer in the first place.
    pub(super) fn refuse_adoption(&mut self) {
        let Some(adoption) = self.adoption.take() else { return };
        adoption.files.tidy();
        let gateways: Vec<_> =
            adoption.plan.gateways.iter().map(|gateway| gateway.address.to_string()).collect();
        let reason = format!(
            "the gateway {} does not answer now, so nothing could be told from it after the move: see to it first; nothing has been changed",
            gateways.join(" or ")
        );
        self.end_in_vain(adoption, &reason);
    }

    /// Everything is put back as it was.
    pub async fn undo_adoption(&mut self, why: &str) {
        let Some(mut adoption) = self.adoption.take() else { return };
        let mut reason = format!("{why}; everything is put back as it was");
        if let Some(way_back) = adoption.way_back.take() {
            let name = adoption.plan.group.name.clone();
            let mut problems = match undo::holdings(&self.handle, &way_back).await {
                Ok(problems) => problems,
                Err(error) => vec![error.to_string()],
            };
            if self.groups.iter().flatten().any(|group| group.name() == name) {
                if let Reply::Refused { reason } = Box::pin(self.down(&name)).await {
                    problems.push(reason);
                }
            } else {
                let pins =
                    crate::dataplane::pins::GroupPins::new(&self.site.pins, &self.site.around.netns, &name);
                let left = teardown::left(&self.handle, &name, pins.path()).await;
                problems.extend(left.err().filter(|error| !error.is_absent()).map(|error| error.to_string()));
            }
            problems
                .extend(undo::announce(&self.handle, &way_back).await.err().map(|error| error.to_string()));
            match undo::put_files_back(&adoption.files, &way_back) {
                Ok(edited) => reason.extend(edited.map(|edited| format!("; {edited}"))),
                Err(error) => problems.push(error.to_string()),
            }
            for problem in &problems {
                tracing::error!(group = name, "{problem}");
            }
            if !problems.is_empty() {
                reason = format!("{reason}, except: {}", problems.join("; "));
            }
        } else {
            adoption.files.tidy();
        }
        self.config = adoption.old.clone();
        self.end_in_vain(adoption, &reason);
    }

    fn end_in_vain(&mut self, adoption: Adoption, reason: &str) {
        let name = &adoption.plan.group.name;
        tracing::warn!(group = name, "the adoption has failed: {reason}");
        self.record(
            "adoption-undone",
            Some(name),
            None,
            format!("the adoption of group {name} has failed: {reason}"),
        );
        for asker in adoption.asker.into_iter().chain(adoption.watchers) {
            answer(Some(asker), Reply::Refused { reason: reason.to_owned() });
        }
    }
}

impl Adoption {
    /// What has been done.
    fn said(&self) -> Vec<String> {
        let name = &self.plan.group.name;
        let mut said = vec![format!("group {name} is made, and {} has it", self.files.config.display())];
        said.extend(self.plan.moving.addresses.iter().map(|held| format!("{held} is on {name}")));
        said.extend(self.plan.moving.routes.iter().map(|route| format!("the {route} leads by {name}")));
        said.extend(
            self.plan.gateways.iter().map(|gateway| format!("the gateway {} answers", gateway.address)),
        );
        said
    }
}

/// An asker that has gone away needs no answer.
fn answer(asker: Option<oneshot::Sender<Answer>>, reply: Reply) {
    if let Some(asker) = asker {
        drop(asker.send(Answer::Reply(reply)));
    }
}
