use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;
use crate::adopt::files::Files;

/// A host's files, in a directory that goes with the test.
struct Host {
    root: PathBuf,
    tree: Tree,
}

impl Host {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("ipmp-persist-{}-{number}", std::process::id()));
        let host = Self { tree: Tree::new(&root), root };
        host.write("/etc/ipmp/ipmp.toml", "");
        for (path, text) in files {
            host.write(path, text);
        }
        host
    }

    fn write(&self, path: &str, text: &str) {
        let place = self.tree.place(path);
        fs::create_dir_all(place.parent().expect("a path from the root")).expect("a directory");
        fs::write(place, text).expect("a file");
    }

    fn files(&self) -> Files {
        Files::new(&self.tree.place("/etc/ipmp/ipmp.toml"))
    }

    /// With these members.
    fn survey(&self, members: &[&str]) -> Survey {
        survey(&self.tree, &subject(members))
    }

    /// What is found, without where.
    fn found(&self, members: &[&str]) -> Vec<String> {
        self.survey(members).findings.iter().map(ToString::to_string).collect()
    }

    /// Does all that is to be done, after which nothing is found any more.
    fn persist(&self, members: &[&str]) -> Survey {
        let survey = self.survey(members);
        assert_eq!(survey.obstacles, [""; 0]);
        record::try_out(&self.tree, &survey.edits).expect("it can be done");
        record::apply(&self.tree, &self.files(), "ipmp0", &survey.edits).expect("it is done");
        let after = self.survey(members);
        assert_eq!(after, Survey::default(), "nothing is left");
        survey
    }

    fn text(&self, path: &str) -> String {
        self.tree.read(path).unwrap_or_else(|| panic!("there is no {path}"))
    }

    /// All files with their texts.
    fn all(&self) -> Vec<(PathBuf, String)> {
        let (mut all, mut directories) = (Vec::new(), vec![self.root.clone()]);
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).expect("a directory").flatten() {
                if entry.file_type().expect("a type").is_dir() {
                    directories.push(entry.path());
                } else {
                    all.push((entry.path(), fs::read_to_string(entry.path()).unwrap_or_default()));
                }
            }
        }
        all.sort();
        all
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn subject(members: &[&str]) -> Subject {
    let member = |name: &&str| Member { name: (*name).to_owned(), mac: Some("02:00:00:00:00:0a".to_owned()) };
    let ipv6_token = Some("::5054:ff:fe12:3456".parse().expect("a token"));
    Subject { group: "ipmp0".to_owned(), members: members.iter().map(member).collect(), ipv6_token }
}

const NETWORKD: (&str, &str) = ("/run/systemd/netif/state", "");
const NETWORK_MANAGER: (&str, &str) = ("/run/NetworkManager/devices/2", "");
const IFUPDOWN: (&str, &str) = ("/etc/systemd/system/multi-user.target.wants/networking.service", "");

const STATIC: &str = "[Match]\nName=eth0\n\n[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n";

#[test]
fn of_software_that_does_not_run_nothing_is_found() {
    let host = Host::new(&[
        ("/etc/systemd/network/10-eth0.network", STATIC),
        ("/etc/network/interfaces", "iface eth0 inet dhcp\n"),
        ("/etc/NetworkManager/system-connections/a", "[connection]\ntype=ethernet\n[ipv4]\nmethod=auto\n"),
    ]);
    assert_eq!(host.survey(&["eth0"]), Survey::default());
}

#[test]
fn networkd_leaves_members_alone_and_the_group_interface_too_if_nothing_else_was_set_up() {
    let host = Host::new(&[NETWORKD, ("/etc/systemd/network/10-eth0.network", STATIC)]);
    let before = host.all();
    assert_eq!(
        host.found(&["eth0", "eth1"]),
        ["/etc/systemd/network/10-eth0.network:5: systemd-networkd puts 192.0.2.10/24 on eth0"]
    );
    host.persist(&["eth0", "eth1"]);
    let members = host.text("/etc/systemd/network/00-ipmp-ipmp0-members.network");
    assert!(members.contains("[Match]\nName=eth0 eth1 ipmp0-p\n\n[Link]\nUnmanaged=yes\n"), "{members}");
    let group = host.text("/etc/systemd/network/00-ipmp-ipmp0.network");
    assert!(group.contains("[Match]\nName=ipmp0\n\n[Link]\nUnmanaged=yes\n"), "{group}");
    let said = record::undo(&host.tree, &host.files(), "ipmp0").expect("undone");
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(host.all(), before);
}

