//! IPMP hosts and peers round one switch.

use crate::{Netns, Switch, config::GroupConfig, plan};

/// Hosts, switch and peers. Addresses: [`plan`].
#[derive(Debug)]
pub struct Topology {
    /// The IPMP hosts.
    pub hosts: Vec<Host>,
    /// The peers.
    pub peers: Vec<Peer>,
    /// The switch.
    pub switch: Switch,
}

/// An IPMP host: NICs `e0`, `e1`, .. without addresses.
#[derive(Debug)]
pub struct Host {
    /// Its namespace.
    pub netns: Netns,
    /// Names of its NICs.
    pub members: Vec<String>,
    /// Its number, for the address plan.
    pub number: usize,
}

/// A peer: an ordinary host with one NIC, `eth0`.
#[derive(Debug)]
pub struct Peer {
    /// Its namespace.
    pub netns: Netns,
    /// Its number, for the address plan.
    pub number: usize,
}

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct Builder {
    hosts: usize,
    members: usize,
    peers: usize,
    equal_ifindex: bool,
}

impl Topology {
    /// One host with three members and one peer, unless told otherwise.
    #[expect(clippy::new_ret_no_self, reason = "the first word of a builder's sentence")]
    pub fn new() -> Builder {
        Builder { hosts: 1, members: 3, peers: 1, equal_ifindex: false }
    }

    /// The first IPMP host.
    pub fn host(&self) -> &Netns {
        &self.hosts[0].netns
    }

    /// The first peer.
    pub fn peer(&self) -> &Netns {
        &self.peers[0].netns
    }

    /// Pulls the cable of member `member` of the first host.
    pub fn cut(&self, member: usize) {
        self.switch.cut(&port(0, member));
    }

    /// Puts the cable of member `member` of the first host back.
    pub fn restore(&self, member: usize) {
        self.switch.restore(&port(0, member));
    }

    /// Lets the switch drop everything from and to member `member` of the first host while the carrier stays.
    pub fn blackhole(&self, member: usize) {
        self.switch.blackhole(&port(0, member));
    }

    /// Ends [`Topology::blackhole`].
    pub fn forward(&self, member: usize) {
        self.switch.forward(&port(0, member));
    }
}

impl Builder {
    /// NICs of each IPMP host.
    #[must_use]
    pub fn members(mut self, count: usize) -> Self {
        self.members = count;
        self
    }

    /// Peers.
    #[must_use]
    pub fn peers(mut self, count: usize) -> Self {
        self.peers = count;
        self
    }

    /// IPMP hosts.
    #[must_use]
    pub fn hosts(mut self, count: usize) -> Self {
        self.hosts = count;
        self
    }

    /// Whether the members behave as real NICs; see [`Switch::connect`].
    #[must_use]
    pub fn equal_ifindex(mut self, equal: bool) -> Self {
        self.equal_ifindex = equal;
        self
    }

    /// Builds it.
    pub fn build(self) -> Topology {
        let switch = Switch::new("switch");
        let hosts = (0..self.hosts).map(|number| self.host(&switch, number)).collect();
        let peers = (0..self.peers).map(|number| peer(&switch, number)).collect();
        Topology { hosts, peers, switch }
    }

    fn host(self, switch: &Switch, number: usize) -> Host {
        let netns = Netns::new(&format!("host{number}"));
        let members: Vec<_> = (0..self.members).map(|index| format!("e{index}")).collect();
        for (index, member) in members.iter().enumerate() {
            // Far from the indexes that the kernel deals out in either namespace.
            let ifindex = self.equal_ifindex.then_some((400 + 100 * number + index) as u32);
            switch.connect(&netns, member, &port(number, index), ifindex);
        }
        Host { netns, members, number }
    }
}

fn peer(switch: &Switch, number: usize) -> Peer {
    let netns = Netns::new(&format!("peer{number}"));
    netns.set("ipv6/conf/default/accept_dad", "0");
    switch.connect(&netns, "eth0", &peer_port(number), None);
    netns.ip_batch(&format!(
        "addr add {}/24 dev eth0\naddr add {}/64 dev eth0 nodad\n",
        plan::peer_v4(number),
        plan::peer_v6(number)
    ));
    Peer { netns, number }
}

impl Host {
    /// A group `ipmp0` of all members with as many data addresses of each family as members.
    pub fn group(&self) -> GroupConfig {
        let count = self.members.len();
        let v4 = (0..count).map(|index| format!("{}/24", plan::data_v4(self.number, index)));
        let v6 = (0..count).map(|index| format!("{}/64", plan::data_v6(self.number, index)));
        GroupConfig::new("ipmp0").addresses(v4.chain(v6)).members(&self.members)
    }
}

/// Name of the switch port of a member.
pub fn port(host: usize, member: usize) -> String {
    format!("h{host}p{member}")
}

/// Name of the switch port of a peer.
pub fn peer_port(peer: usize) -> String {
    format!("t{peer}")
}

#[cfg(test)]
mod tests;
