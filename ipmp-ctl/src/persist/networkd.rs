//! systemd-networkd: the first file by name that matches an interface counts (systemd.network(5)).

use glob::Pattern;

use super::{
    Member, Subject, Survey,
    edit::Edit,
    headline,
    ini::{self, Section},
    netplan,
    tree::{Tree, name_of},
};
use crate::kernel::group_link::peer_name;

/// Where its files are; of equal names that in the first directory counts.
const DIRECTORIES: [&str; 4] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
];

/// What in `[Network]` the configuration of the group has by now, and what is set for the group interface in any case.
const NOT_COPIED: [&str; 6] = [
    "Address",
    "Gateway",
    "Description",
    "ConfigureWithoutCarrier",
    "IgnoreCarrierLoss",
    "KeepConfiguration",
];

/// What is as good left to the kernel, and no reason to manage the group interface.
const USUAL: [&str; 3] = ["DHCP", "IPv6AcceptRA", "LinkLocalAddressing"];

/// What of a route the configuration of a group can say.
const SAYABLE: [&str; 4] = ["Destination", "Gateway", "Metric", "PreferredSource"];

/// The file that counts for an interface.
struct Network {
    path: String,
    /// With those of its drop-ins.
    sections: Vec<Section>,
}

pub(super) fn look(tree: &Tree, subject: &Subject, survey: &mut Survey) {
    if !tree.is_enabled("systemd-networkd.service") && !tree.has("/run/systemd/netif/state") {
        return;
    }
    let obstacles = survey.obstacles.len();
    let mut taken: Vec<(&Member, Network)> = Vec::new();
    for member in &subject.members {
        if let Some(network) = counting(tree, member)
            && !is_unmanaged(&network)
        {
            find(tree, member, &network, survey);
            object(subject, member, &network, survey);
            taken.push((member, network));
        }
    }
    if !taken.is_empty() && survey.obstacles.len() == obstacles {
        survey.edits.extend(edits(tree, subject, &taken));
    }
}

/// The first file that matches.
fn counting(tree: &Tree, member: &Member) -> Option<Network> {
    let paths = tree.merged(&DIRECTORIES, ".network");
    let path = paths.into_iter().find(|path| {
        // One that is a link to /dev/null is empty, and matches nothing.
        matches(&ini::parse(&tree.read(path).unwrap_or_default()), member)
    })?;
    let mut sections = ini::parse(&tree.read(&path)?);
    let below: Vec<_> =
        DIRECTORIES.iter().map(|directory| format!("{directory}/{}.d", name_of(&path))).collect();
    let below: Vec<_> = below.iter().map(String::as_str).collect();
    for dropin in tree.merged(&below, ".conf") {
        sections.extend(ini::parse(&tree.read(&dropin).unwrap_or_default()));
    }
    Some(Network { path, sections })
}

/// Whether `[Match]` is about this NIC. What cannot be told from here (a driver, a path) is taken to be.
fn matches(sections: &[Section], member: &Member) -> bool {
    let mut conditions = sections
        .iter()
        .filter(|section| section.name == "Match")
        .flat_map(|section| &section.entries)
        .peekable();
    if conditions.peek().is_none() {
        return false;
    }
    conditions.all(|condition| match condition.key.as_str() {
        "Name" => matches_name(&condition.value, &member.name),
        "MACAddress" | "PermanentMACAddress" => {
            let mac = member.mac.as_deref().unwrap_or_default();
            condition.value.split_whitespace().any(|value| value.replace('-', ":").eq_ignore_ascii_case(mac))
        }
        "Type" => matches_name(&condition.value, "ether"),
        // A NIC has none.
        "Kind" | "SSID" | "BSSID" | "WLANInterfaceType" => condition.value.starts_with('!'),
        _ => true,
    })
}

/// Patterns between spaces; a `!` before the first turns all of them round.
fn matches_name(patterns: &str, name: &str) -> bool {
    let (turned, patterns) =
        patterns.strip_prefix('!').map_or((false, patterns), |patterns| (true, patterns));
    let mut patterns = patterns.split_whitespace();
    patterns.any(|pattern| Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name))) != turned
}

fn is_unmanaged(network: &Network) -> bool {
    ini::get(&network.sections, "Link", "Unmanaged").is_some_and(ini::is_true)
}

fn find(tree: &Tree, member: &Member, Network { path, sections }: &Network, survey: &mut Survey) {
    let (name, origin) = (&member.name, netplan::origin(tree, path));
    let before = survey.findings.len();
    for section in ["Network", "Address"] {
        for entry in ini::all(sections, section, "Address").filter(|entry| !entry.value.is_empty()) {
            survey.find(path, entry.line, format!("systemd-networkd puts {} on {name}{origin}", entry.value));
        }
    }
    for entry in ini::all(sections, "Network", "DHCP").filter(|entry| is_dhcp(&entry.value)) {
        survey.find(
            path,
            entry.line,
            format!("systemd-networkd asks for an address of {name} by DHCP{origin}"),
        );
    }
    if survey.findings.len() == before {
        let line = sections.iter().find(|section| section.name == "Match").map_or(0, |section| section.line);
        survey.find(
            path,
            line,
            format!("systemd-networkd manages {name}: it follows router advertisements there{origin}"),
        );
    }
}

