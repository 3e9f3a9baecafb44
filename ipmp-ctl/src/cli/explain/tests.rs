use ipmp_ctl::control::protocol::Event;

use super::*;

fn explained() -> Explained {
    Explained {
        interface: "eth1".to_owned(),
        group: "ipmp0".to_owned(),
        state: "failed".to_owned(),
        active: false,
        why: "its link is up, but its probes were not answered".to_owned(),
        needs: vec!["10 answered probes in a row, 6 have come".to_owned()],
        at_least_ms: Some(5_700),
        link: "up".to_owned(),
        carrier_changes: 2,
        heard: vec![HeardStatus {
            test_address: Some([192, 0, 2, 22].into()),
            target: [192, 0, 2, 1].into(),
            answered_ms_ago: Some(400),
            lost_ms_ago: None,
            answers: 6,
            losses: 0,
        }],
        history: vec![Event {
            cause: Some("probes".to_owned()),
            ..Event::now("failed", "eth1 has failed".to_owned())
        }],
    }
}

#[test]
fn people_read_the_state_the_evidence_the_way_back_and_the_history() {
    let text = text(&explained());
    for part in [
        "eth1 of group ipmp0 is failed and carries no traffic: its link is up, but its probes were not answered.",
        "link: up; it has changed 2 times",
        "probes: 192.0.2.1 from 192.0.2.22: last answered 0.4 s ago, none lost of late, 6 answered in a row",
        "  - 10 answered probes in a row, 6 have come",
        "That takes 5.7 s at least.",
        "failed (probes): eth1 has failed",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn nothing_is_said_to_be_needed_where_nothing_is() {
    let explained = Explained { needs: Vec::new(), at_least_ms: None, history: Vec::new(), ..explained() };
    let text = text(&explained);
    assert!(!text.contains("For it to carry") && !text.contains("What happened"), "{text}");
}
