use std::ffi::OsString;

use super::{InMachine, Series};

fn asked(line: &str) -> anyhow::Result<Option<InMachine>> {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    InMachine::asked_for(&words)
}

#[test]
fn cost_and_whatever_names_a_kernel_is_for_the_machine() {
    let machine = |series, rest: &str| {
        Some(InMachine { series, arguments: rest.split_whitespace().map(OsString::from).collect() })
    };
    let cases = [
        ("", None),
        ("tcp --rounds 3", None),
        ("tcp cost", None),
        ("cost", machine(Series::V6_12, "cost")),
        ("cost --json --kernel 6.1", machine(Series::V6_1, "cost --json")),
        ("outage --kernel=6.12 --trials 3", machine(Series::V6_12, "outage --trials 3")),
    ];
    for (line, expected) in cases {
        assert_eq!(asked(line).unwrap(), expected, "{line}");
    }
}

#[test]
fn an_unknown_kernel_is_refused_with_the_known_ones() {
    for line in ["cost --kernel 5.10", "cost --kernel=", "cost --kernel"] {
        let why = asked(line).unwrap_err().to_string();
        assert!(why.contains("6.1 or 6.12"), "{line}: {why}");
    }
}
