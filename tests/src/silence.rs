//! Members that are probed, and how they fall silent.

use std::net::IpAddr;

use serde_json::Value;

use crate::{
    GroupConfig, Rig,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    topology::{Builder, port},
};

/// Where replies are accounted for: a value of `probe-hook`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeHook {
    /// The TC hook.
    Tc,
    /// Native XDP.
    Xdp,
}

impl ProbeHook {
    /// As the configuration has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tc => "tc",
            Self::Xdp => "xdp",
        }
    }
}

/// Makes a test of each function that takes a [`ProbeHook`]: one for each hook.
#[macro_export]
macro_rules! by_each_hook {
    ($($name:ident),* $(,)?) => {
        mod by_tc {
            $(#[test] fn $name() { super::$name($crate::silence::ProbeHook::Tc); })*
        }
        mod by_xdp {
            $(#[test] fn $name() { super::$name($crate::silence::ProbeHook::Xdp); })*
        }
    };
}

/// How a member can fall silent while its link stays up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The switch port forwards nothing.
    Both,
    /// What the member sends is lost.
    Sending,
    /// What is sent to the member is lost.
    Receiving,
}

impl Silence {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Both, Self::Sending, Self::Receiving];
}

impl Rig {
    /// A daemon that probes the first `peers` peers from IPv4 test addresses, each of them named, with this failure
    /// detection time; returns when every member reaches them.
    pub fn probing(builder: Builder, hook: ProbeHook, fdt: &str, peers: usize) -> Self {
        let rig = Self::with(builder.peers(peers), |group| {
            probed(group, hook, fdt).tested(0).targets((0..peers).map(plan::peer_v4))
        });
        rig.until_probed();
        rig
    }

    /// Waits until the probes of every member are answered.
    pub fn until_probed(&self) {
        for member in &self.topology.hosts[0].members {
            eventually(&format!("{member} is probed"), SOON, || {
                let row = stat::interface(&self.daemon, member);
                let answered =
                    |row: &Value| row["probe"] == "ok" && row["probes"]["answered"].as_u64() > Some(0);
                holds(row.as_ref().is_some_and(answered), || (row, self.daemon.json(&["stat", "-t"])))
            });
        }
    }

    /// Lets a member fall silent.
    pub fn silence(&self, member: usize, how: Silence) {
        let (switch, port) = (&self.topology.switch, port(0, member));
        match how {
            Silence::Both => switch.blackhole(&port),
            Silence::Sending => switch.lose_from(&port),
            Silence::Receiving => switch.lose_to(&port),
        }
    }

    /// Ends [`Rig::silence`].
    pub fn end_silence(&self, member: usize, how: Silence) {
        let (switch, port) = (&self.topology.switch, port(0, member));
        match how {
            Silence::Both => switch.forward(&port),
            Silence::Sending | Silence::Receiving => switch.lose_nothing(&port),
        }
    }

    /// What became of the probes of a member: a number of `stat -i --json`.
    pub fn probes(&self, member: usize, count: &str) -> u64 {
        let row = stat::interface(&self.daemon, &format!("e{member}")).unwrap_or_default();
        row["probes"][count].as_u64().unwrap_or_else(|| panic!("no number of {count} probes in {row}"))
    }

    /// How often the log says that a member has failed.
    pub fn failures(&self) -> usize {
        self.daemon.log().matches("IP interface failure detected").count()
    }

    /// The row of a test address in `stat -t`.
    pub fn targets_from(&self, source: IpAddr) -> Option<Value> {
        let all = self.daemon.json(&["stat", "-t"]);
        all["targets"].as_array()?.iter().find(|row| row["test_address"] == source.to_string()).cloned()
    }

    /// Waits until the active targets of a test address are these, in any order, and found in this way.
    pub fn until_targets(&self, source: IpAddr, mode: &str, targets: &[IpAddr]) {
        let mut wanted: Vec<_> = targets.iter().map(ToString::to_string).collect();
        wanted.sort();
        eventually(&format!("{source} probes {wanted:?} by {mode}"), SOON, || {
            let row = self.targets_from(source);
            let fits = row.as_ref().is_some_and(|row| {
                let shown = row["targets"].as_array().into_iter().flatten();
                let mut shown: Vec<_> = shown.filter_map(Value::as_str).map(str::to_owned).collect();
                shown.sort();
                row["mode"] == mode && shown == wanted
            });
            holds(fits, || (row, self.daemon.json(&["stat", "-t"])))
        });
    }
}

/// The group with this hook and failure detection time.
pub fn probed(group: GroupConfig, hook: ProbeHook, fdt: &str) -> GroupConfig {
    group
        .line(&format!("probe-hook = \"{}\"", hook.word()))
        .line(&format!("failure-detection-time = \"{fdt}\""))
}
