//! The examples for other network software (`ipmp-ctl/dist/examples/coexistence`), each run as it is written, with the
//! names and addresses of the harness.

use std::{fs, net::IpAddr, path::Path};

use ipmp_tests::{
    Debian, GroupConfig, Ping, Topology, ctl,
    eventually::{SOON, eventually, holds},
    plan, skip,
};

const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ipmp-ctl/dist");

/// A host whose daemon is a service, and a neighbour.
struct Site {
    debian: Debian,
    topology: Topology,
}

impl Site {
    /// A group of both members whose addresses and routes are the business of somebody else, if `program` is there to be tried.
    fn new(program: &str) -> Option<Self> {
        Self::with(program, |group| group.addresses([] as [&str; 0]))
    }

    /// A group of both members with data addresses of its own.
    fn with_addresses(program: &str) -> Option<Self> {
        Self::with(program, configured)
    }

    fn with(program: &str, adapt: impl FnOnce(GroupConfig) -> GroupConfig) -> Option<Self> {
        let topology = Topology::new().members(2).build();
        let debian = Debian::boot(topology.host())?;
        if !debian.does(&format!("command -v {program}")) {
            skip::not_run(&format!("the throw-away Debian has no {program}"));
            return None;
        }
        debian.install(&adapt(topology.hosts[0].group()).to_string());
        Some(Self { debian, topology })
    }

    /// Installs an example.
    fn example(&self, example: &str, to: &str) {
        let path = Path::new(DIST).join("examples/coexistence").join(example);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let names = [("eth0", "e0"), ("eth1", "e1"), ("192.0.2.", "10.9.0."), ("2001:db8::10/", "fd09::10/")];
        let text = names.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
        self.debian.write(to, text.as_bytes());
    }

    fn start(&self, service: &str) {
        self.debian.text(&format!(
            "systemctl start {service} || {{ journalctl --no-pager --unit {service}; false; }}"
        ));
    }

    /// Waits until the neighbour reaches the data addresses, by whichever member.
    fn until_reachable(&self) {
        for address in plan::data(0) {
            eventually("the neighbour reaches the host", SOON, || {
                holds(Ping::to(address).is_answered(self.topology.peer()), || {
                    self.debian.text("ip address; ip route; ipmp-ctl stat -a; ipmp-ctl stat -i; networkctl --no-pager || true")
                })
            });
        }
    }

    /// Each member fails and is repaired in turn, and the host stays reachable.
    fn check_failover(&self) {
        self.until_reachable();
        for member in 0..2 {
            self.topology.cut(member);
            self.until_state(member, "failed");
            self.until_reachable();
            self.topology.restore(member);
            self.until_state(member, "ok");
            self.until_reachable();
        }
    }

    fn until_state(&self, member: usize, state: &str) {
        eventually("the member is in this state", SOON, || {
            let shown = self.debian.run("ipmp-ctl stat -i -P -o interface,state");
            let text = ctl::text(&shown);
            holds(text.lines().any(|line| line == format!("e{member}:{state}")), || text)
        });
    }

    /// Nobody has put an address of IPv4 on a member.
    fn check_members(&self) {
        for member in ["e0", "e1"] {
            assert_eq!(self.debian.text(&format!("ip -4 -o address show dev {member}")), "");
        }
    }
}

/// With the addresses that the examples have.
fn configured(group: GroupConfig) -> GroupConfig {
    let [v4, v6] = plan::data(0);
    group.addresses([format!("{v4}/24"), format!("{v6}/64")])
}

fn has_address(site: &Site, address: IpAddr) -> bool {
    site.debian.text("ip -o address show dev ipmp0").contains(&format!(" {address}/"))
}

