use std::collections::BTreeMap;

use ipmp_ctl::control::protocol::{
    AddressStatus, GroupStatus, MemberStatus, MovesStatus, ProbeCounts, ProbeLine, RttStatus, TargetStatus,
    TargetsStatus,
};
use serde_json::{Value, json};

use super::*;
use crate::cli::{selection::select, table};

/// A member whose name begins with `+`: active, `~`: inactive; anything else: unusable.
fn member(name: &str) -> MemberStatus {
    let interface = name.trim_start_matches(['+', '~']);
    let [active, inactive] = ['+', '~'].map(|sign| name.starts_with(sign));
    let works = active || inactive;
    MemberStatus {
        interface: interface.to_owned(),
        active,
        inactive,
        flags: if inactive { "is-----" } else { "-------" }.to_owned(),
        link: if works { "up" } else { "down" }.to_owned(),
        probe: if works { "disabled" } else { "failed" }.to_owned(),
        state: if works { "ok" } else { "failed" }.to_owned(),
        weight: 10,
        tx_packets: 4,
        tx_bytes: 400,
        rx_packets: 7,
        rx_bytes: 700,
        probe_hook: None,
        probes: ProbeCounts { sent: 20, lost: 3, forged: 1, ..ProbeCounts::default() },
    }
}

fn group(name: &str, state: &str, fdt_ms: Option<u64>, members: &[&str]) -> GroupStatus {
    GroupStatus {
        group: name.to_owned(),
        state: state.to_owned(),
        fdt_ms,
        attached_by: Some("tcx".to_owned()),
        members: members.iter().copied().map(member).collect(),
        addresses: Vec::new(),
        moves: MovesStatus::default(),
        targets: Vec::new(),
        reasons: BTreeMap::new(),
    }
}

fn address(address: &str, inbound: Option<&str>, outbound: &[&str]) -> AddressStatus {
    AddressStatus {
        address: address.parse().unwrap(),
        state: if inbound.is_some() { "up" } else { "down" }.to_owned(),
        inbound: inbound.map(str::to_owned),
        outbound: outbound.iter().map(ToString::to_string).collect(),
    }
}

fn targets() -> Vec<TargetsStatus> {
    let target = |address: &str, state: &str, rtt: Option<u64>| TargetStatus {
        address: address.parse().unwrap(),
        state: state.to_owned(),
        lost: usize::from(rtt.is_none()),
        judged: 17,
        rtt: rtt.map(|us| RttStatus {
            smoothed_us: us,
            deviation_us: us / 10,
            min_us: us / 2,
            max_us: us * 2,
            histogram: (0..32).map(|bin| u32::from(bin == us.ilog2()) * 7 + u32::from(bin == 1)).collect(),
        }),
    };
    let probed = |interface: &str, mode: &str, test: &str, targets| TargetsStatus {
        interface: interface.to_owned(),
        mode: mode.to_owned(),
        test_address: test.parse().ok(),
        targets,
    };
    vec![
        probed(
            "eth0",
            "routes",
            "198.51.100.40",
            vec![
                target("198.51.100.1", "active", Some(420)),
                target("198.51.100.2", "active", None),
                target("198.51.100.3", "dead", Some(1000)),
            ],
        ),
        probed("eth2", "routes", "fe80::21b:21ff:fe0a:2", vec![target("fe80::1", "active", Some(5))]),
        probed("eth4", "disabled", "", vec![]),
    ]
}

fn status() -> Status {
    let mut ipmp0 = group("ipmp0", "degraded", Some(10_000), &["+eth0", "eth1", "+eth2"]);
    ipmp0.addresses = vec![
        address("198.51.100.20", Some("eth0"), &["eth0", "eth2"]),
        address("2001:db8:7::20", Some("eth2"), &["eth0", "eth2"]),
        address("198.51.100.22", None, &[]),
    ];
    ipmp0.reasons = [("no-usable-member", 3), ("leaked", 90), ("own-frame", 2), ("from-the-future", 1)]
        .map(|(reason, packets)| (reason.to_owned(), packets))
        .into();
    ipmp0.targets = targets();
    let ipmp1 = group("ipmp1", "ok", None, &["+eth4", "~eth5"]);
    let ipmp2 = group("ipmp2", "failed", Some(30), &["eth6", "eth7"]);
    let mixed = group("ipmp3", "degraded", Some(600_000), &["eth8", "~eth9", "eth10", "~eth11", "+eth12"]);
    let without = group("", "ok", None, &["+eth13", "eth14"]);
    Status { groups: vec![ipmp0, ipmp1, ipmp2, mixed, without] }
}

