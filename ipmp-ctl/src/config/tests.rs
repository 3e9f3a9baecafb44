//! Texts in, configurations or messages out.

use std::path::Path;

use super::{Config, Warning};

mod across;
mod address;
mod example;
mod load;
mod manual;
mod name;
mod properties;
mod report;
mod route;
mod syntax;
mod values;

/// The example of the manual.
const EXAMPLE: &str = r#"# /etc/ipmp/ipmp.toml
failure-detection-time = "10s"     # 30ms .. 600s
failback = true
probe-hook = "auto"                # auto | tc | xdp | xdp-generic

[group.ipmp0]
addresses = ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"]   # data addresses
routes    = ["default via 192.0.2.1"]          # optional; anything may also be set with ip(8) on ipmp0
targets   = []                                 # optional: probe exactly these
receive   = "group"                            # group | member

[group.ipmp0.member.eth0]
test-addresses = ["192.0.2.21"]                # IPv6 link-local is used beside it
[group.ipmp0.member.eth1]
test-addresses = ["192.0.2.22"]
weight = 4                                     # optional share of the traffic; default: from the link speed
[group.ipmp0.member.eth2]
standby = true
"#;

fn file() -> &'static Path {
    Path::new("f.toml")
}

/// The configuration of a text that has one, and its warnings.
fn good(text: &str) -> (Config, Vec<String>) {
    let (config, warnings) = Config::parse(text, file()).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    (config, warnings.iter().map(Warning::to_string).collect())
}

/// What is wrong with a text.
fn problems(text: &str) -> Vec<String> {
    let errors = Config::parse(text, file()).err();
    errors.into_iter().flat_map(|errors| errors.problems).map(|problem| problem.to_string()).collect()
}

/// Parses each text and compares its problems with the expected ones.
#[track_caller]
fn assert_problems<const N: usize>(cases: [(String, &[&str]); N]) {
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(text, expected)| {
            let found = problems(&text);
            (found != expected).then(|| format!("{text}\nexpected {expected:#?}\nfound {found:#?}\n"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text in which a group has this line, as line 2.
fn in_group(line: &str) -> String {
    format!("[group.g]\n{line}\n[group.g.member.a]\n")
}

/// A text in which a member has this line, as line 4; its group has the subnets `192.0.2.0/24` and
/// `2001:db8::/64`.
fn in_member(line: &str) -> String {
    format!("[group.g]\naddresses = [\"192.0.2.10/24\", \"2001:db8::10/64\"]\n[group.g.member.a]\n{line}\n")
}