#[test]
fn networkd_puts_addresses_on_the_group_interface_and_leaves_members_alone() {
    let Some(site) = Site::new("networkctl") else { return };
    for file in ["10-ipmp-members.network", "20-ipmp-group.network", "20-ipmp-peer.network"] {
        site.example(&format!("systemd-networkd/{file}"), &format!("/etc/systemd/network/{file}"));
    }
    // What a distribution has, and would do to the members.
    site.debian.write(
        "/etc/systemd/network/80-dhcp.network",
        b"[Match]\nName=e*\n\n[Network]\nDHCP=yes\nLinkLocalAddressing=ipv4\n",
    );
    site.start("systemd-networkd");
    site.start("ipmp");
    site.check_failover();
    site.check_members();
    assert!(site.debian.text("networkctl --no-pager --no-legend list e0").contains("unmanaged"));
    assert!(site.debian.text("ip route show default").contains("dev ipmp0"));

    // All members fail, and nothing is lost of what networkd has configured.
    site.topology.cut(0);
    site.topology.cut(1);
    site.until_state(0, "failed");
    site.until_state(1, "failed");
    site.topology.restore(0);
    site.topology.restore(1);
    site.until_reachable();
    site.debian.text("systemctl restart systemd-networkd");
    site.until_reachable();
}

#[test]
fn network_manager_puts_addresses_on_the_group_interface_and_leaves_members_alone() {
    let Some(site) = Site::new("NetworkManager") else { return };
    site.example("network-manager/ipmp.conf", "/etc/NetworkManager/conf.d/ipmp.conf");
    site.example(
        "network-manager/ipmp0.nmconnection",
        "/etc/NetworkManager/system-connections/ipmp0.nmconnection",
    );
    site.debian.text("chmod 600 /etc/NetworkManager/system-connections/*");
    site.start("ipmp");
    site.debian.text("systemctl restart NetworkManager");
    eventually("NetworkManager has configured the interface", SOON, || {
        let shown = site.debian.text("nmcli --terse device; ip -o address");
        holds(plan::data(0).into_iter().all(|address| has_address(&site, address)), || shown)
    });
    site.check_failover();
    site.check_members();
    let devices = site.debian.text("nmcli --terse --fields device,state device");
    for member in ["e0:unmanaged", "e1:unmanaged", "ipmp0:connected"] {
        assert!(devices.lines().any(|line| line == member), "{devices}");
    }
    site.debian.text("systemctl restart NetworkManager");
    site.until_reachable();
}

#[test]
fn network_manager_may_leave_the_group_interface_alone_too() {
    let Some(site) = Site::with_addresses("NetworkManager") else { return };
    site.debian.write(
        "/etc/NetworkManager/conf.d/ipmp.conf",
        b"[keyfile]\nunmanaged-devices=interface-name:e0;interface-name:e1;interface-name:ipmp0;interface-name:ipmp0-p\n",
    );
    site.start("ipmp");
    site.debian.text("systemctl restart NetworkManager");
    site.check_failover();
    site.check_members();
}

#[test]
fn ifupdown_finds_the_group_interface_when_it_starts() {
    let Some(site) = Site::new("ifup") else { return };
    site.example("ifupdown/interfaces", "/etc/network/interfaces");
    site.example("ifupdown/after-ipmp.conf", "/etc/systemd/system/networking.service.d/after-ipmp.conf");
    site.debian.text("systemctl daemon-reload; systemctl stop networking; ip addr flush dev lo; true");
    // Pulls the daemon in, and waits for it.
    site.start("networking");
    site.check_failover();
    site.check_members();
    assert!(site.debian.text("ip route show default").contains("via 10.9.0.1 dev ipmp0"));
}

#[test]
fn a_filter_of_nftables_by_group_interface_lets_in_what_it_should() {
    let Some(site) = Site::with_addresses("nft") else { return };
    site.example("nftables/nftables.conf", "/etc/nftables.conf");
    site.debian.text("nft --file /etc/nftables.conf");
    site.start("ipmp");
    site.check_failover();
    check_ports(&site);
}

#[test]
fn firewalld_filters_by_the_zone_of_the_group_interface() {
    let Some(site) = Site::with_addresses("firewall-cmd") else { return };
    site.example("firewalld/ipmp.sh", "/root/ipmp.sh");
    site.start("ipmp");
    site.start("firewalld");
    eventually("firewalld answers", SOON, || {
        let state = site.debian.run("firewall-cmd --state");
        holds(state.status.success(), || ctl::describe(&state))
    });
    site.debian.text("sh /root/ipmp.sh");
    site.check_failover();
    check_ports(&site);
}

