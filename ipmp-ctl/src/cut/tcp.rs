//! The established TCP connections of a network namespace.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
};

/// The state `ESTABLISHED` in the kernel's tables.
const ESTABLISHED: &str = "01";

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// This host's end.
    pub(super) local: SocketAddr,
    /// The other end.
    pub(super) remote: SocketAddr,
    /// The inode of its socket.
    pub(super) inode: u64,
}

/// Those of the namespace that the calling thread is in. IPv4 addresses are shown as such also where the socket is one of IPv6.
pub(super) fn established() -> io::Result<Vec<Connection>> {
    let mut all = parse(&fs::read_to_string("/proc/thread-self/net/tcp")?);
    // There is no such file where IPv6 is switched off.
    all.extend(parse(&fs::read_to_string("/proc/thread-self/net/tcp6").unwrap_or_default()));
    Ok(all)
}

fn parse(table: &str) -> Vec<Connection> {
    table.lines().skip(1).filter_map(connection).collect()
}

fn connection(line: &str) -> Option<Connection> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let &[_, local, remote, state, _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
    if state != ESTABLISHED {
        return None;
    }
    Some(Connection { local: end(local)?, remote: end(remote)?, inode: inode.parse().ok()? })
}

/// `0A0200C0:0016`: the address as numbers in this machine's byte order, and the port.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(address.get(at * 8..(at + 1) * 8)?, 16).ok();
    let address = match address.len() {
        8 => IpAddr::from(word(0)?.to_ne_bytes()),
        32 => {
            let mut bytes = [0; 16];
            for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(at)?.to_ne_bytes());
            }
            IpAddr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_of_either_family_is_found_from_both_ends() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).expect("the loopback interface");
            let near = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
            let (local, remote) =
                (near.local_addr().expect("an address"), near.peer_addr().expect("an address"));
            let all = established().expect("the tables");
            for ends in [(local, remote), (remote, local)] {
                assert!(all.iter().any(|known| (known.local, known.remote) == ends), "{ends:?} in {all:?}");
            }
            assert!(
                !all.iter().any(|known| known.remote.port() == 0),
                "a listener is no connection: {all:?}"
            );
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_left_out() {
        for line in [
            "",
            "x",
            "0: 0A0200C0:0016 636200C0:C832 01",
            "0: zz:16 zz:16 01 0 0 0 0 0 1",
            "0: é:1 é:1 01 0 0 0 0 0 1",
        ] {
            assert_eq!(connection(line), None, "{line}");
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn an_ipv4_address_in_the_table_of_ipv6_is_shown_as_such() {
        let line = "0: 0000000000000000FFFF00000A0200C0:0016 0000000000000000FFFF0000636200C0:C832 01 0:0 0:0 0 0 0 77 1";
        let expected = Connection {
            local: "192.0.2.10:22".parse().expect("an address"),
            remote: "192.0.98.99:51250".parse().expect("an address"),
            inode: 77,
        };
        assert_eq!(connection(line), Some(expected));
    }
}
