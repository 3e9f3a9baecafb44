//! Chains at devices, from `nft list chains`.
//!
//! From the text, because the JSON of nft 1.0.6 and its neighbours leaves the devices out.

use super::ruleset::Place;

/// Which way through the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    /// Received packets.
    Ingress,
    /// Sent packets.
    Egress,
}

/// A chain at devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hooked {
    /// The chain.
    pub(super) place: Place,
    /// The hook.
    pub(super) hook: Hook,
    /// Names of the devices.
    pub(super) devices: Vec<String>,
}

/// The chains at devices in what `nft list chains` prints.
pub(super) fn hooked(text: &str) -> Vec<Hooked> {
    let (mut family, mut table, mut chain) = ("", "", "");
    let mut found = Vec::new();
    for line in text.lines() {
        match *line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["table", a, b, "{"] => (family, table) = (a, b),
            ["chain", name, "{"] => chain = name,
            ["type", _, "hook", hook, "device" | "devices", ..] => {
                let hook = if hook == "egress" { Hook::Egress } else { Hook::Ingress };
                found.push(Hooked {
                    place: Place::chain(family, table, chain),
                    hook,
                    devices: devices(line),
                });
            }
            _ => {}
        }
    }
    found
}

/// The names in `.. device "eth0" priority ..` or `.. devices = { eth0, eth1 } priority ..`.
fn devices(line: &str) -> Vec<String> {
    let from = line.split_once(" device").map_or("", |(_, from)| from.trim_start_matches('s'));
    let list = from.split_once(" priority").map_or(from, |(list, _)| list);
    let separator = |character: char| character.is_whitespace() || "={},\"".contains(character);
    list.split(separator).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
