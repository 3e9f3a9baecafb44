//! Members that carry traffic though they are failed, for no member of the group does better.

use super::Roster;
use crate::engine::member::MemberState;

impl Roster {
    /// No member works: all that have link carry traffic.
    pub(super) fn keep_all(&mut self) {
        for (member, index) in self.members.iter_mut().zip(0..) {
            member.kept = member.state == MemberState::Failed && member.link_up();
            if member.kept {
                self.changes.joined.push(index);
            }
        }
    }

    /// Other members work: those that were kept till now go.
    pub(super) fn let_go(&mut self) {
        self.touched = true;
        for index in 0..self.members.len() {
            let carried = self.members[index].is_kept();
            self.members[index].kept = false;
            if carried {
                self.replace();
            }
        }
    }
}
