use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use super::{Names, short};

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

#[test]
fn the_hosts_part_of_a_name_is_shown() {
    for (name, expected) in
        [("db1.example.com", Some("db1")), ("db1", Some("db1")), ("192.0.2.1", None), (".", None), ("", None)]
    {
        assert_eq!(short(name, address(1)).as_deref(), expected, "{name}");
    }
}

#[test]
fn an_address_is_shown_where_there_is_no_name() {
    let names = Names::with(|address| (address == self::address(1)).then(|| "router.example".to_owned()));
    assert_eq!(names.of(address(1)), "192.0.2.1", "nobody has asked yet");
    names.ask([address(1), address(2), address(1)], Duration::from_mins(1));
    assert_eq!(names.of(address(1)), "router");
    assert_eq!(names.of(address(2)), "192.0.2.2");
    assert_eq!(Names::numeric().of(address(1)), "192.0.2.1");
}

#[test]
fn a_resolver_that_never_answers_is_not_waited_for() {
    let names = Names::with(|address| {
        if address == self::address(9) {
            return Some("known".to_owned());
        }
        loop {
            std::thread::park();
        }
    });
    let begin = Instant::now();
    names.ask((0..9).map(address), Duration::from_millis(20));
    names.ask([address(9)], Duration::from_millis(20));
    // The only thing that must not happen is that this does not return.
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_eq!(names.of(address(3)), "192.0.2.3");
}
