//! netplan, which makes files for systemd-networkd and `NetworkManager`: where it has them from.

use super::tree::{Tree, name_of};

const DIRECTORIES: [&str; 3] = ["/etc/netplan", "/run/netplan", "/usr/lib/netplan"];

/// Where a file comes from, for people: ` (netplan makes it of /etc/netplan/50-cloud-init.yaml:4)`; empty if not from netplan.
pub(super) fn origin(tree: &Tree, made: &str) -> String {
    let Some((_, rest)) = name_of(made).split_once("netplan-") else { return String::new() };
    let Some((id, _)) = rest.rsplit_once('.') else { return String::new() };
    let is_it =
        |line: &str| line.trim().strip_suffix(':').is_some_and(|key| key.trim_matches(['"', '\'']) == id);
    for path in tree.merged(&DIRECTORIES, ".yaml") {
        let text = tree.read(&path).unwrap_or_default();
        if let Some(line) = text.lines().position(is_it) {
            return format!(" (netplan makes this file of {path}:{})", line + 1);
        }
    }
    " (netplan makes this file)".to_owned()
}