/// The table of a view with the fields of `-o`.
fn shown<V: View>(wanted: &str) -> String {
    let fields = V::fields();
    let wanted: Vec<_> = wanted.split_terminator(',').map(str::to_owned).collect();
    let selection = select(&fields, &wanted, false).unwrap();
    table::human(&selection.fields, &V::lines(&status(), &Names::numeric()), None)
}

/// The lines of a view as JSON.
fn serialised<V: View>() -> Value {
    serde_json::to_value(V::lines(&status(), &Names::numeric())).unwrap()
}

#[test]
fn groups_show_their_members_by_use() {
    let expected = "\
GROUP       GROUPNAME   STATE     FDT       INTERFACES
ipmp0       ipmp0       degraded  10.00s    eth0 eth2 [eth1]
ipmp1       ipmp1       ok        --        eth4 (eth5)
ipmp2       ipmp2       failed    0.03s     [eth6 eth7]
ipmp3       ipmp3       degraded  600.00s   eth12 (eth9 eth11) [eth8 eth10]
--          --          ok        --        eth13 [eth14]
";
    assert_eq!(shown::<Groups>(""), expected);
}

#[test]
fn drops_are_the_sum_of_what_was_really_dropped() {
    assert_eq!(shown::<Groups>("group,drops").lines().nth(1).unwrap(), "ipmp0       5");
}

#[test]
fn interfaces_show_every_member_of_every_group() {
    let text = shown::<Interfaces>("");
    let expected = "\
INTERFACE   ACTIVE  GROUP       FLAGS     LINK      PROBE     STATE
eth0        yes     ipmp0       -------   up        disabled  ok
eth1        no      ipmp0       -------   down      failed    failed
eth2        yes     ipmp0       -------   up        disabled  ok
eth4        yes     ipmp1       -------   up        disabled  ok
eth5        no      ipmp1       is-----   up        disabled  ok
";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(text.lines().count(), 1 + 14);
    let last = "eth14       no      --          -------   down      failed    failed";
    assert_eq!(text.lines().last(), Some(last), "one without a group");
}

