//! `NetworkManager`: connection profiles (nm-settings-keyfile(5)) and its configuration (NetworkManager.conf(5)).

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

const PROFILES: [&str; 3] = [
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
];

const CONF: &str = "/etc/NetworkManager/NetworkManager.conf";

const CONF_DIRECTORIES: [&str; 3] =
    ["/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"];

struct Profile {
    path: String,
    sections: Vec<Section>,
}

pub(super) fn look(tree: &Tree, subject: &Subject, survey: &mut Survey) {
    if !tree.is_enabled("NetworkManager.service") && !tree.has("/run/NetworkManager") {
        return;
    }
    let conf: Vec<_> = [CONF.to_owned()]
        .into_iter()
        .chain(tree.merged(&CONF_DIRECTORIES, ".conf"))
        .flat_map(|path| ini::parse(&tree.read(&path).unwrap_or_default()))
        .collect();
    let profiles = profiles(tree);
    let obstacles = survey.obstacles.len();
    let mut taken = Vec::new();
    let mut is_taken = false;
    for member in subject.members.iter().filter(|member| !is_unmanaged(&conf, &member.name)) {
        let of_member: Vec<_> = profiles.iter().filter(|profile| is_for(profile, member)).collect();
        for profile in &of_member {
            find(tree, member, profile, survey);
            object(member, profile, survey);
        }
        let makes_its_own = of_member.is_empty() && !has_no_default(&conf, &member.name);
        if makes_its_own {
            survey.find(
                CONF,
                0,
                format!("NetworkManager makes a profile of its own for {}, with DHCP", member.name),
            );
        }
        is_taken |= makes_its_own || !of_member.is_empty();
        taken.extend(of_member);
    }
    if is_taken && survey.obstacles.len() == obstacles {
        survey.edits.extend(edits(tree, subject, &taken));
    }
}

fn profiles(tree: &Tree) -> Vec<Profile> {
    let paths = tree
        .merged(&PROFILES, "")
        .into_iter()
        .filter(|path| !name_of(path).starts_with('.') && !path.ends_with('~'));
    let profiles =
        paths.map(|path| Profile { sections: ini::parse(&tree.read(&path).unwrap_or_default()), path });
    profiles
        .filter(|Profile { sections, .. }| {
            matches!(ini::get(sections, "connection", "type"), Some("ethernet" | "802-3-ethernet"))
                && ini::get(sections, "connection", "autoconnect") != Some("false")
        })
        .collect()
}

/// Whether a profile may be activated on this NIC: it names it by its name or its MAC address, or names none.
fn is_for(Profile { sections, .. }: &Profile, member: &Member) -> bool {
    let own =
        |key| ["ethernet", "802-3-ethernet"].iter().find_map(|section| ini::get(sections, section, key));
    let name = ini::get(sections, "connection", "interface-name").is_none_or(|name| name == member.name);
    let mac = own("mac-address")
        .is_none_or(|mac| member.mac.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(mac)));
    let pattern = ini::get(sections, "match", "interface-name").is_none_or(|patterns| {
        let mut patterns = patterns.split([';', ' ']).filter(|pattern| !pattern.is_empty());
        patterns.any(|pattern| Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(&member.name)))
    });
    name && mac && pattern
}

/// Whether this NIC is left alone already.
fn is_unmanaged(conf: &[Section], name: &str) -> bool {
    ["unmanaged-devices", "unmanaged-devices+"]
        .iter()
        .flat_map(|key| ini::all(conf, "keyfile", key))
        .any(|entry| entry.value.split([';', ',']).any(|device| names(device, name)))
}

/// Whether no profile is made for a NIC that has none.
fn has_no_default(conf: &[Section], name: &str) -> bool {
    ini::all(conf, "main", "no-auto-default")
        .any(|entry| entry.value.split([';', ',']).any(|device| device.trim() == "*" || names(device, name)))
}

/// Whether a device of a list is this NIC, as far as it is given by name.
fn names(device: &str, name: &str) -> bool {
    let device = device.trim();
    let pattern = device.strip_prefix("interface-name:").map(|pattern| pattern.trim_start_matches('='));
    device == name
        || pattern.is_some_and(|pattern| Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name)))
}

fn find(tree: &Tree, member: &Member, Profile { path, sections }: &Profile, survey: &mut Survey) {
    let (name, origin) = (&member.name, netplan::origin(tree, path));
    let before = survey.findings.len();
    for family in ["ipv4", "ipv6"] {
        for section in sections.iter().filter(|section| section.name == family) {
            for entry in &section.entries {
                let number = entry.key.strip_prefix("address");
                if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
                    let address = entry.value.split(',').next().unwrap_or_default();
                    survey.find(path, entry.line, format!("NetworkManager puts {address} on {name}{origin}"));
                }
                if entry.key == "method" && is_automatic(&entry.value) {
                    let how = if family == "ipv4" { "DHCP" } else { "router advertisements" };
                    survey.find(
                        path,
                        entry.line,
                        format!("NetworkManager asks for addresses of {name} by {how}{origin}"),
                    );
                }
            }
        }
    }
    if survey.findings.len() == before {
        survey.find(path, 0, format!("NetworkManager sets up {name}{origin}"));
    }
}

