//! Turning the switch off and on.

use serde_json::Value;

use super::Switch;

impl Switch {
    /// Turns the switch off: every port loses its carrier, and what the switch had learned is gone.
    pub fn turn_off(&self) {
        for cable in self.links("veth") {
            self.netns.set_up(&cable, false);
        }
        self.netns.ip("link del sw");
    }

    /// Makes it ready again: ports as before, none of which has its carrier yet.
    pub fn turn_on(&self) {
        let ports = [self.links("veth"), self.links("bond")].concat();
        let links = self.netns.ip_json("link show");
        let free = links.iter().filter(|link| link["master"].is_null());
        let free = free
            .filter_map(|link| link["ifname"].as_str())
            .filter(|name| ports.iter().any(|port| port == name));
        let enslaved: Vec<_> = free.map(|port| format!("link set {port} master sw\n")).collect();
        self.netns.ip_batch(&format!("{CREATE}{}", enslaved.concat()));
    }

    /// Gives every port its carrier, one after the other, as soon as can be.
    pub fn light_up(&self) {
        for cable in self.links("veth") {
            self.restore(&cable);
        }
    }

    /// Names of the switch's interfaces of a kind.
    fn links(&self, kind: &str) -> Vec<String> {
        let links = self.netns.ip_json(&format!("link show type {kind}"));
        links.iter().filter_map(|link: &Value| link["ifname"].as_str().map(str::to_owned)).collect()
    }
}

/// Makes the bridge that forwards.
pub(super) const CREATE: &str =
    "link add sw type bridge stp_state 0 forward_delay 0 mcast_snooping 0\nlink set sw up\n";