#[test]
fn counters_of_interfaces_are_shown_when_named() {
    let text = shown::<Interfaces>("interface,weight,txpkts,txbytes,rxpkts,rxbytes");
    let expected = "\
INTERFACE   WEIGHT  TXPKTS        TXBYTES           RXPKTS        RXBYTES
eth0        10      4             400               7             700
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn addresses_show_where_they_are_bound() {
    let expected = "\
ADDRESS                   STATE  GROUP       INBOUND     OUTBOUND
198.51.100.20             up     ipmp0       eth0        eth0 eth2
2001:db8:7::20            up     ipmp0       eth2        eth0 eth2
198.51.100.22             down   ipmp0       --          --
";
    assert_eq!(shown::<Addresses>(""), expected);
}

#[test]
fn json_has_the_documented_shape() {
    let [groups, interfaces, addresses] =
        [serialised::<Groups>(), serialised::<Interfaces>(), serialised::<Addresses>()];
    let reasons = json!({"no-usable-member": 3, "leaked": 90, "own-frame": 2, "from-the-future": 1});
    let first = json!({"group": "ipmp0", "state": "degraded", "fdt_ms": 10000,
        "interfaces": ["eth0", "eth2", "eth1"], "attached_by": "tcx", "moves": {"pending": 0, "gap_us": 0, "forced": 0},
        "reasons": reasons});
    assert_eq!(groups[0], first);
    assert_eq!(groups[1]["fdt_ms"], Value::Null);
    assert_eq!([&groups[4]["group"], &interfaces[13]["group"]], [&Value::Null; 2]);
    assert_eq!(groups[3]["interfaces"], json!(["eth12", "eth9", "eth11", "eth8", "eth10"]));

    let first = json!({"interface": "eth0", "group": "ipmp0", "active": true, "flags": "-------", "link": "up",
        "probe": "disabled", "state": "ok", "weight": 10, "tx_packets": 4, "tx_bytes": 400, "rx_packets": 7,
        "rx_bytes": 700, "probe_hook": null, "probes": {"sent": 20, "unsent": 0, "answered": 0, "lost": 3, "replies": 0, "forged": 1,
        "duplicate": 0, "out_of_window": 0, "malformed": 0}});
    assert_eq!(interfaces[0], first);
    assert_eq!(interfaces.as_array().unwrap().len(), 14);

    let last = json!({"address": "198.51.100.22", "state": "down", "group": "ipmp0", "inbound": null, "outbound": []});
    assert_eq!(addresses[2], last);
    assert_eq!([Groups::KEY, Interfaces::KEY, Addresses::KEY], ["groups", "interfaces", "addresses"]);
}

#[test]
fn targets_are_listed_by_test_address() {
    let expected = "\
INTERFACE   MODE      TESTADDR            TARGETS
eth0        routes    198.51.100.40       198.51.100.1 198.51.100.2
eth2        routes    fe80::21b:21ff:fe0a:2 fe80::1
eth4        disabled  --                  --
";
    assert_eq!(shown::<Targets>(""), expected);
}

#[test]
fn round_trips_are_shown_for_each_target_when_named() {
    let text = shown::<Targets>("interface,others,rttavg,rttmax,lost,histogram");
    let expected = "\
INTERFACE   OTHERS                                RTTAVG                  RTTMAX                  LOST                    HISTOGRAM
eth0        198.51.100.3(dead)                    0.42ms --               0.84ms --               0/17 1/17               2us=1,256us=7 --
eth2        --                                    0.01ms                  0.01ms                  0/17                    2us=1,4us=7
eth4        --                                    --                      --                      --                      --
";
    assert_eq!(text, expected);
}

#[test]
fn targets_as_json_have_every_round_trip() {
    let targets = serialised::<Targets>();
    assert_eq!(targets[0]["targets"], json!(["198.51.100.1", "198.51.100.2"]));
    let [first, second, third] = [0, 1, 2].map(|index| targets[0]["rtt"][index].clone());
    assert_eq!(first["histogram"].as_array().unwrap().len(), 32);
    assert_eq!((&first["target"], &first["smoothed_us"]), (&json!("198.51.100.1"), &json!(420)));
    assert_eq!(second, json!({"target": "198.51.100.2", "state": "active", "lost": 1, "judged": 17}));
    assert_eq!(third["state"], "dead");
    let disabled =
        json!({"interface": "eth4", "mode": "disabled", "test_address": null, "targets": [], "rtt": []});
    assert_eq!(targets[2], disabled);
}

#[test]
fn probes_are_shown_with_nothing_for_what_is_lost() {
    let line = |rtt_us: Option<u64>| ProbeLine {
        time_us: -310_000,
        interface: "eth0".to_owned(),
        probe: 118,
        rtt_us,
        smoothed_us: rtt_us.map(|_| 580),
        deviation_us: rtt_us.map(|_| 70),
        target: "198.51.100.1".parse().unwrap(),
        missed: 0,
    };
    let rows = [Some(420), None].map(|rtt| probes::ProbeRow::new(line(rtt), &Names::numeric()));
    let fields = probes::fields();
    let shown =
        |wanted: &[String]| table::human(&select(&fields, wanted, false).unwrap().fields, &rows, None);
    let expected = "\
TIME      INTERFACE   PROBE  NETRTT    RTT       RTTAVG    TARGET
-0.31s    eth0        118    0.42ms    0.42ms    0.58ms    198.51.100.1
-0.31s    eth0        118    --        --        --        198.51.100.1
";
    assert_eq!(shown(&[]), expected);
    assert_eq!(shown(&["probe".to_owned(), "rttdev".to_owned()]).lines().nth(1).unwrap(), "118    0.07ms");
    let lost = json!({"time_s": -0.31, "interface": "eth0", "probe": 118, "netrtt_ms": null, "rtt_ms": null,
        "rttavg_ms": null, "rttdev_ms": null, "target": "198.51.100.1"});
    assert_eq!(serde_json::to_value(&rows[1]).unwrap(), lost);
}
