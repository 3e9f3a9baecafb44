//! Hosts of which adopting is harder than of others: one that lives by router advertisements, one that checks the way back of
//! every packet, one whose disk is full or not to be written.

use std::{
    io::{Read, Write},
    net::{IpAddr, TcpListener, TcpStream},
    time::Duration,
};

use ipmp_tests::{
    Debian, Ping, Topology, ctl,
    eventually::{SOON, eventually, holds},
};

/// A host whose daemon is a service that has no group yet.
struct Host {
    debian: Debian,
    topology: Topology,
}

impl Host {
    /// `prepare` is done before the daemon starts.
    fn new(prepare: &str) -> Option<Self> {
        let topology = Topology::new().members(2).build();
        let debian = Debian::boot(topology.host())?;
        debian.install("");
        debian.text("ip addr flush dev e0 scope global; ip addr flush dev e1 scope global");
        debian.text(prepare);
        debian.text("systemctl start ipmp");
        Some(Self { debian, topology })
    }

    /// With an address and a gateway.
    fn with_address(prepare: &str) -> Option<Self> {
        let usual = "ip addr add 10.9.0.10/24 dev e0; ip route add default via 10.9.0.101";
        let host = Self::new(&format!("{usual}; {prepare}"))?;
        Ping::to(ADDRESS).until_answered(host.topology.peer());
        Some(host)
    }

    /// A connection from the neighbour to this address: both ends.
    fn connected(&self, address: IpAddr) -> (TcpStream, TcpStream) {
        let listener = self.topology.host().run(|| TcpListener::bind((address, 0))).expect("a port");
        let to = listener.local_addr().expect("it is bound");
        let client = self.topology.peer().run(|| TcpStream::connect(to)).expect("it is reached");
        let (server, _) = listener.accept().expect("it is connected");
        (client, server)
    }

    fn adopt(&self, more: &str) -> std::process::Output {
        self.debian.run(&format!("ipmp-ctl adopt ipmp0 e0 e1 {more}"))
    }

    /// What is not to change when nothing is done. Without the link-local addresses, which the kernel may still be checking.
    fn state(&self) -> String {
        self.debian.text("ip -o address show scope global; ip route show table all | grep -v fe80:; ls -A /etc/ipmp /etc/systemd/network; cat /etc/ipmp/*")
    }

    /// Whether its only default route is the one that the kernel has made of an advertisement: what stood in has yielded.
    fn has_one_advertised_router(&self, interface: &str) -> bool {
        let routes = self.debian.text(&format!("ip -6 -o route show default dev {interface}"));
        routes.lines().count() == 1 && routes.contains("proto ra metric 1024")
    }

    fn addresses(&self, interface: &str) -> String {
        self.debian.text(&format!("ip -o address show dev {interface} scope global"))
    }
}

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 9, 0, 10));

/// A byte goes each way, within the time that TCP needs to send it again.
fn passes((one, other): &(TcpStream, TcpStream)) {
    // Through shared references both ends can be either.
    let (one, other): (&TcpStream, &TcpStream) = (one, other);
    for (mut from, mut to) in [(one, other), (other, one)] {
        from.write_all(b"x").expect("it is sent");
        to.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out above zero");
        to.read_exact(&mut [0]).expect("it arrives");
    }
}

/// Less than the router gives an address, in seconds.
const SHORT_S: u32 = 900;

#[test]
fn what_comes_of_router_advertisements_goes_on_at_the_group_interface() {
    let Some(host) = Host::new("true") else { return };
    let Some(router) = Debian::boot(host.topology.peer()) else { return };
    router.write(
        "/etc/systemd/network/10-router.network",
        b"[Match]\nName=eth0\n\n[Network]\nAddress=2001:db8:9::1/64\nIPv6SendRA=yes\nKeepConfiguration=yes\n\n\
          [IPv6SendRA]\nRouterLifetimeSec=1800\n\n[IPv6Prefix]\nPrefix=2001:db8:9::/64\n",
    );
    router.text("systemctl start systemd-networkd");
    let seen =
        || host.debian.text("ip -6 address; ip -6 route") + &router.text("networkctl --no-pager status eth0");
    // The way that it asks for advertisements is the kernel's: when a link comes up.
    eventually("the host forms an address and has a router", 3 * SOON, || {
        let routes = host.debian.text("ip -6 route show default dev e0");
        let is_there = host.addresses("e0").contains("2001:db8:9:") && routes.contains("proto ra");
        if !is_there {
            host.debian.text("ip link set e0 down; ip link set e0 up; sleep 2");
        }
        holds(is_there, seen)
    });
    // Only one NIC is configured so.
    host.debian.text("sysctl -qw net.ipv6.conf.e1.accept_ra=0; ip addr flush dev e1 scope global");
    let address = host.addresses("e0");
    let address: IpAddr =
        address.split_whitespace().find_map(|word| word.strip_suffix("/64")?.parse().ok()).expect("one");
    Ping::to(address).until_answered(host.topology.peer());
    let connection = host.connected(address);
    passes(&connection);

    host.debian
        .text(&format!("ip addr change {address}/64 dev e0 valid_lft {SHORT_S} preferred_lft {SHORT_S}"));
    let said = host.adopt("--confirm 0");
    assert!(said.status.success(), "{}{}", ctl::describe(&said), seen());
    let text = ctl::text(&said);
    assert!(text.contains("they renew it") && text.contains("stands in until"), "{text}");
    assert!(host.debian.text("cat /etc/ipmp/ipmp.toml").contains("ipv6-token = \"::"), "for the next boot");
    passes(&connection);
    assert_eq!(host.addresses("e0"), "");
    assert!(host.addresses("ipmp0").contains(&format!("{address}/64")), "{}", seen());
    eventually("advertisements renew the address, and tell of the router", 3 * SOON, || {
        let shown = host.addresses("ipmp0");
        let left: Option<u32> =
            shown.split_once("valid_lft ").and_then(|(_, rest)| rest.split_once("sec")?.0.parse().ok());
        let is_renewed = left.is_some_and(|left| left > SHORT_S);
        holds(is_renewed && shown.lines().count() == 1 && host.has_one_advertised_router("ipmp0"), seen)
    });
    assert_eq!(host.addresses("e0"), "", "a member forms none any more");
    passes(&connection);

    let released = host.debian.run("ipmp-ctl release ipmp0 e0");
    assert!(released.status.success(), "{}", ctl::describe(&released));
    passes(&connection);
    assert!(host.addresses("e0").contains(&format!("{address}/64")), "{}", seen());
    assert!(host.debian.text("ip -6 route show default").contains("dev e0"), "{}", seen());
    eventually("the interface hears of the router again", 3 * SOON, || {
        holds(host.has_one_advertised_router("e0"), seen)
    });
    passes(&connection);
}

