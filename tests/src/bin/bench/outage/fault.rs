//! Breaking a topology and repairing it.

use ipmp_tests::{Topology, stream::now_ns, topology::port};

use super::{class::Class, system::System};

/// A failure of one member of the first host, or of all.
pub(super) struct Fault<'a> {
    class: Class,
    system: &'a dyn System,
    member: usize,
    nic: String,
    port: String,
    /// The interface index of both ends of the member's cable, if it is the same.
    index: Option<u32>,
}

impl<'a> Fault<'a> {
    /// A failure that is still to come.
    pub(super) fn new(class: Class, system: &'a dyn System, member: usize) -> Self {
        let topology = system.topology();
        let (nic, port) = (topology.hosts[0].members[member].clone(), port(0, member));
        let index = topology.host().ifindex(&nic);
        let index = index.filter(|_| index == topology.switch.netns.ifindex(&port));
        Self { class, system, member, nic, port, index }
    }

    fn topology(&self) -> &Topology {
        self.system.topology()
    }

    fn members(&self) -> std::ops::Range<usize> {
        0..self.topology().hosts[0].members.len()
    }

    /// Breaks it. The time is that just before.
    pub(super) fn strike(&self) -> u64 {
        let start = now_ns();
        let (host, switch) = (self.topology().host(), &self.topology().switch);
        match self.class {
            Class::Carrier | Class::Failback | Class::StandbyStepDown => self.topology().cut(self.member),
            Class::AdminDown => host.set_up(&self.nic, false),
            Class::Deleted => drop(host.ip(&format!("link del {}", self.nic))),
            Class::Silent => {
                switch.lose_from(&self.port);
                switch.lose_to(&self.port);
            }
            Class::OneWayOut => switch.lose_from(&self.port),
            Class::OneWayIn => switch.lose_to(&self.port),
            Class::All => self.members().for_each(|member| self.topology().cut(member)),
            Class::Offline | Class::WeightChange => self.system.order(self.class, self.member, true),
            Class::SwitchRestart => switch.turn_off(),
        }
        start
    }

    /// Repairs it. The time is that from which on packets could get through again.
    pub(super) fn mend(&self) -> u64 {
        let mut start = now_ns();
        let (host, switch) = (self.topology().host(), &self.topology().switch);
        match self.class {
            Class::Carrier | Class::Failback | Class::StandbyStepDown => self.topology().restore(self.member),
            Class::AdminDown => {
                host.set_up(&self.nic, true);
                switch.notice(&self.port);
            }
            Class::Deleted => {
                switch.connect(host, &self.nic, &self.port, self.index);
                self.system.take_in(self.member);
            }
            Class::Silent | Class::OneWayOut | Class::OneWayIn => switch.lose_nothing(&self.port),
            Class::All => self.members().for_each(|member| self.topology().restore(member)),
            Class::Offline | Class::WeightChange => self.system.order(self.class, self.member, false),
            Class::SwitchRestart => {
                switch.turn_on();
                start = now_ns();
                switch.light_up();
            }
        }
        start
    }
}
