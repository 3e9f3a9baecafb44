use super::*;

#[test]
fn the_names_are_those_that_the_command_line_takes() {
    assert_eq!(Class::value_variants(), Class::ALL);
    for class in Class::ALL {
        let taken = class.to_possible_value().expect("none is hidden");
        assert_eq!(taken.get_name(), class.name());
    }
}

#[test]
fn what_carriers_do_not_show_needs_probes() {
    for (class, need) in [
        (Class::Carrier, Need::Carrier),
        (Class::Deleted, Need::NewMember),
        (Class::Silent, Need::Probes),
        (Class::OneWayIn, Need::Probes),
        (Class::SwitchRestart, Need::Carrier),
        (Class::Failback, Need::Carrier),
        (Class::StandbyStepDown, Need::Standby),
        (Class::Offline, Need::Orders),
        (Class::WeightChange, Need::Orders),
    ] {
        assert_eq!(class.need(), need, "{class}");
    }
}
