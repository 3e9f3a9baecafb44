use clap::{Parser, ValueEnum};

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn parse(line: &str) -> Result<Options, String> {
    let words = std::iter::once("outage").chain(line.split_whitespace());
    Line::try_parse_from(words).map(|line| line.options).map_err(|error| error.to_string())
}

fn names<T: ValueEnum>() -> Vec<String> {
    let shown = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    shown.map(|value| value.get_name().to_owned()).collect()
}

#[test]
fn without_a_choice_everything_is_measured() {
    let options = parse("").unwrap();
    assert_eq!(options.classes(), Class::ALL);
    assert_eq!(options.systems(), Kind::all());
}

#[test]
fn a_list_chooses_and_its_order_does_not_matter() {
    let options = parse("--class silent,carrier --class silent --system balance-xor-miimon10,ipmp").unwrap();
    assert_eq!(options.classes(), [Class::Carrier, Class::Silent]);
    assert_eq!(options.systems(), [Kind::Ipmp, Kind::XorMiimon10]);
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let message = parse("--class carrier,fire").unwrap_err();
    assert!(message.contains("'fire'"), "{message}");
    for name in names::<Class>() {
        assert!(message.contains(&name), "{name} in: {message}");
    }
    let message = parse("--system bond").unwrap_err();
    for name in names::<Kind>() {
        assert!(message.contains(&name), "{name} in: {message}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_with_the_range() {
    for (line, expected) in [
        ("--trials 0", "1..=5000"),
        ("--rate 5", "10 to 100000"),
        ("--rate fast", "`auto`"),
        ("--fdt 5ms", "30ms to 10s"),
        ("--fdt 100", "30ms to 10s"),
        ("--minutes 0", "0 is not in"),
    ] {
        let message = parse(line).unwrap_err();
        assert!(message.contains(expected), "{line}: {message}");
    }
}

#[test]
fn times_have_a_unit() {
    assert_eq!(parse("--fdt 30ms").unwrap().fdt, Duration::from_millis(30));
    assert_eq!(parse("--fdt 2s").unwrap().fdt, Duration::from_secs(2));
}

#[test]
fn an_earlier_run_is_drawn_by_class_system_and_event() {
    let row = |system: Kind, class: Class, event| Row {
        system: system.to_string(),
        class: class.to_string(),
        event,
        what: String::new(),
        trials: 1,
        not_supported: None,
        ended_by: None,
        forced: 0,
        streams: vec![],
        connections: 0,
        connections_lost: 0,
    };
    let options = parse("--draw f.json --class carrier --system ipmp --event failure").unwrap();
    assert!(options.chooses(&row(Kind::Ipmp, Class::Carrier, Event::Failure)));
    assert!(!options.chooses(&row(Kind::Ipmp, Class::Carrier, Event::Repair)));
    assert!(!options.chooses(&row(Kind::Ipmp, Class::Silent, Event::Failure)));
    assert!(!options.chooses(&row(Kind::XorMiimon10, Class::Carrier, Event::Failure)));
    assert!(parse("--event failure").is_err(), "a measurement is of both");
}
