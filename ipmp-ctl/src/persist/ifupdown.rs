//! ifupdown: `/etc/network/interfaces` and what it names (interfaces(5)).

use glob::Pattern;

use super::{Subject, Survey, edit::Edit, headline, tree::Tree};

const MAIN: &str = "/etc/network/interfaces";

/// Before a line that is ours no more.
const MARK: &str = "#ipmp# ";

/// Options that need more than to be left out.
const HOOKS: [&str; 6] = ["up", "post-up", "pre-up", "down", "post-down", "pre-down"];

/// Where address and routes are, which the configuration of the group has by now.
const ADDRESSES: [&str; 8] =
    ["address", "netmask", "gateway", "broadcast", "network", "pointopoint", "metric", "scope"];

/// What belongs to the NIC, whoever has its addresses.
const OF_THE_NIC: [&str; 2] = ["mtu", "hwaddress"];

/// An `iface` with its options, or another line that is none of those.
#[derive(Debug, Default)]
struct Stanza {
    /// Its lines, as a range of numbers from 0.
    lines: std::ops::Range<usize>,
    /// `iface`, its interface, family and method.
    words: Vec<String>,
    /// From the line on which it is, from 1.
    options: Vec<(usize, String, String)>,
}

pub(super) fn look(tree: &Tree, subject: &Subject, survey: &mut Survey) {
    if !tree.is_enabled("networking.service") && !tree.has("/run/network/ifstate") {
        return;
    }
    let obstacles = survey.obstacles.len();
    let mut edits = Vec::new();
    for path in files(tree) {
        let Some(text) = tree.read(&path) else { continue };
        if let Some(after) = look_at(tree, subject, &path, &text, survey) {
            let names: Vec<_> = subject.members.iter().map(|member| member.name.as_str()).collect();
            edits.push(Edit::of(
                tree,
                &path,
                after,
                0o644,
                format!("ifupdown leaves the addresses of {} alone", names.join(", ")),
            ));
        }
    }
    let group = &subject.group;
    if edits.iter().any(|edit| edit.after.contains(&format!("auto {group}\n"))) {
        let text = headline(group) + "[Unit]\nAfter=ipmp.service\nWants=ipmp.service\n";
        let path = format!("/etc/systemd/system/networking.service.d/ipmp-{group}.conf");
        edits.push(Edit::of(tree, &path, text, 0o644, format!("ifupdown begins when {group} is there")));
    }
    if survey.obstacles.len() == obstacles {
        survey.edits.extend(edits);
    }
}

/// The files that are read, in their order.
fn files(tree: &Tree) -> Vec<String> {
    let mut files = vec![MAIN.to_owned()];
    let text = tree.read(MAIN).unwrap_or_default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("source"), Some(pattern)) => files.extend(named(tree, pattern, false)),
            (Some("source-directory"), Some(pattern)) => {
                files.extend(named(tree, &format!("{}/*", pattern.trim_end_matches('/')), true));
            }
            _ => {}
        }
    }
    files
}

