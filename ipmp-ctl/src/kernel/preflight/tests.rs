use std::time::Duration;

use super::{Facts, Finding, Severity, check_group};
use crate::{
    config::{DataAddress, Group, Member, ProbeHook, Receive, TestAddress, TestAddresses},
    kernel::{
        netlink::connect,
        sysctl,
        testing::{block_in_netns, eventually, ip, veth_pair},
    },
};

/// A group `ipmp0` with the data address 192.0.2.10/24 and the member `e0`.
fn group() -> Group {
    Group {
        name: "ipmp0".to_owned(),
        line: 1,
        addresses: vec![DataAddress { net: "192.0.2.10/24".parse().expect("address"), line: 4 }],
        routes: Vec::new(),
        targets: Vec::new(),
        receive: Receive::Group,
        failure_detection_time: Duration::from_secs(10),
        failback: true,
        probe_hook: ProbeHook::Auto,
        ipv6_token: None,
        min_active: 1,
        link_ups_per_minute: 2,
        members: vec![Member {
            name: "e0".to_owned(),
            line: 5,
            test_addresses: TestAddresses::V4(vec![TestAddress {
                net: "192.0.2.21/24".parse().expect("address"),
                line: 6,
            }]),
            weight: None,
            standby: false,
            priority: 100,
        }],
    }
}

async fn findings() -> Vec<Finding> {
    let group = group();
    let handle = connect().expect("netlink");
    let facts = Facts::collect(&handle, std::slice::from_ref(&group)).await.expect("facts");
    check_group(&group, &facts)
}

/// The one finding after `commands`, and that each of `words` is in it.
fn found_after(commands: &[&str], severity: Severity, line: usize, words: &[&str]) {
    let script: Vec<String> = commands.iter().map(ToString::to_string).collect();
    let findings = block_in_netns(|| async move {
        for command in script {
            ip(&command);
        }
        findings().await
    });
    let [finding] = findings.as_slice() else { panic!("{commands:?}: {findings:#?}") };
    assert_eq!((finding.severity, finding.line), (severity, line), "{finding}");
    for word in words {
        assert!(finding.text.contains(word), "{word:?} is not in: {finding}");
    }
}

const PAIR: &str = "link add e0 type veth peer name e1";

#[test]
fn a_member_with_nothing_but_its_own_is_fine() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.2.21/32 dev e0 scope link noprefixroute");
        ip("addr add 192.0.0.8/32 dev e0 scope link");
        eventually("link-local address", || ip("-6 addr show dev e0").contains("fe80::").then_some(()));
        assert_eq!(findings().await, []);
    });
}

#[test]
fn an_absent_member_is_a_warning() {
    found_after(&[], Severity::Warning, 5, &["e0 is absent", "until it appears"]);
}

#[test]
fn what_cannot_be_a_member_is_refused_by_name_with_a_remedy() {
    found_after(&["link add e0 type bridge"], Severity::Error, 5, &["e0 is a bridge", "name its ports"]);
    found_after(
        &[PAIR, "link add name br type bridge", "link set e0 master br"],
        Severity::Error,
        5,
        &["port of the bridge br", "ip link set e0 nomaster"],
    );
    found_after(&[PAIR, "link set e0 arp off"], Severity::Error, 5, &["ip link set e0 arp on"]);
    found_after(&[PAIR, "link set e0 multicast off"], Severity::Error, 5, &["ip link set e0 multicast on"]);
    found_after(&["tuntap add name e0 mode tun"], Severity::Error, 5, &["not an Ethernet interface"]);
    found_after(&["addr flush dev lo", "link set lo name e0"], Severity::Error, 5, &["loopback"]);
}

