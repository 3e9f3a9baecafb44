//! What became of attachments, and who answered probes of discovery: news from beside the loop.

use std::{net::IpAddr, time::Instant};

use super::{Driver, group::Tools, hook_worker::Outcome, prober::Instance};
use crate::{dataplane::hook::Place, engine::event::Event};

impl Driver {
    pub(super) fn on_outcome(&mut self, outcome: Outcome) {
        self.hooks.arrived(&outcome);
        let Outcome { group: name, place, link, result } = outcome;
        let number =
            self.groups.iter().position(|group| group.as_ref().is_some_and(|group| group.name() == name));
        let Self { groups, announcer, hooks, prober, watchers, journal, .. } = self;
        let group = number.and_then(|number| Some((number, groups[number].as_mut()?)));
        match (group, result) {
            (Some((number, group)), Ok(attached)) => {
                match group.path.attached(link, attached) {
                    Ok(Some(stale)) => hooks.detach(&name, stale),
                    Ok(None) => {}
                    Err(error) => tracing::error!(group = name, "{error}"),
                }
                // The program at the driver comes after the other one.
                group.sync_hooks(hooks);
                group.listen_on(&mut Tools { group: number, announcer, hooks, prober, watchers, journal });
                group.complete_interface(hooks);
            }
            (None, Ok(attached)) => hooks.detach(&name, attached),
            (Some((_, group)), Err(error)) if matches!(place, Place::MemberDriver(..)) => {
                if group.path.driver_refused(place, link, &error.to_string()) {
                    tracing::error!("{error}; replies to probes are accounted for at the TC hook meanwhile");
                }
            }
            // The next scan tries again.
            (_, Err(error)) => tracing::error!(group = name, "{error}"),
        }
    }

    pub(super) fn on_responders(&mut self, responders: Vec<(Instance, IpAddr)>) {
        for (Instance { group, member, family }, address) in responders {
            if let Some(Some(group)) = self.groups.get_mut(group) {
                group.engine.handle(Event::Responder { member, family, address }, Instant::now());
            }
        }
    }
}