/// The files that a pattern names; of a directory those whose names say that they are no copies.
fn named(tree: &Tree, pattern: &str, is_plain: bool) -> Vec<String> {
    let pattern =
        if pattern.starts_with('/') { pattern.to_owned() } else { format!("/etc/network/{pattern}") };
    let Some((directory, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    let Ok(name) = Pattern::new(name) else { return Vec::new() };
    let plain =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let mut files = tree.list(directory);
    files.retain(|path| {
        let own = super::tree::name_of(path);
        // As the shell, which passes over hidden files.
        !own.starts_with('.') && name.matches(own) && (!is_plain || plain(own))
    });
    files
}

/// Looks at one file. Returns its text as it is to be, if that is another.
fn look_at(tree: &Tree, subject: &Subject, path: &str, text: &str, survey: &mut Survey) -> Option<String> {
    let is_member = |name: &String| subject.members.iter().any(|member| member.name == *name);
    let stanzas = stanzas(text);
    let of_members =
        || stanzas.iter().filter(|stanza| stanza.words.get(1).is_some_and(is_member) && !is_manual(stanza));
    let before = survey.findings.len();
    of_members().for_each(|stanza| find(path, stanza, survey));
    if survey.findings.len() == before {
        return None;
    }
    of_members().for_each(|stanza| object(path, stanza, survey));
    if text.contains("cloud-init") && !is_left_by_cloud_init(tree) {
        survey.object(path, 1, "cloud-init writes this file anew at each start; write `network: {config: disabled}` into /etc/cloud/cloud.cfg.d/99-no-network.cfg first");
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut manual: Vec<&str> = Vec::new();
    let mut of_group = String::new();
    let mut inserted: Vec<(usize, String)> = Vec::new();
    for stanza in of_members() {
        for line in &mut lines[stanza.lines.clone()] {
            if !line.trim().is_empty() {
                line.insert_str(0, MARK);
            }
        }
        let mut instead = String::new();
        if !manual.contains(&stanza.words[1].as_str()) {
            manual.push(&stanza.words[1]);
            instead = format!(
                "iface {} inet manual\n{}",
                stanza.words[1],
                options(stanza, |key| OF_THE_NIC.contains(&key))
            );
        }
        inserted.push((stanza.lines.end, instead));
        // One client is enough for a group, and one list of name servers.
        if !of_group.contains(&format!(" {} ", stanza.words[2])) {
            of_group += &group_stanza(&subject.group, stanza);
        }
    }
    if !of_group.is_empty()
        && let Some((_, text)) = inserted.last_mut()
    {
        let group = &subject.group;
        *text = format!("{text}\n# Group {group}, which has what its members had.\nauto {group}\n{of_group}");
    }
    // From the end, so that the numbers before stay true.
    for (at, text) in inserted.into_iter().rev() {
        lines.splice(at..at, text.lines().map(str::to_owned));
    }
    Some(lines.join("\n") + "\n")
}

/// What is left for the group interface when the addresses that its configuration has are left out.
fn group_stanza(group: &str, stanza: &Stanza) -> String {
    let [_, _, family, method] = stanza.words.as_slice() else { return String::new() };
    let rest = options(stanza, |key| !ADDRESSES.contains(&key) && !OF_THE_NIC.contains(&key));
    match method.as_str() {
        // What is left is none, or what the kernel does by itself.
        "static" | "auto" if rest.is_empty() => String::new(),
        "static" => format!("iface {group} {family} manual\n{rest}"),
        method => format!("iface {group} {family} {method}\n{rest}"),
    }
}

fn options(stanza: &Stanza, wanted: impl Fn(&str) -> bool) -> String {
    let lines = stanza.options.iter().filter(|(_, key, _)| wanted(key));
    lines.map(|(_, key, value)| format!("    {key} {value}\n")).collect::<Vec<_>>().concat()
}

fn is_manual(stanza: &Stanza) -> bool {
    stanza.words.get(3).is_some_and(|method| method == "manual")
}

fn find(path: &str, stanza: &Stanza, survey: &mut Survey) {
    let [_, name, family, method] = stanza.words.as_slice() else { return };
    let line = stanza.lines.start + 1;
    let address = stanza.options.iter().find(|(_, key, _)| key == "address");
    match (method.as_str(), address) {
        ("static", Some((line, _, address))) => {
            survey.find(path, *line, format!("ifupdown puts {address} on {name}"));
        }
        ("dhcp", _) => survey.find(path, line, format!("ifupdown asks for an address of {name} by DHCP")),
        (method, _) => survey.find(path, line, format!("ifupdown sets up {name} ({family} {method})")),
    }
}

fn object(path: &str, stanza: &Stanza, survey: &mut Survey) {
    let name = &stanza.words[1];
    if stanza.words.len() > 4 {
        survey.object(
            path,
            stanza.lines.start + 1,
            format!("{name} inherits what is said elsewhere; see to that by hand"),
        );
    }
    if !matches!(stanza.words.get(3).map(String::as_str), Some("static" | "dhcp" | "auto")) {
        survey.object(
            path,
            stanza.lines.start + 1,
            format!("the method is not known here; see to {name} by hand"),
        );
    }
    for (line, key, value) in &stanza.options {
        let is_part = ["bond-", "bond_", "bridge-", "bridge_", "vlan-", "vlan_", "wpa-"]
            .iter()
            .any(|prefix| key.starts_with(prefix));
        if HOOKS.contains(&key.as_str()) {
            survey.object(
                path,
                *line,
                format!("`{key} {value}` is run for {name}; move it to where it belongs first"),
            );
        } else if is_part {
            survey.object(path, *line, format!("{key} of {name}; see to that by hand"));
        }
    }
}

fn is_left_by_cloud_init(tree: &Tree) -> bool {
    let configs = tree.list("/etc/cloud/cloud.cfg.d").into_iter().chain(["/etc/cloud/cloud.cfg".to_owned()]);
    configs.into_iter().any(|path| {
        let text: String = tree.read(&path).unwrap_or_default().split_whitespace().collect();
        text.contains("network:{config:disabled}") || text.contains("network:config:disabled")
    })
}

/// The stanzas of a text. Lines that end with a backslash go on.
fn stanzas(text: &str) -> Vec<Stanza> {
    let mut stanzas: Vec<Stanza> = Vec::new();
    let mut is_open = false;
    let mut lines = text.lines().enumerate();
    while let Some((start, line)) = lines.next() {
        let (mut whole, mut end) = (line.trim().to_owned(), start + 1);
        while whole.ends_with('\\') && !whole.starts_with('#') {
            whole.pop();
            let Some((number, more)) = lines.next() else { break };
            whole.push_str(more.trim());
            end = number + 1;
        }
        let mut words = whole.split_whitespace();
        let Some(first) = words.next().filter(|first| !first.starts_with('#')) else { continue };
        if first == "iface" {
            let words = whole.split_whitespace().map(str::to_owned).collect();
            stanzas.push(Stanza { lines: start..end, words, options: Vec::new() });
            is_open = true;
        } else if matches!(first, "auto" | "mapping" | "source" | "source-directory" | "rename" | "template")
            || first.starts_with("allow-")
            || first.starts_with("no-")
        {
            is_open = false;
        } else if let Some(stanza) = stanzas.last_mut().filter(|_| is_open) {
            let value = whole[first.len()..].trim().to_owned();
            stanza.options.push((start + 1, first.to_owned(), value));
            stanza.lines.end = end;
        }
    }
    stanzas
}