fn is_automatic(method: &str) -> bool {
    matches!(method, "auto" | "dhcp")
}

fn object(member: &Member, Profile { path, sections }: &Profile, survey: &mut Survey) {
    for key in ["master", "controller"] {
        for entry in ini::all(sections, "connection", key) {
            survey.object(
                path,
                entry.line,
                format!("it makes {} a part of {}; see to that by hand", member.name, entry.value),
            );
        }
    }
    for section in sections.iter().filter(|section| matches!(section.name.as_str(), "802-1x" | "dcb")) {
        survey.object(path, section.line, format!(
            "it sets up {} of {}, which NetworkManager does no more when it leaves it alone; see to that by hand", section.name, member.name
        ));
    }
    for section in ["ethernet", "802-3-ethernet"] {
        for key in ["mtu", "cloned-mac-address"] {
            for entry in ini::all(sections, section, key) {
                survey.object(path, entry.line, format!(
                    "it sets the {key} of {}, which NetworkManager does no more when it leaves it alone; set it in a .link file (systemd.link(5)) first", member.name
                ));
            }
        }
    }
}

fn edits(tree: &Tree, subject: &Subject, taken: &[&Profile]) -> Vec<Edit> {
    let group = &subject.group;
    let names: Vec<_> = subject.members.iter().map(|member| member.name.clone()).collect();
    let wanted = taken.iter().find(|profile| is_needed(&profile.sections));
    // A NIC without a profile has had DHCP.
    let is_ours = wanted.is_some() || taken.is_empty();
    let alone = names.iter().cloned().chain([peer_name(group)]).chain((!is_ours).then(|| group.clone()));
    let devices: Vec<_> = alone.map(|name| format!("interface-name:{name}")).collect();
    let mut conf = headline(group) + &format!("[keyfile]\nunmanaged-devices+={}\n", devices.join(";"));
    if is_ours {
        // It is a veth, which is not managed unless somebody asks for it.
        conf = format!(
            "{conf}\n[device-{group}]\nmatch-device=interface-name:{group}\nmanaged=1\nkeep-configuration=yes\n"
        );
    }
    let leaves = names.iter().cloned().chain((!is_ours).then(|| group.clone()));
    let purpose = format!("NetworkManager leaves {} alone", leaves.collect::<Vec<_>>().join(", "));
    let mut edits =
        vec![Edit::of(tree, &format!("{}/90-ipmp-{group}.conf", CONF_DIRECTORIES[0]), conf, 0o644, purpose)];
    if is_ours {
        let path = format!("{}/ipmp-{group}.nmconnection", PROFILES[0]);
        let sections = wanted.map(|profile| profile.sections.clone()).unwrap_or_default();
        let from = wanted.map_or("what NetworkManager makes by itself", |profile| profile.path.as_str());
        let text = headline(group) + ini::render(&of_group(sections, subject)).trim_start();
        edits.push(Edit::of(
            tree,
            &path,
            text,
            0o600,
            format!("{group} has the profile of its members ({from})"),
        ));
    }
    edits
}

/// Whether a profile sets up more than addresses and routes.
fn is_needed(sections: &[Section]) -> bool {
    let has = |key| {
        ["ipv4", "ipv6"]
            .iter()
            .any(|family| ini::get(sections, family, key).is_some_and(|value| !value.is_empty()))
    };
    let automatic = ini::get(sections, "ipv4", "method").is_none_or(is_automatic)
        || ini::get(sections, "ipv6", "method") == Some("dhcp");
    automatic || has("dns") || has("dns-search")
}

/// The profile as that of the group interface.
fn of_group(mut sections: Vec<Section>, subject: &Subject) -> Vec<Section> {
    let group = subject.group.as_str();
    sections.retain(|section| !matches!(section.name.as_str(), "ethernet" | "802-3-ethernet" | "match"));
    for section in sections.iter_mut().filter(|section| section.name == "connection") {
        section.entries.retain(|entry| !matches!(entry.key.as_str(), "uuid" | "timestamp"));
    }
    for (key, value) in
        [("id", group), ("type", "ethernet"), ("interface-name", group), ("autoconnect", "true")]
    {
        ini::set(&mut sections, "connection", key, value);
    }
    for family in ["ipv4", "ipv6"] {
        if ini::get(&sections, family, "method").is_none() {
            ini::set(&mut sections, family, "method", "auto");
        }
    }
    if let Some(token) = subject.ipv6_token {
        // It takes one in this mode only.
        ini::set(&mut sections, "ipv6", "addr-gen-mode", "eui64");
        ini::set(&mut sections, "ipv6", "token", &token.to_string());
    }
    sections
}
