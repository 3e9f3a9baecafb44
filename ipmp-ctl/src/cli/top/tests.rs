use std::time::Duration;

use ipmp_ctl::control::protocol::{
    AddressStatus, Event as Happened, GroupStatus, MemberStatus, MovesStatus, ProbeCounts, RttStatus, Status,
    TargetStatus, TargetsStatus,
};
use ratatui::{Terminal, backend::TestBackend};

use super::*;

fn member(interface: &str, tx_bytes: u64) -> MemberStatus {
    MemberStatus {
        interface: interface.to_owned(),
        active: true,
        inactive: false,
        flags: "-------".to_owned(),
        link: "up".to_owned(),
        probe: "ok".to_owned(),
        state: "ok".to_owned(),
        weight: 1,
        tx_packets: 0,
        tx_bytes,
        rx_packets: 0,
        rx_bytes: tx_bytes / 2,
        probe_hook: None,
        probes: ProbeCounts { sent: 100, lost: 3, ..ProbeCounts::default() },
    }
}

fn group(name: &str, second: u64) -> GroupStatus {
    let rtt = RttStatus { smoothed_us: 420, deviation_us: 50, min_us: 1, max_us: 2, histogram: vec![] };
    let address = [192, 0, 2, 1].into();
    let target = TargetStatus { address, state: "active".to_owned(), lost: 2, judged: 52, rtt: Some(rtt) };
    GroupStatus {
        group: name.to_owned(),
        state: "degraded".to_owned(),
        fdt_ms: Some(10_000),
        attached_by: None,
        members: vec![member("eth0", second * 375_000), member("eth1", second * 125_000)],
        addresses: vec![AddressStatus {
            address: [192, 0, 2, 10].into(),
            state: "up".to_owned(),
            inbound: Some("eth1".to_owned()),
            outbound: vec![],
        }],
        targets: vec![TargetsStatus {
            interface: "eth0".to_owned(),
            mode: "routes".to_owned(),
            test_address: None,
            targets: vec![target],
        }],
        moves: MovesStatus::default(),
        reasons: std::collections::BTreeMap::new(),
    }
}

fn model() -> Model {
    let (mut model, start) = (Model::default(), Instant::now());
    for second in 0..5 {
        let groups = vec![group("ipmp0", second), group("ipmp1", second)];
        model.learn(News::Status(Status { groups }), start + Duration::from_secs(second));
    }
    model.learn(News::Happened(Happened::now("failed", "eth2 has failed".to_owned())), start);
    model
}

fn drawn(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| screen::draw(frame, model)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn everything_is_on_a_screen_of_usual_size_and_on_a_large_one() {
    for (width, height) in [(80, 24), (200, 60)] {
        let text = drawn(&model(), width, height);
        for part in [
            "ipmp0: degraded",
            "ipmp1",
            "eth0",
            "3.0M",
            "1.5M",
            "75% (50%)",
            "25% (50%)",
            "3/100",
            "192.0.2.1 ",
            "0.42ms ± 0.05ms",
            "192.0.2.10",
            "eth1",
            "eth2 has failed",
            "q quits",
        ] {
            assert!(text.contains(part), "no {part:?} on {width}x{height}:\n{text}");
        }
    }
}

#[test]
fn a_screen_that_is_too_small_says_so_and_any_size_is_survived() {
    for (width, height) in [(1, 1), (5, 40), (59, 24), (80, 15), (200, 2)] {
        let text = drawn(&model(), width, height);
        assert!(!text.contains("eth0"), "{text}");
    }
    assert!(drawn(&model(), 59, 24).contains("too small: 59x24"));
    assert!(drawn(&model(), screen::SMALLEST.0, screen::SMALLEST.1).contains("eth0"));
}

#[test]
fn a_daemon_that_is_gone_is_named_until_it_is_back() {
    let mut model = model();
    model.learn(News::Lost("cannot contact the daemon".to_owned()), Instant::now());
    let text = drawn(&model, 80, 24);
    assert!(text.contains("cannot contact the daemon") && text.contains("eth0"), "{text}");
    model.learn(News::Status(Status { groups: vec![group("ipmp0", 9)] }), Instant::now());
    assert!(!drawn(&model, 80, 24).contains("cannot contact"));
}

#[test]
fn keys_choose_a_group_show_help_and_quit() {
    let mut model = model();
    let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
    for (code, chosen) in [(KeyCode::Down, 1), (KeyCode::Down, 1), (KeyCode::Up, 0), (KeyCode::Up, 0)] {
        assert!(obey(key(code), &mut model));
        assert_eq!(model.chosen().unwrap().0, chosen);
    }
    assert!(obey(key(KeyCode::Char('?')), &mut model));
    assert!(drawn(&model, 80, 24).contains("choose a group"));
    assert!(!obey(key(KeyCode::Char('q')), &mut model));
    assert!(!obey(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), &mut model));
    model.learn(News::Status(Status::default()), Instant::now());
    drawn(&model, 80, 24);
}

#[test]
fn counters_that_begin_anew_are_no_traffic() {
    let (mut model, start) = (Model::default(), Instant::now());
    for (second, at) in [(5, 0), (1, 1)] {
        let status = Status { groups: vec![group("ipmp0", second)] };
        model.learn(News::Status(status), start + Duration::from_secs(at));
    }
    assert!(model.rates("ipmp0", "eth0").iter().all(|rate| rate.sent == 0.0));
}