#[test]
fn what_else_networkd_has_for_a_member_goes_to_the_group_interface() {
    let host = Host::new(&[
        NETWORKD,
        (
            "/run/systemd/network/10-netplan-eth0.network",
            "[Match]\nMACAddress=02:00:00:00:00:0A\n[Network]\nDHCP=ipv4\nAddress=192.0.2.10/24\n[DHCPv4]\nUseMTU=true\n",
        ),
        (
            "/etc/netplan/50-cloud-init.yaml",
            "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n",
        ),
        (
            "/etc/systemd/network/10-netplan-eth0.network.d/dns.conf",
            "[Network]\nDNS=192.0.2.53\n[Route]\nGateway=192.0.2.1\n[Route]\nGateway=192.0.2.1\nDestination=198.51.100.0/24\nMTUBytes=1300\n",
        ),
    ]);
    let found = host.found(&["eth0"]);
    let from = "/run/systemd/network/10-netplan-eth0.network";
    let origin = "(netplan makes this file of /etc/netplan/50-cloud-init.yaml:4)";
    assert_eq!(
        found,
        [
            format!("{from}:5: systemd-networkd puts 192.0.2.10/24 on eth0 {origin}"),
            format!("{from}:4: systemd-networkd asks for an address of eth0 by DHCP {origin}"),
        ]
    );
    host.persist(&["eth0"]);
    let group = host.text("/etc/systemd/network/00-ipmp-ipmp0.network");
    for words in [
        "Name=ipmp0\n",
        "DHCP=ipv4\n",
        "DNS=192.0.2.53\n",
        "UseMTU=true\n",
        "RequestBroadcast=yes\n",
        "KeepConfiguration=yes\n",
        "MTUBytes=1300\n",
        "[IPv6AcceptRA]\nToken=static:::5054:ff:fe12:3456\n",
    ] {
        assert!(group.contains(words), "{words} is not in {group}");
    }
    assert!(!group.contains("Address=") && group.matches("[Route]").count() == 1, "{group}");
}

#[test]
fn only_the_first_file_of_networkd_that_matches_counts() {
    for (match_, is_found) in [
        ("Name=e*", true),
        ("Name=ens* eth?", true),
        ("Name=!eth0", false),
        ("Name=!ens*", true),
        ("MACAddress=02-00-00-00-00-0a", true),
        ("MACAddress=02:00:00:00:00:0b", false),
        ("Type=ether", true),
        ("Type=wlan", false),
        ("Name=eth0\nKind=veth", false),
        ("", false),
    ] {
        let text = format!("[Match]\n{match_}\n[Network]\nDHCP=yes\n");
        let host = Host::new(&[NETWORKD, ("/usr/lib/systemd/network/80-x.network", &text)]);
        assert_eq!(!host.found(&["eth0"]).is_empty(), is_found, "{match_}");
        host.write("/etc/systemd/network/80-x.network", "");
        assert_eq!(host.found(&["eth0"]), [""; 0], "masked by a file of the same name");
    }
}

