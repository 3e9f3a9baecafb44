//! A host that network software has configured is adopted with `--persist`, and starts anew: its addresses are the group's, not
//! the members'. And released: everything is as it was.

use std::net::IpAddr;

use ipmp_tests::{
    Debian, Ping, Topology, ctl,
    eventually::{SOON, eventually, holds},
    skip,
};

/// The neighbour, which is the gateway too.
const GATEWAY: &str = "10.9.0.101";

/// A host whose daemon is a service and has no group yet, and a neighbour.
struct Site {
    debian: Debian,
    topology: Topology,
    /// The service that configures the host.
    service: &'static str,
}

impl Site {
    /// With `program`, and what its service finds in these files.
    fn new(program: &str, service: &'static str, files: &[(&str, &str)]) -> Option<Self> {
        let topology = Topology::new().members(2).build();
        let debian = Debian::boot(topology.host())?;
        if !debian.does(&format!("command -v {program}")) {
            skip::not_run(&format!("the throw-away Debian has no {program}"));
            return None;
        }
        debian.install("# Groups come later.\n");
        for (path, text) in files {
            debian.write(path, text.as_bytes());
            debian.text(&format!("chmod 600 {path}"));
        }
        debian.text("chmod 644 /etc/systemd/network/* || true");
        debian.text("for member in e0 e1; do ip addr flush dev $member scope global; done");
        Some(Self { debian, topology, service })
    }

    /// Starts the host's services as a start of the host does.
    fn start(&self) {
        let service = self.service;
        self.debian.text(&format!(
            "systemctl restart {service} ipmp || {{ journalctl --no-pager --unit {service} --unit ipmp; false; }}"
        ));
    }

    /// The host goes down and comes up: what was not written down is gone.
    fn reboot(&self) {
        self.debian
            .text(&format!("systemctl stop ipmp {}; ipmp-ctl down ipmp0; rm -rf /run/ipmp", self.service));
        self.debian.text(
            "for member in e0 e1; do ip addr flush dev $member scope global; ip link set $member down; done; ip route flush table main; ip link set e0 up; ip link set e1 up",
        );
        self.start();
    }

    /// Waits until an address is on this interface, and the neighbour reaches it.
    fn until_at(&self, interface: &str, address: IpAddr) {
        eventually(&format!("{address} is on {interface}"), 3 * SOON, || {
            let shown = self.debian.text(&format!("ip -o -4 address show dev {interface}"));
            let is_there = shown.contains(&format!(" {address}/"));
            holds(is_there && Ping::to(address).is_answered(self.topology.peer()), || self.state())
        });
    }

    /// The first address of IPv4 on an interface.
    fn address_of(&self, interface: &str) -> Option<IpAddr> {
        let shown = self.debian.text(&format!("ip -o -4 address show dev {interface}"));
        let mut words = shown.split_whitespace().skip_while(|word| *word != "inet");
        words.nth(1)?.split('/').next()?.parse().ok()
    }

    fn check_members(&self) {
        for member in ["e0", "e1"] {
            assert_eq!(
                self.debian.text(&format!("ip -4 -o address show dev {member}")),
                "",
                "{}",
                self.state()
            );
        }
    }

    fn state(&self) -> String {
        self.debian.text(&format!(
            "ip address; ip route; ipmp-ctl stat -a; journalctl --no-pager --unit ipmp --unit {} | tail -n 40",
            self.service
        ))
    }

    /// All files below /etc, with what is in them.
    fn files(&self) -> String {
        self.debian.text(
            "cd /etc; find network* NetworkManager systemd ipmp -type f | LC_ALL=C sort | xargs sha256sum",
        )
    }

    /// Adopts, starts anew, releases, starts anew. `found` is what is named beforehand.
    fn check(&self, address: IpAddr, found: &[&str]) {
        let before = self.files();
        let adopt = |more: &str| self.debian.run(&format!("ipmp-ctl adopt ipmp0 e0 e1 {more}"));
        let dry = ctl::text(&adopt("--dry-run"));
        for words in found.iter().chain(&["--persist, or `ipmp-ctl persist ipmp0` later"]) {
            assert!(dry.contains(words), "{words} is not in {dry}");
        }
        // Nobody confirms: nothing is written.
        let output = adopt("--persist --confirm 1 --wait");
        assert!(ctl::text(&output).contains("not confirmed in time"), "{}", ctl::describe(&output));
        assert_eq!(self.files(), before);

        let output = adopt("--persist");
        assert!(output.status.success(), "{}", ctl::describe(&output));
        let confirmed = self.debian.run("ipmp-ctl confirm");
        assert!(confirmed.status.success(), "{}", ctl::describe(&confirmed));
        assert!(
            ctl::text(&confirmed).contains("to be read when the service is next started"),
            "{}",
            ctl::describe(&confirmed)
        );
        self.until_at("ipmp0", address);
        let again = self.debian.text("ipmp-ctl persist ipmp0");
        assert!(again.contains("puts addresses on e0, e1"), "{again}");

        self.reboot();
        eventually("the group has an address", 3 * SOON, || {
            holds(self.address_of("ipmp0").is_some(), || self.state())
        });
        let address = self.address_of("ipmp0").expect("it has one");
        self.until_at("ipmp0", address);
        self.check_members();
        for member in [0, 1] {
            self.topology.cut(member);
            self.until_at("ipmp0", address);
            self.topology.restore(member);
            self.until_at("ipmp0", address);
        }

        let released = self.debian.run("ipmp-ctl release ipmp0 e0");
        assert!(released.status.success(), "{}", ctl::describe(&released));
        assert_eq!(self.files(), before, "{}", ctl::describe(&released));
        self.until_at("e0", address);
    }
}

