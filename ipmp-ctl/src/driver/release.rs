//! `release`: what a group interface holds goes to one of its members, and the group goes.

use std::{collections::BTreeMap, path::Path};

use super::{Driver, group::GroupRuntime};
use crate::{
    adopt::{
        document,
        files::Files,
        plan::numbered,
        request::ReleaseRequest,
        undo,
        way_back::{Of, WayBack},
    },
    config::Config,
    control::protocol::Reply,
    journal::Asker,
    kernel::{addresses::SIGNATURE, holdings::Holdings},
};

/// What is to be done.
struct Plan {
    group: String,
    interface: String,
    ifindex: u32,
    /// As the member will hold it.
    holdings: Holdings,
    /// The configuration as it is.
    present: String,
    /// The configuration without the group.
    config: Config,
    text: String,
}

impl Driver {
    /// `release`.
    pub(super) async fn release(&mut self, request: &ReleaseRequest, by: Option<Asker>) -> Reply {
        let plan = match self.plan_release(request).await {
            Ok(plan) => plan,
            Err(reason) => return Reply::Refused { reason },
        };
        if request.dry_run {
            let netns = self.site.around.netns.inode;
            return Reply::Planned { steps: plan.steps(&self.config.file), netns };
        }
        match self.carry_out_release(&plan).await {
            Ok(problems) => {
                let Plan { group, interface, .. } = &plan;
                let who = by.map_or_else(|| "somebody".to_owned(), |by| by.to_string());
                let text = format!("group {group} is released to {interface}, as {who} asked");
                self.record("released", Some(group), by, text);
                let said = plan.holdings.addresses.iter().map(|held| format!("{held} is on {interface}"));
                let routes =
                    plan.holdings.routes.iter().map(|held| format!("the {held} leads by {interface}"));
                let gone =
                    format!("group {group} is gone, and {} no longer has it", self.config.file.display());
                Reply::Moved {
                    said: said.chain(routes).chain([gone]).chain(problems).collect(),
                    confirm_s: 0,
                    config: Files::new(&self.config.file).config,
                }
            }
            Err(reason) => Reply::Refused { reason },
        }
    }

    async fn plan_release(&self, request: &ReleaseRequest) -> Result<Plan, String> {
        let name = &request.group;
        if let Some(adoption) = self.no_reload_now() {
            return Err(adoption);
        }
        let Some(group) = self.groups.iter().flatten().find(|group| group.name() == name) else {
            let Reply::Refused { reason } = self.no_such_group(name) else { return Err(String::new()) };
            return Err(reason);
        };
        let (interface, ifindex) = member(group, request)?;
        let file = &self.config.file;
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let (present, _) = Config::parse(&text, file).map_err(|errors| {
            errors.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })?;
        if present != self.config {
            let file = file.display();
            return Err(format!(
                "{file}: it has been changed since the daemon read it; `ipmp-ctl reload` first"
            ));
        }
        let without = document::without(&text, name).map_err(|error| error.to_string())?;
        let (config, _) = Config::parse(&without, file).map_err(|_| {
            format!(
                "{}: group {name} cannot be taken out of it; take it out by hand, and reload",
                file.display()
            )
        })?;
        let held = Holdings::read(&self.handle).await.map_err(|error| error.to_string())?;
        let holdings = landed(&held.of(group.link.ifindex), name, &interface, ifindex);
        Ok(Plan { group: name.clone(), interface, ifindex, holdings, present: text, config, text: without })
    }

    async fn carry_out_release(&mut self, plan: &Plan) -> Result<Vec<String>, String> {
        let files = Files::new(&self.config.file);
        let interfaces = BTreeMap::from([(plan.ifindex, plan.interface.clone())]);
        let way_back = WayBack::new(
            Of::Release,
            &plan.group,
            &self.site.pins,
            &self.site.around.netns,
            interfaces,
            plan.holdings.clone(),
        );
        let written = files.write_like_config(&files.back(), &plan.text).and_then(|()| {
            let way_back = way_back?.leaving(&plan.present);
            way_back.write(&files).map(|()| way_back)
        });
        let way_back = match written {
            Ok(way_back) => way_back,
            Err(error) => {
                files.tidy();
                return Err(format!("{}: {error}; nothing has been changed", files.way_back().display()));
            }
        };
        let mut problems = match undo::holdings(&self.handle, &way_back).await {
            Ok(problems) => problems,
            Err(error) => vec![error.to_string()],
        };
        if let Reply::Refused { reason } = Box::pin(self.down(&plan.group)).await {
            problems.push(reason);
        }
        problems.extend(undo::announce(&self.handle, &way_back).await.err().map(|error| error.to_string()));
        match undo::put_files_back(&files, &way_back) {
            Ok(edited) => problems.extend(edited),
            Err(error) => problems.push(error.to_string()),
        }
        for problem in &problems {
            tracing::error!(group = plan.group, "{problem}");
        }
        self.config = plan.config.clone();
        Ok(problems)
    }
}

/// The member that gets everything, if it can.
fn member(group: &GroupRuntime, request: &ReleaseRequest) -> Result<(String, u32), String> {
    let name = group.name();
    let installed = group.path.installed();
    let works = |index: usize| group.members[index].slot.is_some_and(|slot| installed.usable.contains(slot));
    let index = match &request.interface {
        Some(interface) => group.member_named(interface).ok_or_else(|| {
            let members: Vec<_> = group.config().members.iter().map(|member| member.name.as_str()).collect();
            format!("{interface} is no member of group {name}; its members are {}", members.join(", "))
        })?,
        None => (0..group.members.len())
            .find(|index| works(*index))
            .ok_or_else(|| format!("group {name}: no member works now; name one, with -f"))?,
    };
    let interface = group.config().members[index].name.clone();
    let link = group.members[index].link.as_ref();
    let ifindex = link
        .map(|link| link.ifindex)
        .ok_or_else(|| format!("{interface} is not there: name another member"))?;
    if !works(index) && !request.force {
        return Err(format!(
            "{interface} does not work now, and would cut this host off: name another member, or give -f"
        ));
    }
    Ok((interface, ifindex))
}

/// What the group interface holds, as the member will: all but what every interface has of its own.
fn landed(held: &Holdings, group: &str, interface: &str, ifindex: u32) -> Holdings {
    let addresses = held.addresses.iter().filter(|held| !held.info().is_ipv6_link_local());
    let addresses = addresses.map(|held| {
        let moved = held.moved(group, interface, ifindex);
        let is_ours = moved.info().protocol == Some(SIGNATURE);
        if is_ours { moved.signed(None) } else { moved }
    });
    let routes = held.routes.iter().filter(|route| route.is_made()).map(|route| route.moved(ifindex));
    Holdings { addresses: addresses.collect(), routes: routes.collect() }
}

impl Plan {
    fn steps(&self, file: &Path) -> String {
        let Self { group, interface, holdings, .. } = self;
        let mut lines = vec![format!("write down beside {} what is to be done", file.display())];
        lines
            .extend(holdings.addresses.iter().map(|held| format!("move {held} from {group} to {interface}")));
        lines.extend(
            holdings.routes.iter().map(|held| format!("move the {held} from {group} to {interface}")),
        );
        lines.push(format!("remove group {group}: its programs, pins and interface; settings are put back"));
        lines.push(format!("take group {group} out of {}", file.display()));
        numbered(&lines)
    }
}
