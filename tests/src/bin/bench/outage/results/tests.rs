use super::*;

fn sample(outage_ms: u64) -> Sample {
    Sample { outage: Duration::from_millis(outage_ms), sent: 10, lost: 2, ..Sample::default() }
}

#[test]
fn each_stream_has_the_figures_of_its_own_trials() {
    let trials: Vec<Suffered> =
        (1..=10).map(|number| [sample(number), sample(0), sample(2 * number), sample(7)]).collect();
    let row = Row::measured("ipmp", Class::Carrier, Event::Failure, &trials);
    assert_eq!(row.trials, 10);
    let seen: Vec<_> =
        row.streams.iter().map(|stream| (stream.p50_ms, stream.p90_ms, stream.max_ms)).collect();
    assert_eq!(seen, [(5.0, 9.0, 10.0), (0.0, 0.0, 0.0), (10.0, 18.0, 20.0), (7.0, 7.0, 7.0)]);
    assert!(row.streams.iter().all(|stream| (stream.sent, stream.lost, stream.p99_ms) == (100, 20, None)));
}

#[test]
fn a_99th_percentile_needs_200_trials() {
    let p99 = |count| {
        let trials: Vec<_> = (0..count).map(|_| [sample(3); 4]).collect();
        Row::measured("ipmp", Class::All, Event::Repair, &trials).streams[0].p99_ms
    };
    assert_eq!((p99(199), p99(200)), (None, Some(3.0)));
}

#[test]
fn what_is_written_can_be_read_again() {
    let mut open = sample(12);
    open.open = true;
    let results = Results {
        command: "cargo xtask bench outage".to_owned(),
        machine: "two processors".to_owned(),
        rate: 1000,
        rate_from: "asked for".to_owned(),
        left_out: Vec::new(),
        rows: vec![
            Row::measured("ipmp", Class::Silent, Event::Repair, &[[open; 4]]),
            Row::unsupported("bond", Class::OneWayIn, Event::Failure, "it looks at carriers only"),
        ],
    };
    let text = serde_json::to_string(&results).unwrap();
    assert!(text.contains(r#""direction":"out","family":"IPv4""#), "{text}");
    assert_eq!(serde_json::from_str::<Results>(&text).unwrap(), results);
}
