//! Hosts that hold whatever addresses and routes: for properties.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use proptest::{collection::vec, prelude::*, sample::select};

use super::ip;

/// The NICs of such a host.
pub(crate) const NICS: [&str; 3] = ["e0", "e1", "e2"];

/// Commands for ip(8) that give `e0` and `e1` addresses and routes. It refuses some of them.
pub(crate) fn commands() -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![3 => address(), 4 => route()], 0..12).prop_map(|mut commands| {
        // Routes need the addresses that they lead by.
        commands.sort_by_key(|command| !command.starts_with("addr"));
        commands
    })
}

/// Makes the NICs, each with a link, and does all that of these commands can be done. In the namespace of the calling thread.
pub(crate) fn make(commands: &[String]) {
    for (number, nic) in NICS.iter().enumerate() {
        ip(&format!("link add {nic} type veth peer name p{number}"));
        ip(&format!("link set {nic} addrgenmode none"));
        ip(&format!("link set {nic} up"));
        ip(&format!("link set p{number} up"));
    }
    let mut batch = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ip of iproute2");
    let mut input = batch.stdin.take().expect("a pipe");
    input.write_all((commands.join("\n") + "\n").as_bytes()).expect("it reads");
    drop(input);
    // It fails if any of them does.
    batch.wait().expect("a child");
}

fn nic() -> impl Strategy<Value = &'static str> {
    select(&NICS[..2])
}

fn address() -> impl Strategy<Value = String> {
    const V4: [&str; 8] = [
        "",
        "",
        " broadcast +",
        " noprefixroute",
        " label NIC:web",
        " metric 300",
        " valid_lft 900 preferred_lft 600",
        " valid_lft 900 preferred_lft 0",
    ];
    const V6: [&str; 7] = [
        "",
        "",
        " noprefixroute",
        " home",
        " metric 300",
        " valid_lft 900 preferred_lft 600",
        " valid_lft 900 preferred_lft 0",
    ];
    let v4 = (nic(), 0..2u8, 1..5u8, select(&[24, 24, 25, 32][..]), select(&V4[..])).prop_map(
        |(nic, net, host, length, more)| {
            format!("addr add 10.1.{net}.{host}/{length} dev {nic}{}", more.replace("NIC", nic))
        },
    );
    let v6 = (nic(), 0..2u8, 1..5u8, select(&V6[..])).prop_map(|(nic, net, host, more)| {
        // An interface holds an IPv6 address only once.
        let length = if host == 4 { 128 } else { 64 };
        format!("addr add 2001:db8:{net}::{host}/{length} dev {nic} nodad{more}")
    });
    // All addresses of one subnet have to be of one scope.
    let local =
        (nic(), 1..5u8).prop_map(|(nic, host)| format!("addr add 10.2.0.{host}/32 dev {nic} scope link"));
    prop_oneof![4 => v4, 4 => v6, 1 => local]
}

fn route() -> impl Strategy<Value = String> {
    const V4: [&str; 9] = [
        "",
        "",
        " src 10.1.NET.1",
        " onlink",
        " mtu 1300",
        " table 77",
        " advmss 1200 initcwnd 20",
        " tos 0x10",
        " proto static",
    ];
    const V6: [&str; 8] = [
        "",
        "",
        " src 2001:db8:NET::1",
        " pref high",
        " table 77",
        " mtu 1400",
        " expires 800",
        " proto ra expires 700",
    ];
    let verb = || select(&["add", "append"][..]);
    let metric = || select(&["", "", " metric 50", " metric 51"][..]);
    let router = || prop::option::weighted(0.8, 250..254u8);
    let v4 = (verb(), nic(), select(&["default", "198.51.100.0/24", "203.0.113.7"][..]), 0..2u8);
    let v4 =
        (v4, router(), metric(), select(&V4[..])).prop_map(|((verb, nic, to, net), router, metric, more)| {
            let via = router.map(|host| format!(" via 10.1.{net}.{host}")).unwrap_or_default();
            format!("route {verb} {to}{via} dev {nic}{metric}{}", more.replace("NET", &net.to_string()))
        });
    let v6 = (verb(), nic(), select(&["::/0", "2001:db8:77::/48", "2001:db8:99::7"][..]), 0..2u8);
    let v6 =
        (v6, router(), metric(), select(&V6[..])).prop_map(|((verb, nic, to, net), router, metric, more)| {
            let via = router.map(|host| format!(" via 2001:db8:{net}::{host:x}")).unwrap_or_default();
            format!("route {verb} {to}{via} dev {nic}{metric}{}", more.replace("NET", &net.to_string()))
        });
    prop_oneof![v4, v6]
}
