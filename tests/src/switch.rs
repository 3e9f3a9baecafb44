//! An Ethernet switch: a bridge in a namespace of its own.

use ipmp_ctl::kernel::ethtool::glink;

use crate::{Netns, ctl};

mod delay;
mod lag;
mod power;

pub use self::delay::Delay;

/// A switch. It floods multicast to every port and runs no spanning tree.
#[derive(Debug)]
pub struct Switch {
    /// Its namespace; the bridge is `sw`.
    pub netns: Netns,
}

impl Switch {
    /// A switch without ports.
    pub fn new(tag: &str) -> Self {
        let netns = Netns::new(tag);
        // The switch itself has nothing to say on the link.
        netns.set("ipv6/conf/all/disable_ipv6", "1");
        netns.set("ipv6/conf/default/disable_ipv6", "1");
        netns.ip_batch(power::CREATE);
        Self { netns }
    }

    /// Connects a new NIC `nic` of `system` to a new port `port`; both ends go up.
    ///
    /// With `index` both ends get that interface index. Then the kernel takes them for real NICs and reports a change of
    /// their carrier up to a second late, as it does for those; ends with different indexes are reported at once.
    pub fn connect(&self, system: &Netns, nic: &str, port: &str, index: Option<u32>) {
        let index = index.map_or_else(String::new, |index| format!("index {index}"));
        let system_name = system.name();
        self.netns.ip_batch(&format!(
            "link add {port} {index} type veth peer name {nic} {index} netns {system_name}\n\
             link set {port} master sw up\n"
        ));
        system.set_up(nic, true);
        self.notice(port);
    }

    /// Pulls the cable of a port: the NIC loses its carrier.
    pub fn cut(&self, port: &str) {
        self.netns.set_up(port, false);
    }

    /// Puts the cable of a port back. The port forwards at once, as that of a switch without spanning tree.
    pub fn restore(&self, port: &str) {
        self.netns.set_up(port, true);
        self.notice(port);
    }

    /// Has a port notice its carrier at once, as that of a switch without spanning tree does. The kernel acts upon a new
    /// carrier when asked for it; by itself it may keep the port disabled for a second where both ends have the same index.
    pub fn notice(&self, port: &str) {
        let carrier = self.netns.run(|| glink(port));
        carrier.unwrap_or_else(|error| panic!("port {port}: {error}"));
    }

    /// Lets the port drop everything in both directions while the carrier stays.
    pub fn blackhole(&self, port: &str) {
        self.set_state(port, 0);
    }

    /// Ends [`Switch::blackhole`].
    pub fn forward(&self, port: &str) {
        self.set_state(port, 3);
    }

    /// Lets what comes in by the port, from the system there, be lost.
    pub fn lose_from(&self, port: &str) {
        self.lose("ingress", port);
    }

    /// Lets what goes out by the port, to the system there, be lost.
    pub fn lose_to(&self, port: &str) {
        self.lose("egress", port);
    }

    /// Ends [`Switch::lose_from`] and [`Switch::lose_to`].
    pub fn lose_nothing(&self, port: &str) {
        self.netns.nft(&format!("delete table netdev {port}"));
    }

    fn lose(&self, way: &str, port: &str) {
        self.netns.nft(&format!(
            "table netdev {port} {{ chain {way} {{ type filter hook {way} device {port} priority 0; policy drop; }}; }}"
        ));
    }

    fn set_state(&self, port: &str, state: u8) {
        let state = state.to_string();
        let output =
            self.netns.command("bridge").args(["link", "set", "dev", port, "state", &state]).output();
        let output = output.expect("bridge is installed");
        assert!(output.status.success(), "port {port}: {}", ctl::describe(&output));
    }

    /// Packets that the switch has received by this port.
    pub fn received(&self, port: &str) -> u64 {
        let links = self.netns.ip_json(&format!("-s link show dev {port}"));
        links[0]["stats64"]["rx"]["packets"].as_u64().expect("ip -s shows packet counts")
    }
}
