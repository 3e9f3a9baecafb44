//! An ordinary host that is to be adopted: its addresses and routes sit on one NIC, and its connections are open.

use std::{net::SocketAddr, process::Output};

use crate::{
    Daemon, Netns, Topology, ctl,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    plan,
    topology::Builder,
};

/// The host, with a daemon that has no group yet.
#[derive(Debug)]
pub struct Adoptee {
    /// The daemon.
    pub daemon: Daemon,
    /// Its surroundings.
    pub topology: Topology,
}

/// The configuration before.
pub const NOTHING: &str = "# This host.\n\nfailback = true # as always\n";

impl Adoptee {
    /// Both families on `e0`: several addresses with flags, lifetimes and a label, routes with metric, source and table. The
    /// peer is the router.
    pub fn new(builder: Builder) -> Self {
        let topology = builder.build();
        let host = topology.host();
        for number in 0..topology.hosts[0].members.len() {
            eventually("a link-local address", SOON, || {
                host.link_local(&format!("e{number}")).ok_or_else(|| host.ip("addr"))
            });
        }
        let [v4, v6] = plan::data(0);
        let [other_v4, other_v6] = plan::data(1);
        let [via_v4, via_v6] = plan::peer(0);
        host.ip_batch(&format!(
            "addr add {v4}/24 broadcast + dev e0\n\
             addr add {other_v4}/24 dev e0 label e0:web valid_lft 5000 preferred_lft 4000\n\
             addr add {v6}/64 dev e0 nodad\n\
             addr change {v6}/64 dev e0\n\
             addr add {other_v6}/64 dev e0 nodad noprefixroute home\n\
             route add default via {via_v4} dev e0 metric 100 src {v4}\n\
             route add 198.51.100.0/24 via {via_v4} dev e0 mtu 1300\n\
             route add 203.0.113.0/24 via {via_v4} dev e0 onlink table 77\n\
             route add default via {via_v6} dev e0 metric 512 pref medium\n\
             route add 2001:db8:77::/48 via {via_v6} dev e0 src {v6}\n"
        ));
        let daemon = Daemon::start(host, &NOTHING);
        Self { daemon, topology }
    }

    /// The host.
    pub fn host(&self) -> &Netns {
        self.topology.host()
    }

    /// Runs `ipmp-ctl adopt ARGUMENTS`.
    pub fn adopt(&self, arguments: &str) -> Output {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        self.daemon.ctl(&[&["adopt"], arguments.as_slice()].concat())
    }

    /// The same, which must succeed.
    pub fn adopted(&self, arguments: &str) -> String {
        let output = self.adopt(arguments);
        assert!(output.status.success(), "{}", ctl::describe(&output));
        ctl::text(&output)
    }

    /// Connections of both families and directions, one each.
    pub fn connections(&self) -> (Vec<EchoServer>, Vec<Connections>) {
        let (mut servers, mut connections) = (Vec::new(), Vec::new());
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            for (server, address, client) in
                [(self.host(), data, self.topology.peer()), (self.topology.peer(), peer, self.host())]
            {
                let server = EchoServer::start(server, SocketAddr::new(address, 7));
                connections.push(Connections::open(client, server.address(), 1));
                servers.push(server);
            }
        }
        (servers, connections)
    }

    /// All that an adoption could have changed of the host, without what changes by itself.
    pub fn state(&self) -> Vec<String> {
        let host = self.host();
        let mut state = Vec::new();
        for what in ["-o link", "-o addr", "-4 route show table all", "-6 route show table all"] {
            let lines = host.ip(what);
            let mut lines: Vec<_> = lines.lines().map(without_time).collect();
            // Routes that are equally good are in the order in which they were last made.
            lines.sort();
            state.extend(lines);
        }
        for setting in [
            "ipv4/conf/e0/arp_ignore",
            "ipv4/conf/e0/rp_filter",
            "ipv6/conf/e0/accept_ra",
            "ipv6/conf/e1/accept_ra",
        ] {
            state.push(format!("{setting} {}", host.setting(setting)));
        }
        state
    }

    /// Waits until the host is as it was.
    pub fn until_state(&self, before: &[String]) {
        eventually("the host is as it was", SOON, || {
            let now = self.state();
            holds(now == before, || difference(before, &now))
        });
    }

    /// The files beside the configuration, the configuration itself and its text.
    pub fn files(&self) -> (Vec<String>, String) {
        let config = self.daemon.config();
        let name = config.file_name().expect("it has a name").to_string_lossy().into_owned();
        let directory = config.parent().expect("it has a directory");
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .expect("it can be listed")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|file| file.starts_with(&name))
            .collect();
        names.sort();
        (names, std::fs::read_to_string(config).expect("it can be read"))
    }
}

/// A line of ip(8) without seconds that pass, and without the index numbers of lines.
fn without_time(line: &str) -> String {
    let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    for at in 1..words.len() {
        let counts = matches!(words[at - 1].as_str(), "valid_lft" | "preferred_lft" | "expires");
        if counts && words[at].ends_with("sec") {
            "..".clone_into(&mut words[at]);
        }
    }
    words.join(" ")
}

/// What is in one and not in the other.
fn difference(before: &[String], now: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !now.contains(line)).map(|line| format!("- {line}"));
    let new = now.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}
