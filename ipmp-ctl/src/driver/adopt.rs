//! The adoption of a running host, a step at a time: the loop goes on meanwhile.
//!
//! ```text
//!  Asking ───────> Starting ────────> Checking ────────> Waiting ───────> (confirmed)
//!  the gateway     the group is made  all has moved:     the operator      the way back
//!  answers now     and carries        the gateway        is to confirm     is removed
//!     │               │               answers? │            │ time over
//!  (refused)          └───────────────> (put back) <────────┘
//! ```

mod ending;
mod moving;

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Driver;
use crate::{
    adopt::{
        files::Files,
        plan::{self, Gateway, Host, Plan},
        request::AdoptRequest,
        way_back::WayBack,
    },
    config::Config,
    control::{protocol::Reply, server::Answer},
    journal::Asker,
    kernel::{holdings::Holdings, neighbours::reach, preflight::Facts},
};

/// How long the group has to come up, and the gateway to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(25);

/// An adoption that is under way.
#[derive(Debug)]
pub(super) struct Adoption {
    plan: Plan,
    confirm_s: u64,
    /// What is to be done by whoever confirms.
    persist: bool,
    files: Files,
    /// Where the host is brought if this fails; `None`: nothing has been changed yet.
    way_back: Option<WayBack>,
    /// The configuration before.
    old: Config,
    phase: Phase,
    /// When the phase has to be over.
    until: Instant,
    /// When to look again.
    look_at: Instant,
    /// Who asked for it, until he has an answer.
    asker: Option<oneshot::Sender<Answer>>,
    /// Who wait for the end.
    watchers: Vec<oneshot::Sender<Answer>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Starting,
    Checking,
    Waiting,
}

impl Driver {
    /// `adopt`.
    pub(super) async fn adopt(
        &mut self,
        request: AdoptRequest,
        by: Option<Asker>,
        asker: oneshot::Sender<Answer>,
    ) {
        // An asker that has gone away needs no answer.
        let refuse = |asker: oneshot::Sender<Answer>, problems: Vec<String>| {
            drop(asker.send(Answer::Reply(Reply::Refused { reason: problems.join("\n") })));
        };
        let plan = match self.plan_adoption(&request).await {
            Ok(plan) => plan,
            Err(problems) => return refuse(asker, problems),
        };
        if request.dry_run {
            let steps = plan.steps(request.confirm_s).to_string();
            let netns = self.site.around.netns.inode;
            return drop(asker.send(Answer::Reply(Reply::Planned { steps, netns })));
        }
        let files = Files::new(&self.config.file);
        if let Err(problem) = prepare_files(&files, &plan) {
            files.tidy();
            return refuse(asker, vec![problem]);
        }
        let who = by.map_or_else(|| "somebody".to_owned(), |by| by.to_string());
        let members = request.interfaces.join(", ");
        self.record(
            "adopt-began",
            Some(&request.group),
            by,
            format!("{who} has begun to adopt {members} into group {}", request.group),
        );
        for Gateway { address, ifindex } in &plan.gateways {
            if let Err(error) = reach::ask(&self.handle, *ifindex, *address).await {
                tracing::debug!("{error}");
            }
        }
        let now = Instant::now();
        self.adoption = Some(Adoption {
            plan,
            confirm_s: request.confirm_s,
            persist: request.persist,
            files,
            way_back: None,
            old: self.config.clone(),
            phase: Phase::Asking,
            until: now + PATIENCE,
            look_at: now,
            asker: Some(asker),
            watchers: Vec::new(),
        });
        Box::pin(self.go_on_adopting()).await;
    }