#[test]
fn networkd_with_an_address_and_a_name_server() {
    let file =
        format!("[Match]\nName=e0\n\n[Network]\nAddress=10.9.0.10/24\nGateway={GATEWAY}\nDNS=10.9.0.53\n");
    let path = "/etc/systemd/network/10-e0.network";
    let Some(site) = Site::new("networkctl", "systemd-networkd", &[(path, &file)]) else { return };
    site.start();
    let address = "10.9.0.10".parse().expect("an address");
    site.until_at("e0", address);
    site.check(address, &["/etc/systemd/network/10-e0.network:5: systemd-networkd puts 10.9.0.10/24 on e0"]);
}

#[test]
fn networkd_with_dhcp() {
    let file = "[Match]\nName=e0\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nRequestBroadcast=yes\n";
    let path = "/run/systemd/network/10-netplan-e0.network";
    let Some(site) = Site::new("networkctl", "systemd-networkd", &[]) else { return };
    site.debian.write(path, file.as_bytes());
    site.debian.write("/etc/netplan/01.yaml", b"network:\n  ethernets:\n    e0:\n      dhcp4: true\n");
    let Some(server) = Debian::boot(site.topology.peer()) else { return };
    server.write(
        "/etc/systemd/network/10-server.network",
        b"[Match]\nName=eth0\n\n[Network]\nAddress=10.9.0.101/24\nDHCPServer=yes\nKeepConfiguration=yes\n\n\
          [DHCPServer]\nPoolOffset=150\nPoolSize=50\nEmitDNS=no\nEmitRouter=yes\n",
    );
    server.text("ip address flush dev eth0 scope global; systemctl start systemd-networkd");
    site.start();
    eventually("there is a lease", 3 * SOON, || holds(site.address_of("e0").is_some(), || site.state()));
    let address = site.address_of("e0").expect("a lease");
    site.until_at("e0", address);
    site.check(address, &[
        "/run/systemd/network/10-netplan-e0.network:5: systemd-networkd asks for an address of e0 by DHCP",
        "(netplan makes this file of /etc/netplan/01.yaml:3)",
    ]);
}

#[test]
fn network_manager_with_an_address_and_a_name_server() {
    let profile = format!(
        "[connection]\nid=wired\ntype=ethernet\ninterface-name=e0\n\n[ipv4]\nmethod=manual\n\
         address1=10.9.0.10/24,{GATEWAY}\ndns=10.9.0.53;\n\n[ipv6]\nmethod=disabled\n"
    );
    let path = "/etc/NetworkManager/system-connections/wired.nmconnection";
    let conf = "/etc/NetworkManager/conf.d/managed.conf";
    let devices = "[main]\nno-auto-default=*\n[device-e0]\nmatch-device=interface-name:e0\nmanaged=1\n";
    let Some(site) = Site::new("NetworkManager", "NetworkManager", &[(path, &profile), (conf, devices)])
    else {
        return;
    };
    site.start();
    let address = "10.9.0.10".parse().expect("an address");
    site.until_at("e0", address);
    site.check(address, &["wired.nmconnection:8: NetworkManager puts 10.9.0.10/24 on e0"]);
}

#[test]
fn ifupdown_with_an_address() {
    let file = format!(
        "auto lo\niface lo inet loopback\n\nauto e0\niface e0 inet static\n    address 10.9.0.10/24\n    gateway {GATEWAY}\n"
    );
    let Some(site) = Site::new("ifup", "networking", &[("/etc/network/interfaces", &file)]) else { return };
    site.debian.text("ip addr flush dev lo; true");
    site.start();
    let address = "10.9.0.10".parse().expect("an address");
    site.until_at("e0", address);
    site.check(address, &["/etc/network/interfaces:6: ifupdown puts 10.9.0.10/24 on e0"]);
}
