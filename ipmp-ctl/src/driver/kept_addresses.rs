//! The addresses of the group interface that come back when it does.
//!
//! What is put on the interface is kept until it is taken away. What goes because the interface goes down, or goes
//! altogether, was not taken away: the kernel says that the interface is down before it says so of addresses.

use std::{collections::BTreeSet, net::IpAddr, ops::RangeInclusive};

use ipnet::IpNet;

use crate::kernel::netlink::AddressInfo;

/// How the kernel signs its own addresses: loopback, router advertisement, link-local.
const OF_THE_KERNEL: RangeInclusive<u8> = 1..=3;

/// Those of one group interface.
#[derive(Debug, Default)]
pub struct KeptAddresses {
    /// In the order in which the kernel prefers them.
    nets: Vec<IpNet>,
    /// Configured addresses that somebody took away.
    removed: BTreeSet<IpAddr>,
}

impl KeptAddresses {
    /// The interface has this address.
    pub fn add(&mut self, address: &AddressInfo) {
        self.removed.remove(&address.address);
        if !self.is_to_return(address) {
            return;
        }
        // The kernel prefers the newest of equally good IPv6 addresses.
        let at = if address.address.is_ipv6() { 0 } else { self.nets.len() };
        self.nets.insert(at, address.net());
    }

    /// Whether this one is to come back, and not known yet.
    fn is_to_return(&self, address: &AddressInfo) -> bool {
        // Whoever gave an address for a time gives it again, and the kernel makes its own itself.
        let is_of_the_kernel =
            address.is_ipv6_link_local() || address.protocol.is_some_and(|it| OF_THE_KERNEL.contains(&it));
        !address.expires && !is_of_the_kernel && !self.nets.contains(&address.net())
    }

    /// Somebody took this address away from the interface, which is up. Whether that is news.
    pub fn remove(&mut self, address: &AddressInfo) -> bool {
        self.nets.retain(|net| *net != address.net());
        self.removed.insert(address.address)
    }

    /// The interface, which is up, has exactly these addresses, in the kernel's order. Those that were taken away without a
    /// word.
    pub fn replace<'a>(&mut self, addresses: impl Iterator<Item = &'a AddressInfo>) -> Vec<IpNet> {
        let before = std::mem::take(&mut self.nets);
        for address in addresses {
            self.removed.remove(&address.address);
            if self.is_to_return(address) {
                self.nets.push(address.net());
            }
        }
        let gone: Vec<_> = before.into_iter().filter(|net| !self.nets.contains(net)).collect();
        self.removed.extend(gone.iter().map(IpNet::addr));
        gone
    }

    /// All of them.
    pub fn nets(&self) -> &[IpNet] {
        &self.nets
    }
}

#[cfg(test)]
mod tests;
