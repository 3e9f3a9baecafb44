use clap::Parser as _;
use ipmp_ctl::control::protocol::Present;

use super::*;
use crate::cli::{Cli, Command};

fn args(line: &str) -> FlowArgs {
    let line = format!("ipmp-ctl flow ipmp0 {line}");
    match Cli::try_parse_from(line.split_whitespace()).unwrap().command {
        Command::Flow(args) => args,
        other => panic!("{other:?}"),
    }
}

fn reply(member: Option<&str>, bucket: Option<u32>) -> FlowReply {
    let member = member.map(str::to_owned);
    FlowReply { member, bucket, why: "its bucket".to_owned(), at_present: None, meanwhile: None }
}

#[test]
fn the_request_carries_the_protocol_by_number() {
    let cases = [
        ("192.0.2.10 198.51.100.7", None, 0, 0),
        ("192.0.2.10 198.51.100.7 --proto tcp --sport 4000 --dport 53", Some(6), 4000, 53),
        ("192.0.2.10 198.51.100.7 --proto UDP --dport 53", Some(17), 0, 53),
        ("192.0.2.10 198.51.100.7 --proto 132 --sport 1 --dport 2", Some(132), 1, 2),
        ("192.0.2.10 198.51.100.7 --proto icmp", Some(1), 0, 0),
        ("2001:db8::10 2001:db8::7 --proto icmp", Some(58), 0, 0),
        ("192.0.2.10 198.51.100.7 --proto 47", Some(47), 0, 0),
    ];
    for (line, protocol, sport, dport) in cases {
        let request = request(&args(line)).unwrap();
        assert_eq!(request.group, "ipmp0");
        assert_eq!(
            (request.protocol, request.source_port, request.destination_port),
            (protocol, sport, dport),
            "{line}"
        );
    }
}

#[test]
fn impossible_packets_are_bad_usage() {
    for line in ["192.0.2.10 ::1", "::1 192.0.2.10", "192.0.2.10 192.0.2.1 --proto icmp --sport 1"] {
        assert_eq!(request(&args(line)).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn the_answer_is_one_line() {
    let cases = [
        (
            "192.0.2.10 198.51.100.7 --proto udp --sport 4000 --dport 53",
            reply(Some("eth1"), Some(417)),
            "ipmp0: 192.0.2.10 -> 198.51.100.7 udp 4000 -> 53: eth1 (bucket 417: its bucket)\n",
        ),
        (
            "192.0.2.10 224.0.0.1",
            reply(Some("eth0"), None),
            "ipmp0: 192.0.2.10 -> 224.0.0.1: eth0 (its bucket)\n",
        ),
        ("::1 ::2 --proto icmp", reply(None, None), "ipmp0: ::1 -> ::2 icmp: no member (its bucket)\n"),
        ("::1 ::2 --proto 47", reply(None, None), "ipmp0: ::1 -> ::2 protocol 47: no member (its bucket)\n"),
    ];
    for (line, reply, expected) in cases {
        assert_eq!(sentence(&args(line), &reply), expected);
    }
}

#[test]
fn the_answer_for_a_failure_says_who_stands_in_and_who_carries_it_at_present() {
    let args = args("192.0.2.10 198.51.100.7 --if-failed eth0");
    assert_eq!(request(&args).unwrap().if_failed.as_deref(), Some("eth0"));
    let present = |member: &str| Some(Present { member: Some(member.to_owned()) });
    let answer = FlowReply { at_present: present("eth0"), ..reply(Some("eth1"), Some(7)) };
    assert_eq!(
        sentence(&args, &answer),
        "ipmp0: 192.0.2.10 -> 198.51.100.7: eth1 if eth0 fails (bucket 7: its bucket; at present eth0)\n"
    );
    let answer = FlowReply { meanwhile: Some("eth2".to_owned()), ..answer };
    assert!(sentence(&args, &answer).contains("until eth1 is activated eth2 stands in; at present eth0"));
}
