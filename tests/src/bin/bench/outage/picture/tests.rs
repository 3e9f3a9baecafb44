use std::time::Duration;

use super::*;
use crate::outage::{class::Class, trial::Sample};

fn results() -> Results {
    let trials: Vec<_> = [0, 2, 40]
        .map(|ms| [Sample { outage: Duration::from_millis(ms), ..Sample::default() }; 4])
        .into_iter()
        .collect();
    Results {
        command: "cargo xtask bench outage --class <all>".to_owned(),
        machine: "m".to_owned(),
        rate: 10_000,
        rate_from: "asked for".to_owned(),
        left_out: Vec::new(),
        rows: vec![
            Row::measured("ipmp", Class::Carrier, Event::Failure, &trials),
            Row::measured("ipmp", Class::Carrier, Event::Repair, &trials),
            Row::measured("bond", Class::Carrier, Event::Failure, &trials),
            Row::unsupported("bond", Class::Silent, Event::Failure, "it looks at carriers only"),
        ],
    }
}

#[test]
fn rows_of_the_same_event_stand_together() {
    let results = results();
    let groups = groups(&results.rows);
    let shown: Vec<Vec<_>> =
        groups.iter().map(|(_, rows)| rows.iter().map(|row| row.system.as_str()).collect()).collect();
    assert_eq!(shown, [vec!["ipmp", "bond"], vec!["ipmp"], vec!["bond"]]);
}

#[test]
fn every_outage_is_a_dot_and_what_was_not_measured_says_why() {
    let text = draw(&results());
    assert_eq!(text.matches("fill-opacity").count(), 3 * 3 * 4);
    assert!(text.contains("not supported: it looks at carriers only"));
    assert!(text.contains("--class &lt;all&gt;"), "the command is text, not markup");
}

#[test]
#[expect(clippy::float_cmp, reason = "places at the ends")]
fn the_scale_has_room_for_the_shortest_and_the_longest_and_for_zero() {
    let scale = Scale::new(0.0, 100.0, [0.3, 0.0, 250.0].into_iter());
    assert_eq!(scale.place(1000.0), 100.0);
    assert!(scale.place(0.0) < scale.place(0.1));
    assert!(scale.place(0.3) < scale.place(3.0) && scale.place(3.0) < scale.place(250.0));
    let labels: Vec<_> = scale.marks().into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, ["none", "0.1 ms", "1 ms", "10 ms", "100 ms", "1 s"]);
}

#[test]
fn a_scale_of_nothing_and_of_one_value_has_marks_too() {
    assert_eq!(Scale::new(0.0, 1.0, std::iter::empty()).marks().len(), 3);
    assert_eq!(Scale::new(0.0, 1.0, [10.0].into_iter()).marks().len(), 3);
}
