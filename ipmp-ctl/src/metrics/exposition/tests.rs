use std::{collections::BTreeMap, time::Duration};

use super::*;
use crate::{
    control::protocol::{
        AddressStatus, MovesStatus, ProbeCounts, RttStatus, Status, TargetStatus, TargetsStatus,
    },
    hook_program::RunCounts,
    metrics::{
        figures::{AnnouncementCount, DaemonFigures, EventCount},
        histogram::Histogram,
    },
};

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
        probe_hook: None,
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
    let target = TargetStatus {
        address: [192, 0, 2, 1].into(),
        state: "active".to_owned(),
        lost: 0,
        judged: 9,
        rtt: Some(rtt),
    };
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
            reasons: BTreeMap::from([("foreign-source-mac".to_owned(), 6), ("fallback".to_owned(), 7)]),
        }],
    }
}

fn event(event: &str, cause: Option<&str>, count: u64) -> EventCount {
    EventCount { event: event.to_owned(), cause: cause.map(str::to_owned), count }
}

fn group_figures() -> GroupFigures {
    let mut outages = Histogram::of_outages();
    outages.note(Duration::from_millis(3));
    let member = |interface: &str, buckets, wanted_buckets| MemberFigures {
        interface: interface.to_owned(),
        buckets,
        wanted_buckets,
        events: vec![event("failed", Some("link"), 2), event("absent", None, 1)],
    };
    let count = |kind: &str, family: Option<&str>, sent| AnnouncementCount {
        kind: kind.to_owned(),
        family: family.map(str::to_owned),
        sent,
        failed: sent + 1,
    };
    GroupFigures {
        group: "ipmp0".to_owned(),
        members: vec![member("e0", 1000, 1024), member("e1", 24, 0)],
        events: BTreeMap::from([("group-failed".to_owned(), 5)]),
        outages: BTreeMap::from([("link".to_owned(), outages)]),
        announcements: vec![count("address", Some("ipv4"), 8), count("keep-alive", None, 9)],
    }
}

fn daemon() -> DaemonFigures {
    let mut lateness = Histogram::of_lateness();
    lateness.note(Duration::from_micros(150));
    DaemonFigures {
        version: "1.2.3".to_owned(),
        started_us: 1_500_000,
        lateness,
        hook_program: Some(RunCounts { done: 1, failed: 2, killed: 3, unstarted: 4, left_out: 5 }),
    }
}

fn figures() -> Figures {
    Figures { status: status(), groups: vec![group_figures()], daemon: daemon() }
}

fn open() -> String {
    text(figures(), Format::OpenMetrics).expect("text")
}

#[test]
fn every_figure_of_the_status_has_a_series() {
    let text = open();
    for line in [
        r#"ipmp_group_state{group="ipmp0",state="ok"} 0"#,
        r#"ipmp_group_state{group="ipmp0",state="degraded"} 1"#,
        r#"ipmp_group_failure_detection_seconds{group="ipmp0"} 0.25"#,
        r#"ipmp_group_dropped_packets_total{group="ipmp0",reason="foreign-source-mac"} 6"#,
        r#"ipmp_group_irregular_packets_total{group="ipmp0",reason="fallback"} 7"#,
        r#"ipmp_group_events_total{group="ipmp0",event="group-failed"} 5"#,
        r#"ipmp_group_failover_outage_seconds_count{group="ipmp0",cause="link"} 1"#,
        r#"ipmp_group_failover_outage_seconds_bucket{le="0.005",group="ipmp0",cause="link"} 1"#,
        r#"ipmp_group_failover_outage_seconds_bucket{le="0.002",group="ipmp0",cause="link"} 0"#,
        r#"ipmp_group_announcements_total{group="ipmp0",kind="address",family="ipv4"} 8"#,
        r#"ipmp_group_announcement_errors_total{group="ipmp0",kind="keep-alive"} 10"#,
        r#"ipmp_member_buckets{group="ipmp0",interface="e1"} 24"#,
        r#"ipmp_member_wanted_buckets{group="ipmp0",interface="e0"} 1024"#,
        r#"ipmp_member_wanted_share_ratio{group="ipmp0",interface="e0"} 1.0"#,
        r#"ipmp_member_wanted_share_ratio{group="ipmp0",interface="e1"} 0.0"#,
        r#"ipmp_member_events_total{group="ipmp0",interface="e1",event="failed",cause="link"} 2"#,
        r#"ipmp_member_events_total{group="ipmp0",interface="e0",event="absent"} 1"#,
        r#"ipmp_build_info{version="1.2.3"} 1"#,
        "process_start_time_seconds 1.5",
        r#"ipmp_daemon_lateness_seconds_bucket{le="0.0002"} 1"#,
        r#"ipmp_on_event_runs_total{result="killed"} 3"#,
        "ipmp_on_event_left_out_total 5",
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
    let text = open();
    let mut kinds: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let all = kinds.len();
    kinds.dedup();
    assert_eq!(kinds.len(), all, "{text}");
    let helps = text.lines().filter(|line| line.starts_with("# HELP ")).count();
    assert_eq!(helps, all, "{text}");
}

#[test]
fn round_trips_are_counted_below_their_bounds() {
    let text = open();
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
fn without_groups_and_program_the_daemon_is_left() {
    let daemon = DaemonFigures { hook_program: None, ..daemon() };
    let figures = Figures { status: Status::default(), groups: Vec::new(), daemon };
    let text = text(figures, Format::OpenMetrics).expect("text");
    let is_of_daemon =
        |line: &str| ["ipmp_build_info", "ipmp_daemon_", "process_"].iter().any(|of| line.starts_with(of));
    let others: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !is_of_daemon(line)).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_scraper_gets_the_format_that_it_reads() {
    let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
    assert_eq!(Format::accepted("*/*"), Format::Classic);
    let classic = text(figures(), Format::Classic).expect("text");
    assert!(classic.contains("# TYPE ipmp_member_probes_total counter\n"), "{classic}");
    let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(series(&classic), series(&open()));
}
