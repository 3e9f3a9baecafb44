//! `ipmp-ctl reload`: the configuration is read again, and the difference applied.
//!
//! What can be known beforehand is: a file with a mistake, or one that does not fit this host, changes nothing. A group
//! that is the same is not touched. One that is not gets another engine, which knows what the last one knew; the packet
//! path, its programs and the group interface stay. Members that leave are emptied before their settings are put back.

use std::{net::IpAddr, path::PathBuf};

use super::{
    Driver, GroupNumber, prepare,
    start::{self, Surroundings},
    teardown,
};
use crate::{
    config::{self, Config},
    control::protocol::Reply,
    dataplane::{pins::GroupPins, tables::Tables},
    journal::Asker,
    kernel::{
        addresses::Interface,
        ifreq,
        netlink::dump,
        preflight::{self, Facts, Severity},
    },
};

mod change;
mod plan;

use self::plan::Plan;

/// What it takes to set up groups.
#[derive(Clone, Debug)]
pub struct Site {
    /// What all groups share.
    pub around: Surroundings,
    /// Where pins go.
    pub pins: PathBuf,
}

/// What a reload has done.
#[derive(Debug, Default)]
struct Report {
    /// What has changed.
    changes: Vec<String>,
    /// What to know.
    warnings: Vec<String>,
    /// What could not be done.
    errors: Vec<String>,
}

impl Report {
    fn refusal(errors: Vec<String>) -> Self {
        Self { errors, ..Self::default() }
    }
}

impl Driver {
    /// Reads the configuration again and applies the difference.
    pub(super) async fn reload(&mut self, by: Option<Asker>) -> Reply {
        let asker = by.map_or_else(|| "SIGHUP".to_owned(), |by| by.to_string());
        if let Some(reason) = self.no_reload_now() {
            tracing::warn!("{reason}");
            return Reply::Refused { reason };
        }
        tracing::info!("reading {} again ({asker})", self.config.file.display());
        let Report { changes, warnings, errors } = Box::pin(self.reconfigure()).await;
        let result = if errors.is_empty() {
            if changes.is_empty() { "nothing has changed".to_owned() } else { changes.join("; ") }
        } else {
            [&changes[..], &errors].concat().join("; ")
        };
        self.record("reload", None, by, format!("the configuration was read again by {asker}: {result}"));
        for change in &changes {
            tracing::info!("{change}");
        }
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        for error in &errors {
            tracing::error!("{error}");
        }
        if errors.is_empty() {
            return Reply::Reloaded { changes, warnings };
        }
        let done = changes.iter().map(|change| format!("done nevertheless: {change}"));
        Reply::Refused { reason: errors.iter().cloned().chain(done).collect::<Vec<_>>().join("\n") }
    }

    async fn reconfigure(&mut self) -> Report {
        let (next, said) = match Config::load_strictly(&self.config.file) {
            Ok(loaded) => loaded,
            Err(errors) => {
                return Report::refusal(errors.problems.iter().map(ToString::to_string).collect());
            }
        };
        let mut report =
            Report { warnings: said.iter().map(ToString::to_string).collect(), ..Report::default() };
        let plan = Plan::new(self.running(), &next);
        match self.preflight(&next, &plan).await {
            Ok(warnings) => report.warnings.extend(warnings),
            Err(errors) => return Report::refusal(errors),
        }
        let taken = match self.take_pins(&plan) {
            Ok(taken) => taken,
            Err(error) => return Report::refusal(vec![error]),
        };
        match (self.metrics.change(next.metrics.as_ref()).await, &next.metrics) {
            (Ok(false), _) => {}
            (Ok(true), Some(at)) => report.changes.push(format!("metrics are served at {at}")),
            (Ok(true), None) => report.changes.push("metrics are not served any more".to_owned()),
            (Err(error), _) => {
                taken.iter().for_each(GroupPins::remove_if_empty);
                return Report::refusal(vec![error.to_string()]);
            }
        }
        for name in &plan.removed {
            match self.down(name).await {
                Reply::Refused { reason } => report.errors.push(format!("group {name}: {reason}")),
                _ => report.changes.push(format!("group {name} is taken down")),
            }
        }
        for change in plan.changed {
            let name = change.next.name.clone();
            let what = change.what.join(", ");
            match self.change(change.number, change.next, &mut report.warnings).await {
                Ok(()) => report.changes.push(format!("group {name} is changed: {what}")),
                Err(error) => {
                    report.errors.push(format!(
                        "group {name} could not be changed and keeps running as before: {error}"
                    ));
                }
            }
        }
        for number in plan.unchanged {
            self.put_back(number, &mut report).await;
        }
        for (group, pins) in plan.added.into_iter().zip(taken) {
            let name = group.name.clone();
            match Box::pin(self.set_up(group, pins)).await {
                Ok(()) => report.changes.push(format!("group {name} is set up")),
                Err(error) => report.errors.push(error),
            }
        }
        self.follow_program(&next, &mut report);
        self.watch_strangers(!next.track_interfaces_only_with_groups);
        self.config = next;
        self.keeper.groups_are(self.group_names());
        self.remember_all();
        report
    }

