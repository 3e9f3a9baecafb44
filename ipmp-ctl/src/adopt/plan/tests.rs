use std::path::Path;

use super::{Host, Plan, plan};
use crate::{
    adopt::request::AdoptRequest,
    kernel::{
        holdings::Holdings,
        netlink::connect,
        preflight::Facts,
        testing::{block_in_netns, ip},
    },
};

/// A host as the commands make it: `e0`, `e1` and `e2` are NICs.
fn host(commands: &[&str], text: &str) -> Host {
    let script: Vec<String> = commands.iter().map(ToString::to_string).collect();
    let text = text.to_owned();
    block_in_netns(|| async move {
        for number in 0..3 {
            ip(&format!("link add e{number} type veth peer name p{number}"));
            ip(&format!("link set e{number} addrgenmode none"));
            ip(&format!("link set e{number} up"));
            ip(&format!("link set p{number} up"));
        }
        for command in &script {
            ip(command);
        }
        let handle = connect().expect("netlink");
        let config = crate::config::Config::parse(&text, Path::new("f")).expect("valid").0;
        Host {
            facts: Facts::collect(&handle, &config.groups).await.expect("facts"),
            holdings: Holdings::read(&handle).await.expect("holdings"),
            text,
            running: Vec::new(),
        }
    })
}

fn request(line: &str) -> AdoptRequest {
    let mut request = AdoptRequest { group: "ipmp0".to_owned(), confirm_s: 60, ..AdoptRequest::default() };
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--standby" => request.standby.extend(words.next().map(str::to_owned)),
            "--test" => {
                request.test_addresses.extend(words.next().map(|text| text.parse().expect("address")));
            }
            "--group" => words.next().expect("a name").clone_into(&mut request.group),
            name => request.interfaces.push(name.to_owned()),
        }
    }
    request
}

fn planned(commands: &[&str], line: &str) -> Plan {
    plan(&request(line), &host(commands, ""), Path::new("/etc/ipmp/ipmp.toml"))
        .expect("nothing is in the way")
}

const USUAL: [&str; 2] = ["addr add 192.0.2.10/24 dev e0", "route add default via 192.0.2.1 dev e0"];

#[test]
fn what_is_in_the_way_is_said_all_at_once_and_with_a_remedy() {
    let cases: [(&[&str], &str, &[&str]); 16] = [
        (&[], "e0 e7 nic9", &["interface e7: there is none", "interface nic9: there is none"]),
        (&[], "e0 e0", &["e0 is named twice"]),
        (
            &["link add br0 type bridge", "link set e0 master br0"],
            "e0",
            &["e0 is a port of the bridge br0", "nomaster"],
        ),
        (&[], "e0 --standby e1", &["--standby e1: it is not among the members"]),
        (&[], "e0 e1 --standby e0 --standby e1", &["all members are standbys"]),
        (&[], "--group e1 e0", &["group e1: there is an interface of that name"]),
        (
            &["addr add 192.0.2.10/24 dev e0", "addr add 198.51.100.1/24 dev e1"],
            "e0 e1",
            &["different subnets", "192.0.2.0/24; 198.51.100.0/24"],
        ),
        (
            &[
                "addr add 192.0.2.10/24 dev e0",
                "addr add 192.0.2.10/24 dev e1 valid_lft 900 preferred_lft 900",
            ],
            "e0 e1",
            &["192.0.2.10 is held twice: as /24 on e0 and as /24 on e1", "remove one"],
        ),
        (
            &["addr add 192.0.2.10/24 dev e0", "addr add 192.0.2.10/25 dev e0"],
            "e0",
            &["192.0.2.10 is held twice: as /24 on e0 and as /25 on e0"],
        ),
        (
            &["addr add 2001:db8::1/64 dev e0 nodad", "addr add 2001:db8::1/128 dev e1 nodad"],
            "e0 e1",
            &["2001:db8::1 is held twice: as /64 on e0 and as /128 on e1"],
        ),
        (&["addr add 192.0.2.10 peer 192.0.2.11 dev e0"], "e0", &["point-to-point"]),
        (
            &[
                "addr add 192.0.2.10/24 dev e0",
                "addr add 192.0.2.11/24 dev e1",
                "route add 10.0.0.0/8 nexthop via 192.0.2.1 dev e0 nexthop via 192.0.2.2 dev e1",
            ],
            "e0 e1",
            &["several next hops"],
        ),
        (
            &[
                "addr add 192.0.2.10/24 dev e0",
                "addr add 203.0.113.5/24 dev e0",
                "route add default via 203.0.113.1 dev e0",
                "addr del 203.0.113.5/24 dev e0",
            ],
            "e0",
            &["its router is in no subnet of e0"],
        ),
        (&USUAL, "e0 --test 203.0.113.7", &["test address 203.0.113.7", "/24"]),
        (&USUAL, "e0 e1 --test e2=192.0.2.20", &["e2 is not among the members"]),
        (
            &["addr add 192.0.2.10/24 dev e0", "addr add 192.0.2.20/24 dev e2"],
            "e0 e1",
            &["also that of interface e2"],
        ),
    ];
    for (commands, line, words) in cases {
        let problems = plan(&request(line), &host(commands, ""), Path::new("f")).expect_err(line);
        for word in words {
            assert!(
                problems.iter().any(|problem| problem.contains(word)),
                "{word:?} is not in {problems:#?}"
            );
        }
    }
}

