use std::path::Path;

use super::{Nics, answer};

#[test]
fn only_cables_that_are_there_can_be_pulled() {
    let nics = Nics::new(2);
    let order = |line| nics.order(line).map(|order| order["arguments"].to_string());
    assert_eq!(order("nic1 off").as_deref(), Some(r#"{"name":"nic1","up":false}"#));
    assert_eq!(order("peer on").as_deref(), Some(r#"{"name":"peer","up":true}"#));
    for line in ["nic2 off", "nic0", "nic0 away", "", "quit", "nic0 off off", "port-nic0 off"] {
        assert_eq!(order(line), None, "{line:?}");
    }
}

#[test]
fn events_and_the_greeting_answer_nothing() {
    let cases = [
        (r#"{"QMP": {"version": {}}}"#, None),
        (r#"{"event": "NIC_RX_FILTER_CHANGED"}"#, None),
        (r#"{"return": {}}"#, Some("ok")),
        (
            r#"{"error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}}"#,
            Some("error: Device 'x' not found"),
        ),
        ("{", None),
    ];
    for (line, expected) in cases {
        assert_eq!(answer(line).as_deref(), expected, "{line}");
    }
}

#[test]
fn every_nic_is_on_the_hub_with_an_address_of_its_own() {
    let arguments = Nics::new(2).arguments(Path::new("/run"));
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    assert_eq!(words.iter().filter(|word| word.ends_with("hubid=0")).count(), 3);
    for mac in ["52:54:00:1b:00:c0", "52:54:00:1b:00:c1", "52:54:00:1b:00:ff"] {
        assert_eq!(words.iter().filter(|word| word.contains(mac)).count(), 1, "{words:?}");
    }
    assert!(Nics::new(0).arguments(Path::new("/run")).is_empty());
}