#[test]
fn firewalld_needs_its_reverse_path_filter_off_for_what_is_received_by_members() {
    let Some(site) = Site::with("firewall-cmd", |group| configured(group).line("receive = \"member\""))
    else {
        return;
    };
    site.example("firewalld/ipmp.sh", "/root/ipmp.sh");
    site.debian.text("sed -i 's/^IPv6_rpfilter=.*/IPv6_rpfilter=no/' /etc/firewalld/firewalld.conf");
    site.start("ipmp");
    site.start("firewalld");
    site.debian.text("sh /root/ipmp.sh");
    site.check_failover();
    site.debian.text("sed -i 's/^IPv6_rpfilter=.*/IPv6_rpfilter=yes/' /etc/firewalld/firewalld.conf");
    site.debian.text("systemctl restart firewalld");
    let [_, v6] = plan::data(0);
    eventually("the strict filter drops all IPv6, as the example says", SOON, || {
        holds(!Ping::to(v6).is_answered(site.topology.peer()), || "it is answered")
    });
}

/// Port 443 is open and 444 is not, in both families.
fn check_ports(site: &Site) {
    use std::{
        io::ErrorKind,
        net::{SocketAddr, TcpStream},
        time::Duration,
    };
    for address in plan::data(0) {
        let connect = |port| {
            let to = SocketAddr::new(address, port);
            site.topology
                .peer()
                .run(|| TcpStream::connect_timeout(&to, Duration::from_secs(1)).map_err(|error| error.kind()))
        };
        // Nobody listens: what is let through is refused by the host's TCP.
        eventually("the open port is reached", SOON, || {
            let result = connect(443);
            holds(matches!(result, Err(ErrorKind::ConnectionRefused)), || result)
        });
        let result = connect(444);
        assert!(
            !matches!(result, Err(ErrorKind::ConnectionRefused) | Ok(_)),
            "{address} port 444: {result:?}"
        );
    }
}

#[test]
fn ospf_and_bgp_of_frr_do_not_notice_a_failover() {
    let Some(site) = Site::with_addresses("vtysh") else { return };
    site.start("ipmp");
    site.until_reachable();
    let Some(neighbour) = Debian::boot(site.topology.peer()) else { return };
    for debian in [&site.debian, &neighbour] {
        debian.text("sed -i 's/^bgpd=no/bgpd=yes/; s/^ospfd=no/ospfd=yes/' /etc/frr/daemons");
    }
    site.example("frr/frr.conf", "/etc/frr/frr.conf");
    let mirrored = site.debian.text("cat /etc/frr/frr.conf").replace("interface ipmp0", "interface eth0");
    let mirrored = mirrored
        .replace("router-id 10.9.0.10\n", "router-id 10.9.0.101\n")
        .replace("router bgp 65010", "router bgp 65101")
        .replace("neighbor 10.9.0.101", "neighbor 10.9.0.10")
        .replace("remote-as 65101", "remote-as 65010");
    neighbour.write("/etc/frr/frr.conf", mirrored.as_bytes());
    for debian in [&site.debian, &neighbour] {
        debian.text("chown frr:frr /etc/frr/frr.conf; systemctl restart frr || { journalctl --no-pager --unit frr; false; }");
    }
    let ospf = || site.debian.text("vtysh -c 'show ip ospf neighbor'");
    let bgp = || site.debian.text("vtysh -c 'show bgp summary json'");
    eventually("OSPF is adjacent", 2 * SOON, || holds(ospf().contains("Full/"), ospf));
    eventually("BGP is established", 2 * SOON, || holds(bgp().contains("\"Established\""), bgp));
    let changes =
        || site.debian.text("vtysh -c 'show ip ospf neighbor detail' | grep -o '[0-9]* state changes'");
    let before = changes();
    site.check_failover();
    assert!(ospf().contains("Full/") && bgp().contains("\"Established\""), "{}{}", ospf(), bgp());
    assert_eq!(changes(), before, "the adjacency has stood all the time");
}