#[test]
fn a_group_and_members_of_the_configuration_are_left_alone() {
    let text = "[group.ipmp0.member.e1]\ntest-addresses = []\n";
    let problems = plan(&request("e0 e1"), &host(&USUAL, text), Path::new("f")).expect_err("taken");
    let said = problems.join("\n");
    assert!(
        said.contains("group ipmp0: there is one already") && said.contains("e1 is a member of group ipmp0"),
        "{said}"
    );
}

#[test]
fn the_configuration_gets_what_lasts_and_what_it_can_say() {
    let plan = planned(
        &[
            "addr add 192.0.2.10/24 dev e0",
            "addr add 192.0.2.30/24 dev e0 valid_lft 1740 preferred_lft 1740",
            "addr add 2001:db8::1/64 dev e0 nodad",
            "route add default via 192.0.2.1 dev e0 metric 100 src 192.0.2.10",
            "-6 route add default via 2001:db8::fe dev e0",
            "route add 198.51.100.0/24 via 192.0.2.2 dev e0 mtu 1300",
            "route add 203.0.113.0/24 dev e0",
        ],
        "e0 e1 --standby e1 --test 192.0.2.21 --test e1=192.0.2.22",
    );
    let said = &plan.text;
    for words in [
        "\"192.0.2.10/24\"",
        "\"2001:db8::1/64\"",
        "\"default via 192.0.2.1 metric 100 src 192.0.2.10\"",
        "\"default via 2001:db8::fe\"",
        "[group.ipmp0.member.e0]\ntest-addresses = [\"192.0.2.21/24\"]",
        "[group.ipmp0.member.e1]\nstandby = true\ntest-addresses = [\"192.0.2.22/24\"]",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(
        !said.contains("192.0.2.30") && !said.contains("198.51.100.0") && !said.contains("203.0.113.0"),
        "{said}"
    );
    assert_eq!((plan.moving.addresses.len(), plan.moving.routes.len(), plan.gateways.len()), (3, 4, 2));
    let steps = plan.steps(60).to_string();
    for words in [
        "ask the gateway 192.0.2.1 and 2001:db8::fe",
        "move address 192.0.2.30/24 from e0 to ipmp0, valid for",
        "192.0.2.30/24 on e0 is leased (DHCP",
        "the route to 198.51.100.0/24 via 192.0.2.2 moves, but the configuration cannot say it",
        "wait 60 s for `ipmp-ctl confirm`",
    ] {
        assert!(steps.contains(words), "{words} is not in {steps}");
    }
}

#[test]
fn without_a_default_route_nobody_is_asked() {
    let plan = planned(&["addr add 192.0.2.10/24 dev e0"], "e0 e1");
    assert!(plan.gateways.is_empty());
    let steps = plan.steps(0).to_string();
    assert!(steps.contains("no gateway is asked") && !steps.contains("wait"), "{steps}");
}

#[test]
fn addresses_of_advertisements_go_on_if_one_identifier_makes_them_all() {
    let formed = "addr add 2001:db8::5054:ff:fe12:3456/64 dev e0 nodad valid_lft 900 preferred_lft 600";
    let cases: [(&[&str], Option<&str>, &str); 5] = [
        (&[formed], Some("::5054:ff:fe12:3456"), "they renew it"),
        (
            &[
                formed,
                "addr add 2001:db8:1:0:5054:ff:fe12:3456/64 dev e0 nodad valid_lft 900 preferred_lft 600",
            ],
            Some("::5054:ff:fe12:3456"),
            "they renew it",
        ),
        (
            &[formed, "addr add 2001:db8:1::9/64 dev e0 nodad valid_lft 900 preferred_lft 600"],
            None,
            "forms addresses of its own",
        ),
        // Of DHCPv6.
        (
            &["addr add 2001:db8::9/128 dev e0 nodad valid_lft 900 preferred_lft 600"],
            None,
            "forms addresses of its own",
        ),
        (&["addr add 2001:db8::9/64 dev e0 nodad"], None, "no default route"),
    ];
    for (commands, token, words) in cases {
        let plan = planned(commands, "e0 e1");
        assert_eq!(plan.group.ipv6_token.map(|token| token.to_string()).as_deref(), token, "{commands:?}");
        assert_eq!(plan.text.contains("ipv6-token"), token.is_some(), "{}", plan.text);
        let steps = plan.steps(60).to_string();
        assert!(steps.contains(words), "{words} is not in {steps}");
    }
}
