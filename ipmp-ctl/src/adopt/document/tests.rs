use super::{MemberSection, Section, with, without};

const REST: &str = "\
# The whole host.
failback = false # for now

# The other network.
[group.san]
addresses = [\"198.51.100.1/24\"]

[group.san.member.eth7]
test-addresses = []
";

fn section() -> Section {
    Section {
        group: "ipmp0".to_owned(),
        origin: "Adopted from eth0".to_owned(),
        addresses: vec!["192.0.2.10/24".to_owned(), "2001:db8::1/64".to_owned()],
        ipv6_token: Some("::10".parse().expect("a token")),
        routes: vec!["default via 192.0.2.1".to_owned()],
        members: vec![
            MemberSection { name: "eth0".to_owned(), ..MemberSection::default() },
            MemberSection {
                name: "eth1.100".to_owned(),
                standby: true,
                test_addresses: vec!["192.0.2.21/24".to_owned()],
            },
        ],
    }
}

#[test]
fn a_group_is_added_behind_everything_and_taken_away_again() {
    for (before, after) in [
        (REST, format!("{REST}\n")),
        ("", String::new()),
        ("failback = true", "failback = true".to_owned()),
        ("# Nothing yet.\n#\n", "# Nothing yet.\n#\n".to_owned()),
    ] {
        let text = with(before, &section());
        assert!(text.starts_with(before), "{text}");
        let config = crate::config::Config::parse(&text, "f".as_ref()).expect("valid").0;
        let group = config.group("ipmp0").expect("the group");
        assert_eq!((group.addresses.len(), group.routes.len(), group.members.len()), (2, 1, 2));
        assert!(group.member("eth1.100").expect("the member").standby);
        assert_eq!(group.ipv6_token, section().ipv6_token);
        let without = without(&text, "ipmp0").expect("valid");
        assert_eq!(without.trim_end(), after.trim_end(), "{without}");
    }
}

#[test]
fn a_group_in_the_middle_goes_with_its_comment_and_nothing_else() {
    let text = format!("{}\n# Behind.\n[group.last.member.eth9]\n", with(REST, &section()));
    let rest = without(&text, "ipmp0").expect("valid");
    assert!(rest.starts_with(REST) && rest.contains("# Behind.\n[group.last"), "{rest}");
    assert!(!rest.contains("ipmp0") && !rest.contains("Adopted"), "{rest}");
    assert_eq!(without(&text, "other").expect("valid"), text);
}
