//! What taking a group down would cut: established TCP connections over its addresses, and among them those by which the
//! caller himself is here.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use anyhow::Context as _;

use self::{session::Session, tcp::Connection};
use crate::kernel::netlink;

mod session;
mod tcp;

/// Connections that a message names.
const NAMED: usize = 3;

/// Established connections over a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Those of the caller's own session.
    pub own: Connections,
    /// The others.
    pub others: Connections,
}

/// Connections, for a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections(Vec<Connection>);

impl Cut {
    /// What `group` carries in the network namespace of the calling thread; nothing if there is no such interface.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn of(group: &str) -> anyhow::Result<Self> {
        let addresses = addresses(group)?;
        let over = |connection: &Connection| addresses.contains(&connection.local.ip());
        let established: Vec<_> = tcp::established()?.into_iter().filter(over).collect();
        if established.is_empty() {
            return Ok(Self::default());
        }
        let session = Session::of_caller();
        let (own, others) = established.into_iter().partition(|connection| session.runs_over(connection));
        Ok(Self { own: Connections(own), others: Connections(others) })
    }
}

impl Connections {
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their number.
    pub const fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Connection { local, remote, .. }) in self.0.iter().take(NAMED).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{remote} to {local}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn addresses(interface: &str) -> anyhow::Result<BTreeSet<IpAddr>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let snapshot = runtime.block_on(async { netlink::dump(&netlink::connect()?).await })?;
    let Some(ifindex) = snapshot.link(interface).map(|link| link.ifindex) else { return Ok(BTreeSet::new()) };
    Ok(snapshot
        .addresses
        .iter()
        .filter(|known| known.ifindex == ifindex)
        .map(|known| known.address)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_few_connections_and_the_number_of_the_rest() {
        let connection = |port| Connection {
            local: "192.0.2.10:22".parse().expect("an address"),
            remote: (IpAddr::from([192, 0, 2, 99]), port).into(),
            inode: 0,
        };
        let cases = [
            (1, "192.0.2.99:1 to 192.0.2.10:22"),
            (2, "192.0.2.99:1 to 192.0.2.10:22, 192.0.2.99:2 to 192.0.2.10:22"),
        ];
        for (count, text) in cases {
            assert_eq!(Connections((1..=count).map(connection).collect()).to_string(), text);
        }
        let many = Connections((1..=15).map(connection).collect()).to_string();
        assert!(many.ends_with("192.0.2.99:3 to 192.0.2.10:22 and 12 more"), "{many}");
    }
}