#[test]
fn a_strict_check_of_the_way_back_lets_connections_go_on() {
    let strict = "for name in all default e0 e1; do sysctl -qw net.ipv4.conf.$name.rp_filter=1; done";
    let Some(host) = Host::with_address(strict) else { return };
    let connection = host.connected(ADDRESS);
    passes(&connection);
    let said = host.adopt("--confirm 0");
    assert!(said.status.success(), "{}", ctl::describe(&said));
    passes(&connection);
    for member in [0, 1] {
        host.topology.cut(member);
        passes(&connection);
        host.topology.restore(member);
        Ping::to(ADDRESS).until_answered(host.topology.peer());
    }
    let released = host.debian.run("ipmp-ctl release ipmp0 e0");
    assert!(released.status.success(), "{}", ctl::describe(&released));
    passes(&connection);
    let strict = host.debian.text("sysctl -n net.ipv4.conf.all.rp_filter net.ipv4.conf.e0.rp_filter");
    assert_eq!(strict, "1\n1\n", "it is as it was");
}

/// However much room there is, at whichever file it runs out.
#[test]
fn a_full_disk_refuses_or_undoes_and_leaves_nothing() {
    let Some(host) = Host::with_address(
        "mount -t tmpfs -o size=1m etc /etc/ipmp; echo '# Groups come later.' > /etc/ipmp/ipmp.toml",
    ) else {
        return;
    };
    let connection = host.connected(ADDRESS);
    let before = host.state();
    let mut refused = 0;
    for pages in 0..16 {
        // All but so many pages are used up.
        host.debian.text("rm -f /etc/ipmp/.fill; dd if=/dev/zero of=/etc/ipmp/.fill bs=4k 2>/dev/null; true");
        host.debian.text(&format!("truncate -s -$(({pages} * 4096)) /etc/ipmp/.fill"));
        let said = host.adopt("--confirm 0");
        host.debian.text("rm /etc/ipmp/.fill");
        passes(&connection);
        if said.status.success() {
            break;
        }
        refused += 1;
        assert!(ctl::text(&said).contains("No space left on device"), "{}", ctl::describe(&said));
        assert_eq!(host.state(), before, "with room for {pages} pages: {}", ctl::describe(&said));
    }
    assert!((1..16).contains(&refused), "refused {refused} times");
    assert_ne!(host.state(), before, "it is adopted in the end");
}

#[test]
fn files_that_cannot_be_written_are_named_before_anything_is_done() {
    let Some(host) = Host::with_address(
        "mkdir -p /etc/systemd/network; mount -t tmpfs etc /etc/systemd/network; \
         printf '[Match]\\nName=e0\\n[Network]\\nAddress=10.9.0.10/24\\n' > /etc/systemd/network/10-e0.network; \
         mkdir -p /run/systemd/netif; touch /run/systemd/netif/state; mount -o remount,ro /etc/systemd/network; \
         mount -t tmpfs etc /etc/ipmp; touch /etc/ipmp/ipmp.toml",
    ) else {
        return;
    };
    let before = host.state();
    let said = host.adopt("--persist");
    let text = ctl::text(&said);
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(
        text.contains("/etc/systemd/network/00-ipmp-ipmp0-members.network: Read-only file system"),
        "{text}"
    );
    assert_eq!(host.state(), before);

    host.debian.text("mount -o remount,ro /etc/ipmp");
    // In the view of the service too.
    host.debian.text("systemctl restart ipmp");
    let said = host.adopt("");
    assert_eq!(said.status.code(), Some(1), "{}", ctl::describe(&said));
    assert!(ctl::text(&said).contains("Read-only file system"), "{}", ctl::describe(&said));
    assert_eq!(host.state(), before);
}
