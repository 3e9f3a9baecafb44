//! The connections by which the caller is here.
//!
//! Told by the process and those that it descends from: a socket that one of them has as a standard stream, any socket of one
//! that serves remote logins, and what `SSH_CONNECTION` says in the environment of any of them, for `sudo` takes it out of
//! ours, and a terminal multiplexer does not descend from the login.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use super::tcp::Connection;

/// Programs that serve remote logins, by the names that the kernel shows.
const LOGIN_SERVERS: [&str; 6] = ["sshd", "sshd-session", "sshd-auth", "dropbear", "telnetd", "in.telnetd"];

/// Descendants that are looked at, at most.
const DEEPEST: usize = 64;

/// How the caller came here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    /// Sockets.
    inodes: BTreeSet<u64>,
    /// Connections, as this host's end and the other one.
    ends: BTreeSet<(SocketAddr, SocketAddr)>,
}

impl Session {
    /// The session of this process.
    pub(super) fn of_caller() -> Self {
        let mut session = Self::default();
        let mut process = Some(std::process::id());
        for _ in 0..DEEPEST {
            let Some(id) = process.filter(|&id| id > 0) else { break };
            let directory = Path::new("/proc").join(id.to_string());
            session.look_at(&directory);
            process = fs::read_to_string(directory.join("stat")).ok().and_then(|stat| parent(&stat));
        }
        session
    }

    /// Whether it runs over this connection.
    pub(super) fn runs_over(&self, connection: &Connection) -> bool {
        self.inodes.contains(&connection.inode) || self.ends.contains(&(connection.local, connection.remote))
    }

    fn look_at(&mut self, process: &Path) {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        self.ends.extend(environment.split(|&byte| byte == 0).filter_map(ssh_connection));
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        let files: Vec<PathBuf> = if LOGIN_SERVERS.contains(&name.trim_end()) {
            fs::read_dir(process.join("fd"))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .collect()
        } else {
            (0..=2).map(|stream| process.join(format!("fd/{stream}"))).collect()
        };
        self.inodes.extend(files.iter().filter_map(|file| socket(&fs::read_link(file).ok()?)));
    }
}

/// The parent in what `/proc/PID/stat` says; the name before it may hold anything.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The inode in `socket:[INODE]`.
fn socket(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The ends in `SSH_CONNECTION=CLIENT PORT SERVER PORT`, the server's first.
fn ssh_connection(variable: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let text = str::from_utf8(variable).ok()?.strip_prefix("SSH_CONNECTION=")?;
    let words: Vec<_> = text.split(' ').collect();
    let &[client, client_port, server, server_port] = words.as_slice() else { return None };
    // A link-local address may name its interface.
    let end = |address: &str, port: &str| {
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        Some(SocketAddr::new(address.to_canonical(), port.parse().ok()?))
    };
    Some((end(server, server_port)?, end(client, client_port)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent("7 (a) 9 (b)) S 42 7 7 0"), Some(42));
        assert_eq!(parent("7 (x"), None);
    }

    #[test]
    fn ssh_says_by_which_connection() {
        let ends = |server: &str, client: &str| Some((server.parse().unwrap(), client.parse().unwrap()));
        let cases = [
            ("SSH_CONNECTION=192.0.2.99 51250 192.0.2.10 22", ends("192.0.2.10:22", "192.0.2.99:51250")),
            ("SSH_CONNECTION=fe80::9%ipmp0 5 fe80::1%ipmp0 22", ends("[fe80::1]:22", "[fe80::9]:5")),
            ("SSH_CONNECTION=192.0.2.99 51250 192.0.2.10", None),
            ("SSH_CONNECTION=UNKNOWN 65535 UNKNOWN 65535", None),
            ("SSH_CLIENT=192.0.2.99 51250 22 1", None),
        ];
        for (variable, expected) in cases {
            assert_eq!(ssh_connection(variable.as_bytes()), expected, "{variable}");
        }
    }

    #[test]
    fn sockets_are_told_from_other_files() {
        assert_eq!(socket(Path::new("socket:[77]")), Some(77));
        assert_eq!(socket(Path::new("/dev/null")), None);
    }
}
