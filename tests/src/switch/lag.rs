//! Static link aggregation, as a switch must have it for hosts that balance with one MAC address.

use super::Switch;

impl Switch {
    /// Bundles ports that are connected already: what goes to any of them is spread by addresses and ports, and what
    /// comes from one does not go back by another. The bundle looks at its ports' carrier every `miimon` ms.
    pub fn bundle(&self, name: &str, ports: &[String], miimon: u32) {
        let bond =
            format!("link add {name} type bond mode balance-xor xmit_hash_policy layer3+4 miimon {miimon}\n");
        let enslaved: String = ports.iter().map(|port| enslave(port, name)).collect();
        let up: Vec<_> = ports.iter().map(|port| format!("link set {port} up\n")).collect();
        self.netns.ip_batch(&format!(
            "{bond}{enslaved}link set {name} up\nlink set {name} master sw\n{}",
            up.concat()
        ));
    }

    /// Connects a port that was made anew to the bundle it belonged to.
    pub fn rebundle(&self, name: &str, port: &str) {
        self.netns.ip_batch(&format!("{}link set {port} up\n", enslave(port, name)));
    }
}

/// Takes a port out of the bridge and into a bundle; it must be down for that.
fn enslave(port: &str, bundle: &str) -> String {
    format!("link set {port} nomaster\nlink set {port} down\nlink set {port} master {bundle}\n")
}
