use super::*;

type Row = ();

const FIELDS: [Field<Row>; 3] = [
    Field::new("GROUP", 12, |()| String::new()),
    Field::new("STATE", 12, |()| String::new()),
    Field::extra("DROPS", 12, |()| String::new()),
];

/// The names selected and those ignored.
fn selected(wanted: &[&str], parsable: bool) -> anyhow::Result<(Vec<&'static str>, Vec<String>)> {
    let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
    let selection = select(&FIELDS, &wanted, parsable)?;
    Ok((selection.fields.iter().map(|field| field.name).collect(), selection.ignored))
}

fn exit_code(error: &anyhow::Error) -> i32 {
    error.downcast_ref::<clap::Error>().map_or(1, clap::Error::exit_code)
}

#[test]
fn fields_come_in_the_order_asked_for_and_in_any_case() {
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&[], &["GROUP", "STATE"], &[]),
        (&["state", "Group"], &["STATE", "GROUP"], &[]),
        (&["drops"], &["DROPS"], &[]),
        (&["ALL"], &["GROUP", "STATE", "DROPS"], &[]),
        (&["state", "state"], &["STATE", "STATE"], &[]),
        (&["colour", "state", ""], &["STATE"], &["colour", ""]),
    ];
    for (wanted, fields, ignored) in cases {
        let (names, unknown) = selected(wanted, false).unwrap();
        assert_eq!((names.as_slice(), unknown.len()), (fields, ignored.len()), "{wanted:?}");
        assert_eq!(unknown, ignored, "{wanted:?}");
    }
}

#[test]
fn no_field_at_all_is_a_failure() {
    let error = selected(&["colour"], false).unwrap_err();
    assert_eq!(exit_code(&error), 1);
    assert_eq!(error.to_string(), "no valid output fields: choose among GROUP, STATE, DROPS");
}

#[test]
fn programs_must_name_known_fields() {
    assert_eq!(selected(&["drops", "group"], true).unwrap().0, ["DROPS", "GROUP"]);
    for wanted in [&["all"][..], &["group", "colour"]] {
        assert_eq!(exit_code(&selected(wanted, true).unwrap_err()), 2, "{wanted:?}");
    }
}