#[test]
fn network_manager_leaves_members_alone_and_the_group_interface_gets_their_profile() {
    let profile = "[connection]\nid=Wired\nuuid=1-2-3\ntype=ethernet\ninterface-name=eth0\n\n[ethernet]\nmac-address=02:00:00:00:00:0A\n\n[ipv4]\nmethod=manual\naddress1=192.0.2.10/24,192.0.2.1\ndns=192.0.2.53;\n\n[ipv6]\nmethod=auto\n";
    let host = Host::new(&[
        NETWORK_MANAGER,
        ("/etc/NetworkManager/NetworkManager.conf", "[main]\nno-auto-default=*\n"),
        ("/etc/NetworkManager/system-connections/Wired.nmconnection", profile),
    ]);
    let from = "/etc/NetworkManager/system-connections/Wired.nmconnection";
    assert_eq!(
        host.found(&["eth0", "eth1"]),
        [
            format!("{from}:12: NetworkManager puts 192.0.2.10/24 on eth0"),
            format!("{from}:16: NetworkManager asks for addresses of eth0 by router advertisements"),
        ]
    );
    host.persist(&["eth0", "eth1"]);
    let conf = host.text("/etc/NetworkManager/conf.d/90-ipmp-ipmp0.conf");
    assert!(
        conf.contains("unmanaged-devices+=interface-name:eth0;interface-name:eth1;interface-name:ipmp0-p\n"),
        "{conf}"
    );
    let group = host.text("/etc/NetworkManager/system-connections/ipmp-ipmp0.nmconnection");
    for words in [
        "id=ipmp0\n",
        "interface-name=ipmp0\n",
        "dns=192.0.2.53;\n",
        "address1=192.0.2.10/24,192.0.2.1\n",
        "addr-gen-mode=eui64\ntoken=::5054:ff:fe12:3456\n",
    ] {
        assert!(group.contains(words), "{words} is not in {group}");
    }
    assert!(!group.contains("uuid") && !group.contains("mac-address"), "{group}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(host.tree.place("/etc/NetworkManager/system-connections/ipmp-ipmp0.nmconnection"))
            .expect("a file")
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600, "NetworkManager reads no profile that others may read");
}

#[test]
fn a_nic_without_profile_gets_one_from_network_manager_unless_told_otherwise() {
    let host = Host::new(&[NETWORK_MANAGER]);
    assert!(host.found(&["eth0"])[0].contains("makes a profile of its own for eth0, with DHCP"));
    host.persist(&["eth0"]);
    assert!(
        host.text("/etc/NetworkManager/system-connections/ipmp-ipmp0.nmconnection")
            .contains("[ipv4]\nmethod=auto\n")
    );
    let plain = "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=192.0.2.10/24\n[ipv6]\nmethod=ignore\n";
    let host = Host::new(&[NETWORK_MANAGER, ("/etc/NetworkManager/system-connections/a", plain)]);
    let survey = host.persist(&["eth0"]);
    assert_eq!(survey.edits.len(), 1, "addresses are in the configuration of the group: {:?}", survey.edits);
    assert!(survey.edits[0].after.contains(";interface-name:ipmp0\n"), "{:?}", survey.edits);
}

const INTERFACES: &str = "\
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug eth0
iface eth0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
    # dns-* options are implemented by the resolvconf package
    dns-nameservers 192.0.2.53
    mtu 9000
iface eth0 inet6 auto
";

#[test]
fn ifupdown_keeps_what_is_of_the_nic_and_gives_the_rest_to_the_group_interface() {
    let host = Host::new(&[
        IFUPDOWN,
        ("/etc/network/interfaces", INTERFACES),
        ("/etc/network/interfaces.d/eth1", "auto eth1\niface eth1 inet dhcp\n"),
        ("/etc/network/interfaces.d/.hidden", "iface eth0 inet dhcp\n"),
    ]);
    let before = host.all();
    assert_eq!(
        host.found(&["eth0", "eth1"]),
        [
            "/etc/network/interfaces:9: ifupdown puts 192.0.2.10/24 on eth0",
            "/etc/network/interfaces:14: ifupdown sets up eth0 (inet6 auto)",
            "/etc/network/interfaces.d/eth1:2: ifupdown asks for an address of eth1 by DHCP",
        ]
    );
    host.persist(&["eth0", "eth1"]);
    let text = host.text("/etc/network/interfaces");
    let expected = "\
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug eth0
#ipmp# iface eth0 inet static
#ipmp#     address 192.0.2.10/24
#ipmp#     gateway 192.0.2.1
#ipmp#     # dns-* options are implemented by the resolvconf package
#ipmp#     dns-nameservers 192.0.2.53
#ipmp#     mtu 9000
iface eth0 inet manual
    mtu 9000
#ipmp# iface eth0 inet6 auto

# Group ipmp0, which has what its members had.
auto ipmp0
iface ipmp0 inet manual
    dns-nameservers 192.0.2.53
";
    assert_eq!(text, expected);
    assert!(
        host.text("/etc/systemd/system/networking.service.d/ipmp-ipmp0.conf").contains("After=ipmp.service")
    );
    record::undo(&host.tree, &host.files(), "ipmp0").expect("undone");
    assert_eq!(host.all(), before);
}

