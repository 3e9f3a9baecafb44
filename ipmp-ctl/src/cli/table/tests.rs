use super::*;

type Row = [&'static str; 3];

const FIELDS: [Field<Row>; 3] = [
    Field::new("INTERFACE", 12, |row| row[0].to_owned()),
    Field::new("TESTADDR", 20, |row| row[1].to_owned()),
    Field::new("TARGETS", 38, |row| row[2].to_owned()),
];

fn all() -> Vec<&'static Field<Row>> {
    FIELDS.iter().collect()
}

#[test]
fn columns_are_aligned_and_the_last_is_not_padded() {
    let rows = [["eth0", "198.51.100.40", "198.51.100.1"], ["eth4", "", ""]];
    let expected = "\
INTERFACE   TESTADDR            TARGETS
eth0        198.51.100.40       198.51.100.1
eth4        --                  --
";
    assert_eq!(human(&all(), &rows, None), expected);
}

#[test]
fn what_is_too_long_takes_its_room_from_what_follows() {
    let rows = [
        ["eth2", "fe80::21b:21ff:fe0a:2", "fe80::1"],
        ["exactly12chr", "198.51.100.40", "198.51.100.1"],
        ["an-interface-so-long", "10.0.0.1", "10.0.0.2"],
        ["an-interface-so-long", "fe80::21b:21ff:fe0a:2", "fe80::1"],
    ];
    let expected = "\
INTERFACE   TESTADDR            TARGETS
eth2        fe80::21b:21ff:fe0a:2 fe80::1
exactly12chr 198.51.100.40      198.51.100.1
an-interface-so-long 10.0.0.1   10.0.0.2
an-interface-so-long fe80::21b:21ff:fe0a:2 fe80::1
";
    assert_eq!(human(&all(), &rows, None), expected);
}

#[test]
fn the_header_comes_again_on_each_page() {
    let rows = [["a", "", ""]; 5];
    let first = |text: String| text.lines().map(|line| line.starts_with('I')).collect::<Vec<_>>();
    let header = |height| first(human(&all(), &rows, height));
    assert_eq!(header(Some(3)), [true, false, false, true, false, false, true, false]);
    assert_eq!(header(Some(24)), [true, false, false, false, false, false]);
    assert_eq!(header(None), [true, false, false, false, false, false]);
    // A terminal of one line still shows something.
    assert_eq!(header(Some(1)).len(), 10);
}

#[test]
fn without_lines_there_is_the_header() {
    assert_eq!(human(&all(), &[], None), "INTERFACE   TESTADDR            TARGETS\n");
    assert_eq!(human(&all(), &[], Some(10)), "INTERFACE   TESTADDR            TARGETS\n");
    assert_eq!(parsable(&all(), &[]), "");
}

#[test]
fn several_values_for_programs_are_escaped() {
    let rows = [["eth0", "2001:db8::20", r"back\slash"], ["eth1", "", ""]];
    assert_eq!(parsable(&all(), &rows), "eth0:2001\\:db8\\:\\:20:back\\\\slash\neth1::\n");
}

#[test]
fn a_single_value_for_programs_is_not_escaped() {
    let rows = [["eth0", "2001:db8::20", r"back\slash"], ["eth1", "", ""]];
    assert_eq!(parsable(&[&FIELDS[1]], &rows), "2001:db8::20\n\n");
    assert_eq!(parsable(&[&FIELDS[2]], &rows), "back\\slash\n\n");
}
