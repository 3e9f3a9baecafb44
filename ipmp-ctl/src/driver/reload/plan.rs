//! What has to be done to come from the groups that run to those of a configuration.

use crate::{
    config::{Config, Group},
    driver::GroupNumber,
};

/// What has to be done, in this order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Groups that the configuration has no more.
    pub(super) removed: Vec<String>,
    /// Groups that are otherwise there: those first that lose members, which another one may be about to get.
    pub(super) changed: Vec<Change>,
    /// Groups that are the same.
    pub(super) unchanged: Vec<GroupNumber>,
    /// Groups that do not run.
    pub(super) added: Vec<Group>,
}

/// A group that is to be changed.
#[derive(Debug)]
pub(super) struct Change {
    /// Its number.
    pub(super) number: GroupNumber,
    /// What it is to be.
    pub(super) next: Group,
    /// What is different.
    pub(super) what: Vec<String>,
}

impl Plan {
    /// From the groups that run to those of `next`.
    pub(super) fn new<'a>(running: impl Iterator<Item = (GroupNumber, &'a Group)>, next: &Config) -> Self {
        let running: Vec<_> = running.collect();
        let mut plan = Self::default();
        for &(number, old) in &running {
            let Some(new) = next.group(&old.name) else {
                plan.removed.push(old.name.clone());
                continue;
            };
            let what = old.differences(new);
            if what.is_empty() {
                plan.unchanged.push(number);
            } else {
                plan.changed.push(Change { number, next: new.clone(), what });
            }
        }
        plan.changed.sort_by_key(|change| !change.what.iter().any(|what| what.ends_with(" removed")));
        let is_new = |group: &&Group| !running.iter().any(|(_, old)| old.name == group.name);
        plan.added = next.groups.iter().filter(is_new).cloned().collect();
        plan
    }
}

#[cfg(test)]
mod tests;