fn is_dhcp(value: &str) -> bool {
    ini::is_true(value) || matches!(value, "ipv4" | "ipv6" | "both" | "v4" | "v6")
}

fn object(subject: &Subject, member: &Member, Network { path, sections }: &Network, survey: &mut Survey) {
    let name = &member.name;
    for entry in sections.iter().filter(|section| section.name == "Link").flat_map(|section| &section.entries)
    {
        if !matches!(entry.key.as_str(), "RequiredForOnline" | "RequiredFamilyForOnline" | "Unmanaged") {
            survey.object(path, entry.line, format!(
                "it sets {} of {name}, which networkd does no more when it leaves {name} alone; move it to a .link file (systemd.link(5)) first", entry.key
            ));
        }
    }
    for key in [
        "Bridge", "Bond", "VLAN", "VRF", "MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "VXLAN", "Tunnel",
        "MACsec", "Xfrm",
    ] {
        for entry in ini::all(sections, "Network", key) {
            survey.object(
                path,
                entry.line,
                format!("it makes {name} a part of {}; see to that by hand", entry.value),
            );
        }
    }
    if name_of(path) <= members_file(subject).as_str() {
        survey.object(
            path,
            1,
            format!("its name comes before {}, which would not count; rename it", members_file(subject)),
        );
    }
}

fn members_file(subject: &Subject) -> String {
    format!("00-ipmp-{}-members.network", subject.group)
}

fn edits(tree: &Tree, subject: &Subject, taken: &[(&Member, Network)]) -> Vec<Edit> {
    let group = &subject.group;
    let edit = |file: &str, text: String, purpose: String| {
        Edit::of(tree, &format!("{}/{file}", DIRECTORIES[0]), headline(group) + &text, 0o644, purpose)
    };
    let names: Vec<_> = subject.members.iter().map(|member| member.name.as_str()).collect();
    let left_alone = |names: &str| format!("[Match]\nName={names}\n\n[Link]\nUnmanaged=yes\n");
    let members = edit(
        &members_file(subject),
        left_alone(&format!("{} {}", names.join(" "), peer_name(group))),
        format!("systemd-networkd leaves {} alone", names.join(", ")),
    );
    let of_group = format!("00-ipmp-{group}.network");
    let copied = taken
        .iter()
        .map(|(member, network)| (member, copied(network)))
        .find(|(_, sections)| is_needed(sections));
    let group = match copied {
        Some((member, mut sections)) => {
            for key in ["ConfigureWithoutCarrier", "IgnoreCarrierLoss", "KeepConfiguration"] {
                ini::set(&mut sections, "Network", key, "yes");
            }
            if ini::get(&sections, "Network", "DHCP").is_some_and(is_dhcp) {
                // The server does not know the MAC addresses of the members.
                ini::set(&mut sections, "DHCPv4", "RequestBroadcast", "yes");
            }
            if let Some(token) = subject.ipv6_token {
                ini::set(&mut sections, "IPv6AcceptRA", "Token", &format!("static:{token}"));
            }
            edit(
                &of_group,
                format!("[Match]\nName={group}\n{}", ini::render(&sections)),
                format!("{group} has what else was set up for {}", member.name),
            )
        }
        None => edit(&of_group, left_alone(group), format!("systemd-networkd leaves {group} alone")),
    };
    vec![members, group]
}

/// What is set up besides addresses and routes that the configuration of the group has.
fn copied(network: &Network) -> Vec<Section> {
    let mut sections = network.sections.clone();
    sections.retain(|section| match section.name.as_str() {
        "Match" | "Link" | "Address" => false,
        "Route" => section.entries.iter().any(|entry| !SAYABLE.contains(&entry.key.as_str())),
        _ => true,
    });
    for section in sections.iter_mut().filter(|section| section.name == "Network") {
        section.entries.retain(|entry| !NOT_COPIED.contains(&entry.key.as_str()));
    }
    sections
}

fn is_needed(sections: &[Section]) -> bool {
    sections.iter().any(|section| {
        section.entries.iter().any(|entry| match section.name.as_str() {
            "Network" => !USUAL.contains(&entry.key.as_str()) || entry.key == "DHCP" && is_dhcp(&entry.value),
            // Of a client that does not run.
            "DHCPv4" | "DHCPv6" | "DHCP" | "IPv6AcceptRA" => false,
            _ => true,
        })
    })
}
