//! The samples are what nft 1.0.6 printed of rule sets loaded into a namespace.

use std::path::Path;

use super::*;

const BY_MEMBER: &str = include_str!("samples/by_member.json");
const CHAINS: &str = include_str!("samples/chains.txt");
const FIREWALLD: &str = include_str!("samples/firewalld.json");
const FIB: &str = include_str!("samples/fib.json");

/// A group `ipmp0` of `eth0` and `eth1`.
fn config(receive: &str) -> Config {
    let text = format!(
        "[group.ipmp0]\naddresses = [\"192.0.2.10/24\"]\nreceive = \"{receive}\"\n\
         [group.ipmp0.member.eth0]\n[group.ipmp0.member.eth1]\n"
    );
    Config::parse(&text, Path::new("ipmp.toml")).unwrap().0
}

fn found(receive: &str, ruleset: &str, chains: &str) -> Vec<String> {
    findings(&config(receive), &ruleset::rules(ruleset), &chains::hooked(chains))
}

#[test]
fn chains_at_members_are_found() {
    let all = found("group", "", CHAINS);
    assert_eq!(
        all,
        [
            "firewall: chain netdev guard in is hooked to eth0 of group ipmp0: it does not see what the group receives; \
             filter on ipmp0 in an inet table",
            "firewall: chain netdev guard many is hooked to eth1 of group ipmp0: it does not see what the group \
             receives; filter on ipmp0 in an inet table",
        ]
    );
    let member_mode = found("member", "", CHAINS);
    assert!(member_mode[0].contains("but for unicast IP it does not see"), "{member_mode:?}");
}

#[test]
fn devices_are_read_in_every_notation() {
    let text = "table inet t {\n\tchain c {\n\t\ttype filter hook egress devices = { \"eth0\", \"eth1\" } priority 0; }\n";
    let chains = chains::hooked(text);
    assert_eq!(chains.len(), 1);
    assert_eq!(
        (chains[0].hook, chains[0].devices.as_slice()),
        (Hook::Egress, &["eth0", "eth1"].map(String::from)[..])
    );
    assert_eq!(chains[0].place, ruleset::Place::chain("inet", "t", "c"));
}

/// Handles of the rules that warnings are about, with what they match.
fn matched(warnings: &[String]) -> Vec<&str> {
    warnings
        .iter()
        .map(|warning| {
            let (_, rest) = warning.split_once("handle ").unwrap();
            rest.split_once(" of group").unwrap().0
        })
        .collect()
}

#[test]
fn rules_that_name_members_are_found_whatever_their_form() {
    let warnings = found("group", BY_MEMBER, "");
    let expected = [
        "6 matches iifname eth0",
        "8 matches iifname eth0, eth1", // { "eth0", "eth1" }
        "9 matches iifname eth1",       // !=
        "10 matches iif eth1",
        "11 matches iifname eth0, eth1", // "eth*"
        "12 matches iifname eth0",       // a named set
        "13 matches iifname eth1",       // a named map
        "15 matches iifname eth1",       // a map
        "18 matches iifname eth0",       // a concatenation
        "21 matches oifname eth0",
        "23 matches oifname eth1", // a map within a statement
    ];
    assert_eq!(matched(&warnings), expected);
    assert_eq!(
        warnings[0],
        "firewall: rule inet filter in handle 6 matches iifname eth0 of group ipmp0: what the group receives comes in by \
         ipmp0; use ipmp0"
    );
}

#[test]
fn members_that_keep_their_unicast_may_be_named_on_the_way_in() {
    let warnings = found("member", BY_MEMBER, "");
    assert_eq!(matched(&warnings), ["21 matches oifname eth0", "23 matches oifname eth1"]);
}

#[test]
fn a_rule_that_names_the_group_as_well_is_left_alone() {
    let rule = |right: &str| {
        format!(
            r#"{{"nftables":[{{"rule":{{"family":"ip","table":"t","chain":"c","handle":1,"expr":[{{"match":
            {{"op":"==","left":{{"meta":{{"key":"iifname"}}}},"right":{right}}}}}]}}}}]}}"#
        )
    };
    assert_eq!(found("group", &rule(r#"{"set":["eth0","ipmp0"]}"#), ""), [""; 0]);
    assert_eq!(found("group", &rule(r#"{"set":["eth0","ipmp1"]}"#), "").len(), 1);
    // An element may carry more than its value.
    assert_eq!(found("group", &rule(r#"{"set":[{"elem":{"val":"eth0","comment":"x"}}]}"#), "").len(), 1);
    // An index that has no name any more.
    assert_eq!(found("group", &rule("7"), ""), [""; 0]);
}

#[test]
fn the_strict_reverse_path_filter_of_firewalld_is_found_in_member_mode() {
    let warnings = found("member", FIREWALLD, "");
    assert_eq!(
        warnings,
        [
            "firewall: rule inet firewalld mangle_PREROUTING handle 8 drops all IPv6 that members of group ipmp0 receive, \
          since its routes are those of ipmp0 and receive is \"member\": make the reverse path check loose (firewalld: \
          IPv6_rpfilter=loose), or set receive to \"group\""
        ]
    );
    let warnings = found("group", FIREWALLD, "");
    assert_eq!(matched(&warnings), ["14 matches iifname eth1"]);
}

#[test]
fn only_strict_reverse_path_filters_are_meant() {
    let warnings = found("member", FIB, "");
    let begin: Vec<_> = warnings.iter().map(|warning| warning.split_once(" that").unwrap().0).collect();
    let expected = [
        "firewall: rule ip strict pre handle 2 drops all IPv4",
        "firewall: rule inet both pre handle 2 drops all IP",
    ];
    assert_eq!(begin, expected);
}

#[test]
fn what_is_not_understood_is_passed_over() {
    for ruleset in
        ["", "[]", "{}", "{\"nftables\":3}", "{\"nftables\":[{\"rule\":{\"family\":\"ip\"}},{\"set\":1}]}"]
    {
        assert_eq!(
            found("group", ruleset, "table\nchain x {\n type filter hook ingress device"),
            [""; 0],
            "{ruleset}"
        );
    }
}
