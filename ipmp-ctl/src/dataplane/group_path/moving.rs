//! How far buckets have got that are on their way from one working member to another.

use ipmp_common::Choice;

use super::GroupPath;
use crate::engine::{
    assignment::Assignment,
    event::{Passages, Passing},
};

impl GroupPath {
    /// Whether a bucket that moves is where it goes to.
    pub fn has_passed(&self, bucket: u32) -> bool {
        self.tables.passage(bucket).has_passed(self.installed.buckets[bucket as usize].epoch)
    }
}

impl Passages for GroupPath {
    fn passing(&self, bucket: u32, choice: Choice) -> Passing {
        let Assignment { buckets, usable, .. } = &self.installed;
        if buckets.get(bucket as usize) != Some(&choice) || !usable.contains(choice.slot) {
            Passing::Blocked
        } else if self.tables.let_pass(bucket, choice) {
            Passing::Passed
        } else {
            Passing::Going
        }
    }
}
