//! What differs between two configurations of a group.

use super::{DataAddress, Group, Member, Route, TestAddress, TestAddresses};

impl Group {
    /// What is otherwise in `next`, in words: a key of the group, or a member. Where something stands in the file does not
    /// matter.
    pub fn differences(&self, next: &Self) -> Vec<String> {
        let (old, new) = (self.without_lines(), next.without_lines());
        let keys = [
            ("addresses", old.addresses != new.addresses),
            ("ipv6-token", old.ipv6_token != new.ipv6_token),
            ("routes", old.routes != new.routes),
            ("targets", old.targets != new.targets),
            ("receive", old.receive != new.receive),
            ("failure-detection-time", old.failure_detection_time != new.failure_detection_time),
            ("failback", old.failback != new.failback),
            ("probe-hook", old.probe_hook != new.probe_hook),
            ("min-active", old.min_active != new.min_active),
            ("link-ups-per-minute", old.link_ups_per_minute != new.link_ups_per_minute),
        ];
        let keys = keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key.to_owned());
        let gone = old.members.iter().filter(|member| new.member(&member.name).is_none());
        let gone = gone.map(|member| format!("member {} removed", member.name));
        let members = new.members.iter().filter_map(|member| match old.member(&member.name) {
            None => Some(format!("member {} added", member.name)),
            Some(same) if same == member => None,
            Some(other) => {
                Some(format!("member {}: {}", member.name, other.differing_keys(member).join(" ")))
            }
        });
        let mut all: Vec<_> = keys.chain(gone).chain(members).collect();
        if all.is_empty() && old != new {
            // Homes are dealt out in this order.
            all.push("order of the members".to_owned());
        }
        all
    }

    /// The same as if it stood nowhere.
    fn without_lines(&self) -> Self {
        Self {
            line: 0,
            addresses: self.addresses.iter().map(|data| DataAddress { line: 0, ..*data }).collect(),
            routes: self.routes.iter().map(|route| Route { line: 0, ..route.clone() }).collect(),
            members: self.members.iter().map(Member::without_lines).collect(),
            ..self.clone()
        }
    }
}

impl Member {
    fn without_lines(&self) -> Self {
        let test_addresses = match &self.test_addresses {
            TestAddresses::V4(tests) => {
                TestAddresses::V4(tests.iter().map(|test| TestAddress { line: 0, ..*test }).collect())
            }
            other => other.clone(),
        };
        Self { line: 0, test_addresses, ..self.clone() }
    }

    fn differing_keys(&self, next: &Self) -> Vec<&'static str> {
        let keys = [
            ("test-addresses", self.test_addresses != next.test_addresses),
            ("weight", self.weight != next.weight),
            ("standby", self.standby != next.standby),
            ("priority", self.priority != next.priority),
        ];
        keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests;
