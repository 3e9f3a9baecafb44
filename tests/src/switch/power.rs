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
        let bundles = self.links("bond");
        let masters = self.netns.ip_json("link show");
        let free =
            masters.iter().filter(|link| link["master"].is_null()).filter_map(|link| link["ifname"].as_str());
        let cables = self.links("veth");
        let mut batch = CREATE.to_owned();
        for port in free.filter(|name| cables.iter().chain(&bundles).any(|port| port == name)) {
            batch += &format!("link set {port} master sw\n");
        }
        self.netns.ip_batch(&batch);
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
