use super::{assert_problems, good, in_group};

/// A text whose group has a route, on line 3, and is in `192.0.2.0/24` and `2001:db8::/64`.
fn route(route: &str) -> String {
    in_group(&format!("addresses = [\"192.0.2.10/24\", \"2001:db8::10/64\"]\nroutes = [\"{route}\"]"))
}

#[test]
fn routes_have_one_syntax() {
    assert_problems([
        (
            route(""),
            &[
                r#"f.toml:3: group g: route "": empty; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default"),
            &[
                r#"f.toml:3: group g: route "default": no `via`; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default via"),
            &[
                r#"f.toml:3: group g: route "default via": nothing after `via`; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default via router"),
            &[
                r#"f.toml:3: group g: route "default via router": unusable "router" after `via`; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default dev eth0"),
            &[
                r#"f.toml:3: group g: route "default dev eth0": unknown word "dev"; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default via 192.0.2.1 metric"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.1 metric": nothing after `metric`; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default via 192.0.2.1 metric -1"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.1 metric -1": unusable "-1" after `metric`; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("default via 192.0.2.1 via 192.0.2.2"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.1 via 192.0.2.2": `via` twice; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "via 192.0.2.1": unknown word "192.0.2.1"; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
        (
            route("198.51.100.1 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "198.51.100.1 via 192.0.2.1": 198.51.100.1 has no prefix length; write 198.51.100.1/32 for that host alone"#,
            ],
        ),
        (
            route("198.51.100.1/24 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "198.51.100.1/24 via 192.0.2.1": 198.51.100.1/24 has bits beyond its prefix; write 198.51.100.0/24"#,
            ],
        ),
        (
            route("2001:db8:1::1/48 via fe80::1"),
            &[
                r#"f.toml:3: group g: route "2001:db8:1::1/48 via fe80::1": 2001:db8:1::1/48 has bits beyond its prefix; write 2001:db8:1::/48"#,
            ],
        ),
        (
            route("198.51.100.0/33 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "198.51.100.0/33 via 192.0.2.1": "198.51.100.0/33" is no prefix; write default|PREFIX via ADDRESS [metric NUMBER] [src ADDRESS]"#,
            ],
        ),
    ]);
}

#[test]
fn routes_lead_somewhere_by_a_router_on_the_link() {
    assert_problems([
        (
            route("198.51.100.0/24 via fe80::1"),
            &[
                r#"f.toml:3: group g: route "198.51.100.0/24 via fe80::1": mixes IPv4 and IPv6; give addresses of one family"#,
            ],
        ),
        (
            route("::/0 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "::/0 via 192.0.2.1": mixes IPv4 and IPv6; give addresses of one family"#,
            ],
        ),
        (
            route("default via 192.0.2.1 src 2001:db8::10"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.1 src 2001:db8::10": mixes IPv4 and IPv6; give addresses of one family"#,
            ],
        ),
        (
            route("default via 198.51.100.1"),
            &[
                r#"f.toml:3: group g: route "default via 198.51.100.1": via 198.51.100.1 is in no data address's subnet; give a router on the link, or a data address in its subnet"#,
            ],
        ),
        (
            route("default via 192.0.2.255"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.255": via 192.0.2.255 is the broadcast address of its own subnet; give the address of the router"#,
            ],
        ),
        (
            route("default via 224.0.0.1"),
            &[
                r#"f.toml:3: group g: route "default via 224.0.0.1": via 224.0.0.1 is a multicast address; give the address of the router"#,
            ],
        ),
        (
            route("default via 192.0.2.1 src 192.0.2.11"),
            &[
                r#"f.toml:3: group g: route "default via 192.0.2.1 src 192.0.2.11": src 192.0.2.11 is no data address of the group; give one of them, or leave src out"#,
            ],
        ),
        (
            route("224.0.0.0/4 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "224.0.0.0/4 via 192.0.2.1": 224.0.0.0/4 is no destination for a route (multicast); remove the route"#,
            ],
        ),
        (
            route("127.0.0.0/8 via 192.0.2.1"),
            &[
                r#"f.toml:3: group g: route "127.0.0.0/8 via 192.0.2.1": 127.0.0.0/8 is no destination for a route (loopback); remove the route"#,
            ],
        ),
        (
            route("fe80::/64 via 2001:db8::1"),
            &[
                r#"f.toml:3: group g: route "fe80::/64 via 2001:db8::1": fe80::/64 is no destination for a route (link-local); remove the route"#,
            ],
        ),
    ]);
}

#[test]
fn routes_of_both_families_are_taken() {
    let cases = [
        ("default via 192.0.2.1", "0.0.0.0/0", "192.0.2.1", None, None),
        ("0.0.0.0/0 via 192.0.2.1 metric 0", "0.0.0.0/0", "192.0.2.1", Some(0), None),
        ("default via fe80::1", "::/0", "fe80::1", None, None),
        (
            "default  src 2001:db8::10 metric 7\\tvia 2001:db8::1",
            "::/0",
            "2001:db8::1",
            Some(7),
            Some("2001:db8::10"),
        ),
        ("198.51.100.0/24 via 192.0.2.1", "198.51.100.0/24", "192.0.2.1", None, None),
    ];
    for (text, destination, via, metric, source) in cases {
        let (config, _) = good(&route(text));
        let route = &config.groups[0].routes[0];
        assert_eq!(route.destination.to_string(), destination, "{text}");
        assert_eq!(route.via.to_string(), via, "{text}");
        assert_eq!(route.metric, metric, "{text}");
        assert_eq!(route.source.map(|source| source.to_string()).as_deref(), source, "{text}");
        assert_eq!(route.line, 3, "{text}");
    }
}
