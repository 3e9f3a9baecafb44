use std::collections::BTreeMap;

use super::*;
use crate::control::protocol::{AddressStatus, MovesStatus, ProbeCounts, TargetsStatus};

fn member(interface: &str, state: &str) -> MemberStatus {
    let up = state == "ok";
    MemberStatus {
        interface: interface.to_owned(),
        active: up,
        inactive: false,
        flags: "-------".to_owned(),
        link: if up { "up" } else { "down" }.to_owned(),
        probe: state.to_owned(),
        state: state.to_owned(),
        weight: 1000,
        tx_packets: 3,
        tx_bytes: 300,
        rx_packets: 4,
        rx_bytes: 400,
        probes: ProbeCounts {
            sent: 9,
            answered: 7,
            lost: 2,
            replies: 7,
            forged: 5,
            ..ProbeCounts::default()
        },
    }
}

fn status() -> Status {
    let mut histogram = vec![0; 32];
    (histogram[3], histogram[6], histogram[7], histogram[31]) = (1, 2, 4, 8);
    let rtt = RttStatus { smoothed_us: 100, deviation_us: 10, min_us: 12, max_us: 3000, histogram };
    let target = TargetStatus { address: [192, 0, 2, 1].into(), state: "active".to_owned(), rtt: Some(rtt) };
    Status {
        groups: vec![GroupStatus {
            group: "ipmp0".to_owned(),
            state: "degraded".to_owned(),
            fdt_ms: Some(250),
            attached_by: None,
            members: vec![member("e0", "ok"), member("e1", "failed")],
            addresses: vec![
                AddressStatus {
                    address: [192, 0, 2, 10].into(),
                    state: "up".to_owned(),
                    inbound: Some("e0".to_owned()),
                    outbound: vec!["e0".to_owned()],
                },
                AddressStatus {
                    address: [192, 0, 2, 11].into(),
                    state: "down".to_owned(),
                    inbound: None,
                    outbound: Vec::new(),
                },
            ],
            targets: vec![TargetsStatus {
                interface: "e0".to_owned(),
                mode: "routes".to_owned(),
                test_address: None,
                targets: vec![target],
            }],
            moves: MovesStatus { pending: 3, gap_us: 1000, forced: 4 },
            reasons: BTreeMap::from([("foreign-source".to_owned(), 6)]),
        }],
    }
}

#[test]
fn every_figure_of_the_status_has_a_series() {
    let text = text(status()).expect("text");
    for line in [
        r#"ipmp_group_state{group="ipmp0",state="ok"} 0"#,
        r#"ipmp_group_state{group="ipmp0",state="degraded"} 1"#,
        r#"ipmp_group_failure_detection_seconds{group="ipmp0"} 0.25"#,
        r#"ipmp_group_irregular_packets_total{group="ipmp0",reason="foreign-source"} 6"#,
        r#"ipmp_group_moving_buckets{group="ipmp0"} 3"#,
        r#"ipmp_group_forced_moves_total{group="ipmp0"} 4"#,
        r#"ipmp_member_state{group="ipmp0",interface="e1",state="failed"} 1"#,
        r#"ipmp_member_state{group="ipmp0",interface="e1",state="ok"} 0"#,
        r#"ipmp_member_active{group="ipmp0",interface="e0"} 1"#,
        r#"ipmp_member_link_up{group="ipmp0",interface="e1"} 0"#,
        r#"ipmp_member_weight{group="ipmp0",interface="e0"} 1000"#,
        r#"ipmp_member_transmit_packets_total{group="ipmp0",interface="e0"} 3"#,
        r#"ipmp_member_receive_bytes_total{group="ipmp0",interface="e1"} 400"#,
        r#"ipmp_member_probes_total{group="ipmp0",interface="e0",result="lost"} 2"#,
        r#"ipmp_member_probe_replies_total{group="ipmp0",interface="e0",kind="forged"} 5"#,
        r#"ipmp_target_state{group="ipmp0",interface="e0",target="192.0.2.1",state="active"} 1"#,
        r#"ipmp_address_bound{group="ipmp0",address="192.0.2.10",interface="e0"} 1"#,
        r#"ipmp_address_bound{group="ipmp0",address="192.0.2.11",interface=""} 0"#,
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn each_family_says_what_it_is_once() {
    let text = text(status()).expect("text");
    let mut kinds: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let all = kinds.len();
    kinds.dedup();
    assert_eq!(kinds.len(), all, "{text}");
    let helps = text.lines().filter(|line| line.starts_with("# HELP ")).count();
    assert_eq!(helps, all, "{text}");
}

#[test]
fn round_trips_are_counted_below_their_bounds() {
    let text = text(status()).expect("text");
    let bucket = |bound: &str| {
        let start = format!(r#"ipmp_target_round_trip_seconds_bucket{{le="{bound}","#);
        let line =
            text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{bound}: {text}"));
        line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok())
    };
    // 2^3 us; then 2^6 and 2^7; then the last bin, which has no upper bound.
    assert_eq!(bucket("0.000064"), Some(1));
    assert_eq!(bucket("0.000256"), Some(7));
    assert_eq!(bucket("1.048576"), Some(7));
    assert_eq!(bucket("+Inf"), Some(15));
    assert!(text.contains("ipmp_target_round_trip_seconds_count{") && text.contains("} 15\n"), "{text}");
}

#[test]
fn without_groups_there_is_nothing_but_the_end() {
    assert_eq!(text(Status::default()).expect("text"), "# EOF\n");
}
