//! What would be, if.

use super::{
    Engine,
    assignment::Assignment,
    event::{Event, MemberIndex},
};

impl Engine {
    /// Getter: what the packet path would look like if the link of this member were lost now.
    pub fn without(&self, member: MemberIndex) -> Assignment {
        let mut other = self.clone();
        other.handle(Event::Carrier { member, up: false }, self.clock);
        other.assignment
    }
}