    /// From now on events are told to the program that the configuration names.
    fn follow_program(&mut self, next: &Config, report: &mut Report) {
        let program = next.on_event.as_ref().map(|hook| hook.program.as_path());
        if self.journal.program().program() == program {
            return;
        }
        match (self.journal.program().set(program), program) {
            (Ok(()), Some(program)) => {
                report.changes.push(format!("on-event: {} is run for each event", program.display()));
            }
            (Ok(()), None) => report.changes.push("on-event: no program is run any more".to_owned()),
            (Err(error), _) => report.errors.push(format!("on-event: starting a thread: {error}")),
        }
    }

    /// The groups that run.
    fn running(&self) -> impl Iterator<Item = (GroupNumber, &config::Group)> {
        let numbered = self.groups.iter().enumerate();
        numbered.filter_map(|(number, group)| Some((number, group.as_ref()?.config())))
    }

    /// Checks the groups that are new or changed against the host, as at the start. The warnings, or all errors.
    async fn preflight(&self, next: &Config, plan: &Plan) -> Result<Vec<String>, Vec<String>> {
        let facts =
            Facts::collect(&self.handle, &next.groups).await.map_err(|error| vec![error.to_string()])?;
        let tests = self.groups.iter().flatten().flat_map(|group| {
            group.config().members.iter().zip(&group.members).flat_map(|(member, state)| {
                let ifindex = state.link.as_ref().map(|link| link.ifindex);
                let tests = member.test_addresses.v4().iter().map(|test| IpAddr::V4(test.net.addr()));
                tests.filter_map(move |test| Some((ifindex?, test)))
            })
        });
        let facts = Facts { lent: tests.collect(), ..facts };
        let concerned = plan.added.iter().chain(plan.changed.iter().map(|change| &change.next));
        let findings = concerned.flat_map(|group| preflight::check_group(group, &facts));
        let (errors, warnings): (Vec<_>, Vec<_>) =
            findings.partition(|finding| finding.severity == Severity::Error);
        let line = |finding: &preflight::Finding| format!("{}: {finding}", next.place(finding.line));
        if errors.is_empty() {
            Ok(warnings.iter().map(line).collect())
        } else {
            Err(errors.iter().map(line).collect())
        }
    }

    /// Takes the pins of all new groups for this process, or none.
    fn take_pins(&self, plan: &Plan) -> Result<Vec<GroupPins>, String> {
        let mut taken: Vec<GroupPins> = Vec::new();
        for group in &plan.added {
            let mut pins = GroupPins::new(&self.site.pins, &self.site.around.netns, &group.name);
            if let Err(error) = pins.lock() {
                // Directories that are empty were made just now.
                taken.iter().for_each(GroupPins::remove_if_empty);
                return Err(error.to_string());
            }
            taken.push(pins);
        }
        Ok(taken)
    }

    /// Sets a group up, or leaves nothing of it.
    ///
    /// # Errors
    /// What keeps it from being set up.
    pub async fn set_up(&mut self, group: config::Group, pins: GroupPins) -> Result<(), String> {
        let around = self.site.around.clone();
        let name = group.name.clone();
        let pin_path = pins.path().to_owned();
        // Somebody may have deleted the interface of a group that is ours all the same.
        let was_there = ifreq::index_of(&name).is_ok() || Tables::peek_meta(&pin_path).is_ok();
        let started = start::start(&around, group, pins, |of| self.keeper.recall(&name, of)).await;
        let error = match started {
            Err(error) => error.to_string(),
            Ok(runtime) => match self.add(runtime).await {
                Ok(()) => return Ok(()),
                Err(error) => error.to_string(),
            },
        };
        if !was_there {
            // An interface that was not there before is ours, and so is all that goes with it.
            drop(teardown::left(&around.handle, &name, &pin_path).await);
        }
        Err(error)
    }

    /// A group that is the same gets back the addresses and routes of the configuration that somebody has taken away.
    async fn put_back(&mut self, number: GroupNumber, report: &mut Report) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let Ok(snapshot) = dump(&self.handle).await else { return };
        let interface = Interface { name: &group.link.name, index: group.link.ifindex };
        let config = group.engine.config();
        match prepare::addresses_and_routes(&self.handle, config, interface, &snapshot).await {
            Ok(back) if back.is_empty() => {}
            Ok(back) => report.changes.push(format!("group {}: put back {}", config.name, back.join(", "))),
            Err(error) => report.errors.push(format!("group {}: {error}", config.name)),
        }
    }
}
