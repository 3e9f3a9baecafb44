use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn where_all_was_dark_the_first_arrival_ends_the_outage() {
    let found = Outage { missing: ms(700), first_after: Some(ms(30)), ..Outage::default() };
    let window = 0..1_000_000_000;
    assert_eq!(Sample::of(&found, &window, false).outage, ms(700));
    assert_eq!(Sample::of(&found, &window, true).outage, ms(30));
}

#[test]
fn an_outage_without_end_is_said_to_be_open() {
    let window = 0..1_000_000_000;
    let dark = Sample::of(&Outage::default(), &window, true);
    assert!(dark.open);
    assert_eq!(dark.outage, ms(1000));
    let missing = Outage { missing: ms(900), open: true, first_after: Some(ms(1)), ..Outage::default() };
    assert!(Sample::of(&missing, &window, false).open);
}