    async fn plan_adoption(&self, request: &AdoptRequest) -> Result<Plan, Vec<String>> {
        if let Some(adoption) = self.adoption.as_ref().filter(|_| !request.dry_run) {
            return Err(vec![format!(
                "group {}: its adoption waits to be confirmed; `ipmp-ctl confirm` it first, or wait until it is undone",
                adoption.plan.group.name
            )]);
        }
        let file = &self.config.file;
        let one = |problem: String| vec![problem];
        let text =
            std::fs::read_to_string(file).map_err(|error| one(format!("{}: {error}", file.display())))?;
        let (present, _) = Config::parse(&text, file)
            .map_err(|errors| errors.problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        if present != self.config {
            let file = file.display();
            return Err(one(format!(
                "{file}: it has been changed since the daemon read it; `ipmp-ctl reload` first"
            )));
        }
        let facts = Facts::collect(&self.handle, &self.config.groups).await;
        let facts = facts.map_err(|error| one(error.to_string()))?;
        let holdings = Holdings::read(&self.handle).await.map_err(|error| one(error.to_string()))?;
        plan::plan(request, &Host { facts, holdings, text, running: self.group_names() }, file)
    }

    /// Whether this is the group of an adoption that is not confirmed.
    pub(super) fn is_adopting(&self, group: &str) -> bool {
        self.adoption.as_ref().is_some_and(|adoption| adoption.plan.group.name == group)
    }

    /// Why the configuration is not to be read now, if so.
    pub(super) fn no_reload_now(&self) -> Option<String> {
        let group = &self.adoption.as_ref()?.plan.group.name;
        Some(format!(
            "the adoption of group {group} waits to be confirmed, and the configuration is not read until then: `ipmp-ctl confirm` first, \
             or wait until it is undone"
        ))
    }

    /// When an adoption is to be looked at.
    pub(super) fn adoption_at(&self) -> Option<Instant> {
        self.adoption.as_ref().map(|adoption| adoption.look_at)
    }

    /// Takes the next step of the adoption, if it can be taken.
    pub(super) async fn go_on_adopting(&mut self) {
        let now = Instant::now();
        let Some(adoption) = &mut self.adoption else { return };
        adoption.look_at = now + PAUSE;
        let (phase, is_late) = (adoption.phase, adoption.until <= now);
        match phase {
            Phase::Asking if self.gateways_answer(phase).await => Box::pin(self.start_adopted_group()).await,
            Phase::Asking if is_late => self.refuse_adoption(),
            Phase::Starting if self.adopted_group_carries() => self.move_over().await,
            Phase::Starting if is_late => {
                self.undo_adoption("the group does not carry traffic: has any member a carrier?").await;
            }
            Phase::Checking if self.gateways_answer(phase).await => self.adopted().await,
            Phase::Checking if is_late => {
                let why =
                    format!("the gateway did not answer through the group within {} s", PATIENCE.as_secs());
                self.undo_adoption(&why).await;
            }
            Phase::Waiting if is_late => self.undo_adoption("it was not confirmed in time").await,
            Phase::Waiting => {
                if let Some(adoption) = &mut self.adoption {
                    adoption.look_at = adoption.until;
                }
            }
            Phase::Asking | Phase::Starting | Phase::Checking => {}
        }
    }

    /// Whether every gateway has answered: on its member before the move, on the group interface after it.
    async fn gateways_answer(&self, phase: Phase) -> bool {
        let Some(adoption) = &self.adoption else { return false };
        let group = self.snapshot.link(&adoption.plan.group.name).map(|link| link.ifindex);
        for Gateway { address, ifindex } in &adoption.plan.gateways {
            let by = if phase == Phase::Asking { Some(*ifindex) } else { group };
            let Some(by) = by else { return false };
            match reach::answers(&self.handle, by, *address).await {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    tracing::debug!("{error}");
                    return false;
                }
            }
        }
        true
    }

    fn adopted_group_carries(&self) -> bool {
        let Some(adoption) = &self.adoption else { return false };
        let name = &adoption.plan.group.name;
        let runs = |group: &super::group::GroupRuntime| {
            group.name() == name && group.path.is_at_group() && !group.path.installed().usable.is_empty()
        };
        self.snapshot.link(name).is_some_and(|link| link.carrier) && self.groups.iter().flatten().any(runs)
    }
}

/// Writes the configuration that is to be, and a copy of the present one: there must be room for them before anything moves.
fn prepare_files(files: &Files, plan: &Plan) -> Result<(), String> {
    let failed = |path: std::path::PathBuf| {
        move |error: std::io::Error| format!("{}: {error}; nothing has been changed", path.display())
    };
    files.write_like_config(&files.next(), &plan.text).map_err(failed(files.next()))?;
    let present = std::fs::read_to_string(&files.config).map_err(failed(files.config.clone()))?;
    files.write_like_config(&files.back(), &present).map_err(failed(files.back()))
}