#[test]
fn what_cannot_be_edited_safely_is_named_with_its_line_and_nothing_is_edited() {
    let netplan = (
        "/etc/systemd/network/10-eth0.network",
        "[Match]\nName=eth0\n[Link]\nMTUBytes=9000\n[Network]\nDHCP=yes\nVLAN=v5\n",
    );
    let first = ("/etc/systemd/network/00-eth0.network", STATIC);
    let port = (
        "/etc/NetworkManager/system-connections/a",
        "[connection]\ntype=ethernet\nmaster=br0\n[ethernet]\nmtu=9000\n[802-1x]\neap=tls\n",
    );
    let hook = (
        "/etc/network/interfaces",
        "iface eth0 inet static\n  address 192.0.2.10/24\n  post-up ip rule add from all\n  bond-mode 1\niface eth0 inet6 dhcp inherits other\n",
    );
    let cloud = ("/etc/network/interfaces", "# from cloud-init\niface eth0 inet dhcp\n");
    for (service, file, words) in [
        (NETWORKD, netplan, &["10-eth0.network:4: it sets MTUBytes", "7: it makes eth0 a part of v5"][..]),
        (NETWORKD, first, &["00-eth0.network:1: its name comes before 00-ipmp-ipmp0-members.network"]),
        (
            NETWORK_MANAGER,
            port,
            &["a:3: it makes eth0 a part of br0", "a:5: it sets the mtu", "a:6: it sets up 802-1x"],
        ),
        (
            IFUPDOWN,
            hook,
            &["interfaces:3: `post-up ip rule", "interfaces:4: bond-mode", "interfaces:5: eth0 inherits"],
        ),
        (IFUPDOWN, cloud, &["interfaces:1: cloud-init writes this file anew"]),
    ] {
        let survey = Host::new(&[service, file]).survey(&["eth0"]);
        let said = survey.obstacles.join("\n");
        for words in words {
            assert!(said.contains(words), "{words} is not in {said}");
        }
        assert_eq!(survey.obstacles.len(), words.len(), "{said}");
        assert!(!survey.findings.is_empty() && survey.edits.is_empty(), "{survey:?}");
    }
}

#[test]
fn a_file_that_somebody_has_changed_since_is_left_alone() {
    let host = Host::new(&[NETWORKD, ("/etc/systemd/network/10-eth0.network", STATIC)]);
    host.persist(&["eth0"]);
    let path = "/etc/systemd/network/00-ipmp-ipmp0.network";
    host.write(path, "[Match]\nName=ipmp0\n");
    let said = record::undo(&host.tree, &host.files(), "ipmp0").expect("undone").join("\n");
    assert!(said.contains("has been changed by somebody since"), "{said}");
    assert_eq!(host.text(path), "[Match]\nName=ipmp0\n");
    assert!(!host.tree.has("/etc/systemd/network/00-ipmp-ipmp0-members.network"));
    assert_eq!(record::undo(&host.tree, &host.files(), "ipmp0").expect("nothing"), [""; 0]);
}

#[test]
fn of_edits_of_which_one_fails_none_is_left() {
    let host = Host::new(&[NETWORKD, ("/etc/systemd/network/10-eth0.network", STATIC)]);
    let mut edits = host.survey(&["eth0"]).edits;
    let before = host.all();
    // There is a file where a directory is needed.
    edits[1].path = Path::new("/etc/ipmp/ipmp.toml/x").to_owned();
    let error = record::try_out(&host.tree, &edits).expect_err("it cannot be written").to_string();
    assert!(error.contains("/etc/ipmp/ipmp.toml/x") && error.contains("nothing has been changed"), "{error}");
    assert_eq!(host.all(), before);
    record::apply(&host.tree, &host.files(), "ipmp0", &edits).expect_err("it cannot be written");
    assert_eq!(host.all(), before);
}
