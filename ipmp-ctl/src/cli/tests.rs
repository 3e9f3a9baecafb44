use std::path::Path;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definitions_agree_with_each_other() {
    Cli::command().debug_assert();
}

#[test]
fn everything_has_the_documented_default() {
    let cli = parse("ipmp-ctl daemon").unwrap();
    assert_eq!(cli.socket, Path::new("/run/ipmp/control.sock"));
    let Command::Daemon(args) = cli.command else { panic!("{:?}", cli.command) };
    assert_eq!(args.config, Path::new("/etc/ipmp/ipmp.toml"));
    assert_eq!(args.pins, Path::new("/sys/fs/bpf/ipmp"));
    assert_eq!((args.netns, args.trace_packets, args.attach), (None, TraceLevel::Off, AttachBy::Auto));
}

#[test]
fn the_socket_may_stand_before_or_after_the_command() {
    for line in
        ["ipmp-ctl --socket /x stat", "ipmp-ctl stat --socket /x", "ipmp-ctl flow --socket=/x g ::1 ::2"]
    {
        assert_eq!(parse(line).unwrap().socket, Path::new("/x"), "{line}");
    }
}

#[test]
fn fields_are_separated_by_commas() {
    let Command::Stat(args) = parse("ipmp-ctl stat -P -i -o interface,Link").unwrap().command else {
        panic!()
    };
    assert_eq!(args.fields, ["interface", "Link"]);
    assert!(args.parsable && args.interfaces);
}

#[test]
fn wrong_usage_exits_with_2() {
    let lines = [
        "ipmp-ctl",
        "ipmp-ctl offline",
        "ipmp-ctl offline eth0 eth1",
        "ipmp-ctl offline -x eth0",
        "ipmp-ctl online",
        "ipmp-ctl online -f eth0",
        "ipmp-ctl stat -P",
        "ipmp-ctl stat -g -a",
        "ipmp-ctl stat -t -p",
        "ipmp-ctl stat extra",
        "ipmp-ctl stat --json -o group",
        "ipmp-ctl stat --json -P -o group",
        "ipmp-ctl daemon --trace-packets loud",
        "ipmp-ctl daemon --attach xdp",
        "ipmp-ctl down",
        "ipmp-ctl flow ipmp0 192.0.2.1",
        "ipmp-ctl flow ipmp0 192.0.2.1/24 192.0.2.2",
        "ipmp-ctl flow ipmp0 192.0.2.1 192.0.2.2 --sport 1",
        "ipmp-ctl flow ipmp0 192.0.2.1 192.0.2.2 --proto 256",
        "ipmp-ctl flow ipmp0 192.0.2.1 192.0.2.2 --proto tcp --sport 65536",
    ];
    for line in lines {
        assert_eq!(parse(line).map(|_| ()).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn usage_errors_of_our_own_show_the_usage_of_the_command() {
    let error = usage("flow", ErrorKind::ValueValidation, "no such thing");
    assert_eq!(error.exit_code(), 2);
    let text = error.to_string();
    assert!(text.starts_with("error: no such thing\n\nUsage: ipmp-ctl flow "), "{text}");
}
