//! IPMP: the daemon with a group of all members.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use ipmp_common::flow::protocol;
use ipmp_tests::{GroupConfig, Rig, Topology, plan};

use super::{Setup, System, VICTIM};
use crate::outage::{
    class::{Class, Need},
    lane::Direction,
};

const GROUP: &str = "ipmp0";

/// How long a daemon may take to say that it probes.
const SAYS_SO: Duration = Duration::from_secs(2);

/// How long failover by carrier may take, with much to spare.
const BY_CARRIER: Duration = Duration::from_millis(250);

/// How long a flow is waited for to pause.
const GAPS: Duration = Duration::from_secs(1);

/// The daemon at work.
pub(super) struct Ipmp {
    rig: Rig,
    /// Its configuration, without weights.
    config: GroupConfig,
    /// Failure detection time, if it probes.
    fdt: Option<Duration>,
    /// Whether flows come back within a bounded time, and not at once.
    is_planned: bool,
}

impl Ipmp {
    pub(super) fn build(Setup { veth, fdt, class }: Setup) -> Result<Self, String> {
        let probes = class.need() == Need::Probes;
        let builder = Topology::new().equal_ifindex(veth.is_equal());
        let mut config = None;
        let rig = Rig::with(builder, |mut group| {
            if probes {
                group = group
                    .line(&format!("failure-detection-time = \"{}ms\"", fdt.as_millis()))
                    .line(&format!("targets = [\"{}\"]", plan::peer_v4(0)));
                for member in 0..3 {
                    let line = format!("test-addresses = [\"{}\"]", plan::test_v4(0, member));
                    group = group.member(&format!("e{member}"), &[&line]);
                }
            }
            if class.need() == Need::Standby {
                group = group.member("e2", &["standby = true"]);
            }
            let group = config.insert(group).clone();
            if class == Class::WeightChange { weighed(group, 10) } else { group }
        });
        let config = config.ok_or("the topology has asked for no configuration")?;
        rig.until_reachable();
        let ipmp = Self { rig, config, fdt: probes.then_some(fdt), is_planned: class.is_planned() };
        ipmp.copes_with(class)?;
        Ok(ipmp)
    }

    /// Asks the daemon whether it can do what this failure needs. That it takes in new members shows at the first repair.
    fn copes_with(&self, class: Class) -> Result<(), String> {
        if class.need() != Need::Probes {
            return Ok(());
        }
        let start = Instant::now();
        while start.elapsed() < SAYS_SO {
            let status = self.rig.daemon.status(GROUP);
            if status.fdt_ms.is_some() && status.members.iter().all(|member| member.probe != "disabled") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("this daemon does not probe".to_owned())
    }
}

/// The group with weights: ten for each member, but for the victim.
fn weighed(group: GroupConfig, victim: u32) -> GroupConfig {
    (0..3).fold(group, |group, member| {
        let weight = if member == VICTIM { victim } else { 10 };
        group.member(&format!("e{member}"), &[&format!("weight = {weight}")])
    })
}

impl System for Ipmp {
    fn topology(&self) -> &Topology {
        &self.rig.topology
    }

    fn settled(&self) -> Result<(), String> {
        let status = self.rig.daemon.status(GROUP);
        let victim = format!("e{VICTIM}");
        if let Some(member) = status.members.iter().find(|member| member.state != "ok") {
            return Err(format!("{} is {}", member.interface, member.state));
        }
        if self.fdt.is_some()
            && let Some(member) = status.members.iter().find(|member| member.probe != "ok")
        {
            return Err(format!("probing of {} is {}", member.interface, member.probe));
        }
        if status.moves.pending > 0 {
            return Err(format!("{} buckets are still moving", status.moves.pending));
        }
        for data in self.rig.data() {
            let row = status.addresses.iter().find(|row| row.address == data);
            if row.and_then(|row| row.inbound.as_ref()) != Some(&victim) {
                return Err(format!("{data} is not bound to {victim}"));
            }
        }
        Ok(())
    }

    fn carries(&self, direction: Direction, from: SocketAddr, to: SocketAddr) -> bool {
        match direction {
            // The bindings decide, and they are part of the settled state.
            Direction::In => true,
            Direction::Out => {
                let carrier = self.rig.daemon.carrier(GROUP, protocol::UDP, from, to);
                carrier == Some(format!("e{VICTIM}"))
            }
        }
    }

    fn order(&self, class: Class, member: usize, begins: bool) {
        let (daemon, member) = (&self.rig.daemon, format!("e{member}"));
        let output = if class == Class::Offline {
            daemon.ctl(&[if begins { "offline" } else { "online" }, &member])
        } else {
            let text = weighed(self.config.clone(), if begins { 1 } else { 10 }).to_string();
            std::fs::write(daemon.config(), text).expect("the configuration can be written");
            daemon.ctl(&["reload"])
        };
        assert!(output.status.success(), "{class} of {member}: {output:?}");
    }

    /// The daemon finds out by itself.
    fn take_in(&self, _member: usize) {}

    fn forced(&self) -> u64 {
        self.rig.daemon.status(GROUP).moves.forced
    }

    /// Probes find a failure within 1.1 and a repair within 2 detection times.
    fn patience(&self) -> [Duration; 2] {
        let fdt = self.fdt.unwrap_or_default();
        let gaps = if self.is_planned { GAPS } else { Duration::ZERO };
        [BY_CARRIER + fdt * 3 / 2 + gaps, BY_CARRIER + fdt * 3 + gaps]
    }
}
