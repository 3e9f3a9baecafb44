use super::{Heard, Severity, judge};

/// What is said of members `e0`, `e1`.. of which these have heard each other, as `listener<speaker`.
fn said(count: usize, heard: &str, mute: &[(&str, &str)]) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("e{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut matrix = Heard::new(count);
    for pair in heard.split_whitespace() {
        let (listener, speaker) = pair.split_once('<').expect("a pair");
        matrix.note(listener.parse().expect("a number"), speaker.parse().expect("a number"));
    }
    let mute: Vec<_> = mute.iter().map(|(name, why)| (*name, (*why).to_owned())).collect();
    let mark = |severity| match severity {
        Severity::Fine => "fine",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let findings = judge("g", &names, &matrix, &mute);
    findings.into_iter().map(|it| format!("{}: {}", mark(it.severity), it.text)).collect()
}

const ALL_OF_THREE: &str = "0<1 1<0 0<2 2<0 1<2 2<1";

#[test]
fn who_hears_whom_becomes_what_is_said() {
    type Case = (usize, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let cases: [Case; 10] = [
        (3, ALL_OF_THREE, &[], &["fine: group g: e0, e1, e2 hear each other: they are on one link"]),
        (
            3,
            "0<1 1<0",
            &[],
            &[
                "error: group g: e2 is on another link than e0, e1, for they do not hear each other: connect it to the \
               same link, or take it out of the group",
            ],
        ),
        (
            2,
            "",
            &[],
            &[
                "error: group g: e1 is on another link than e0, for they do not hear each other: connect it to the same \
               link, or take it out of the group",
            ],
        ),
        (
            4,
            "1<2 2<1 2<3 3<2 1<3 3<1",
            &[],
            &[
                "error: group g: e0 is on another link than e1, e2, e3, for they do not hear each other: connect it to \
               the same link, or take it out of the group",
            ],
        ),
        (
            4,
            "0<3 3<0 1<2 2<1",
            &[],
            &[
                "error: group g: e1, e2 are on another link than e0, e3, for they do not hear each other: connect them \
               to the same link, or take them out of the group",
            ],
        ),
        (
            3,
            "1<0 0<2 2<0 1<2 2<1",
            &[],
            &[
                "error: group g: e0 does not hear e1, though it is heard there: something between them drops broadcasts \
               one way",
            ],
        ),
        (
            2,
            "0<1 1<0 0<0",
            &[],
            &[
                "fine: group g: e0, e1 hear each other: they are on one link",
                "warning: group g: what e0 sends comes back to e0: there is a loop in its link",
            ],
        ),
        (
            2,
            "0<1 1<0",
            &[("e9", "it has no carrier")],
            &[
                "warning: group g: e9 could not be checked: it has no carrier",
                "fine: group g: e0, e1 hear each other: they are on one link",
            ],
        ),
        (
            1,
            "",
            &[("e9", "it is absent")],
            &[
                "warning: group g: e9 could not be checked: it is absent",
                "error: group g: fewer than two members have link: whether they share one is not proved",
            ],
        ),
        (1, "", &[], &["fine: group g: it has one member: there is nothing to check"]),
    ];
    for (count, heard, mute, expected) in cases {
        assert_eq!(said(count, heard, mute), expected, "{count} members, {heard:?}");
    }
}

#[test]
fn a_pair_that_is_heard_only_through_a_third_is_named() {
    let said = said(3, "0<1 1<0 1<2 2<1", &[]);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said.iter().all(|line| line.contains("though both hear others")), "{said:#?}");
}