#[test]
fn addresses_and_routes_on_a_member_are_refused_by_name_with_a_remedy() {
    found_after(
        &[PAIR, "addr add 203.0.113.5/24 dev e0", "addr add 2001:db8:9::5/64 dev e0 nodad"],
        Severity::Error,
        5,
        &["203.0.113.5/24, 2001:db8:9::5/64", "ip addr flush dev e0"],
    );
    found_after(
        &[PAIR, "addr add 2001:db8:9::5/64 dev e0 nodad valid_lft 900 preferred_lft 900"],
        Severity::Error,
        5,
        &["ip addr flush dev e0", "accept_ra=0"],
    );
    found_after(
        &[PAIR, "link set e0 up", "route add 203.0.113.0/24 dev e0", "-6 route add default dev e0"],
        Severity::Error,
        5,
        &["203.0.113.0/24, default", "ip route flush dev e0"],
    );
}

#[test]
fn a_data_address_or_its_subnet_elsewhere_is_refused() {
    let other = "link add e8 type veth peer name e9";
    found_after(
        &[PAIR, other, "addr add 192.0.2.10/32 dev e8"],
        Severity::Error,
        4,
        &["192.0.2.10 is already on interface e8", "ip addr del 192.0.2.10/32 dev e8"],
    );
    for overlapping in ["192.0.2.77/24", "192.0.2.77/25", "192.0.0.1/16"] {
        let command = format!("addr add {overlapping} dev e8");
        found_after(
            &[PAIR, other, &command],
            Severity::Error,
            4,
            &["subnet of data address 192.0.2.10/24", "interface e8"],
        );
    }
}

#[test]
fn addresses_of_the_group_interface_and_other_subnets_are_fine() {
    block_in_netns(|| async {
        ip(PAIR);
        ip("link add ipmp0 type veth peer name ipmp0-p");
        ip("addr add 192.0.2.10/24 dev ipmp0");
        ip("link add e8 type veth peer name e9");
        ip("addr add 198.51.100.1/24 dev e8");
        ip("addr add 192.0.2.200/32 dev e8");
        assert_eq!(findings().await, []);
    });
}

#[test]
fn a_foreign_interface_of_the_group_name_is_refused() {
    found_after(&[PAIR, "link add ipmp0 type bridge"], Severity::Error, 1, &["ip link del ipmp0"]);
}

#[test]
fn the_pair_of_a_group_is_not_a_member() {
    block_in_netns(|| async {
        ip("link add ipmp0 type veth peer name ipmp0-p");
        let mut group = group();
        group.members[0].name = "ipmp0-p".to_owned();
        let handle = connect().expect("netlink");
        let facts = Facts::collect(&handle, std::slice::from_ref(&group)).await.expect("facts");
        let texts: Vec<_> = check_group(&group, &facts).into_iter().map(|finding| finding.text).collect();
        assert_eq!(texts, ["ipmp0-p belongs to the interface of group ipmp0: name other members"]);
    });
}

#[test]
fn what_is_put_on_top_of_the_group_interface_is_a_warning() {
    let group = "link add ipmp0 type veth peer name ipmp0-p";
    let bridge = "link add name br type bridge";
    found_after(
        &[PAIR, group, bridge, "link set ipmp0 master br"],
        Severity::Warning,
        1,
        &["ipmp0 is a port of br", "not supported"],
    );
    found_after(
        &[PAIR, group, "link add link ipmp0 name top type macvlan"],
        Severity::Warning,
        1,
        &["top is a macvlan on top of ipmp0", "VLAN members"],
    );
}

#[test]
fn an_address_from_a_dhcp_client_on_the_group_interface_is_one_warning() {
    found_after(
        &[
            PAIR,
            "link add ipmp0 type veth peer name ipmp0-p",
            "addr add 192.0.2.50/24 dev ipmp0 valid_lft 600 preferred_lft 600",
            "addr add 192.0.2.51/24 dev ipmp0 valid_lft 600 preferred_lft 600",
        ],
        Severity::Warning,
        1,
        &["192.0.2.50/24 on ipmp0 has a limited lifetime", "DHCP"],
    );
}

#[test]
fn test_addresses_that_would_not_answer_are_refused() {
    block_in_netns(|| async {
        ip(PAIR);
        sysctl::write("ipv4/conf/all/arp_ignore", 2).expect("sysctl");
        let findings = findings().await;
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].to_string().starts_with("group ipmp0: the test addresses of e0 would not answer ARP")
        );
        assert_eq!(findings[0].severity, Severity::Error);
    });
}
