//! Ports that lose frames while their carrier stays.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::Switch;

/// Which frames of a port are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Those that the system sends to the switch.
    FromSystem,
    /// Those that the switch sends to the system.
    ToSystem,
    /// All.
    Both,
}

/// The table that holds a port's rules has the port's name after this.
const TABLE: &str = "silent-";

impl Switch {
    /// Loses all frames of a port in these directions from now on, ARP and all. Unlike a disabled bridge port this also
    /// works where the port is part of a link aggregation.
    pub fn silence(&self, port: &str, way: Way) {
        let chain = |hook: &str| {
            format!(
                "chain {hook} {{ type filter hook {hook} device \"{port}\" priority -500; policy drop; }}\n"
            )
        };
        let chains = match way {
            Way::FromSystem => chain("ingress"),
            Way::ToSystem => chain("egress"),
            Way::Both => chain("ingress") + &chain("egress"),
        };
        self.nft(&format!("table netdev {TABLE}{port} {{\n{chains}}}\n"));
    }

    /// Ends [`Switch::silence`].
    pub fn unsilence(&self, port: &str) {
        self.nft(&format!("delete table netdev {TABLE}{port}\n"));
    }

    /// Gives nft a file of rules, which it takes whole or not at all.
    fn nft(&self, rules: &str) {
        let mut command: Command = self.netns.command("nft");
        command.args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("nft is installed");
        child.stdin.take().expect("it is piped").write_all(rules.as_bytes()).expect("nft reads its input");
        let output = child.wait_with_output().expect("nft ends");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "nft in {}:\n{rules}{message}", self.netns.name());
    }
}
