//! The multicast filters of members follow the groups that the group interface has joined.
//!
//! Members receive all multicast ([`super::settings::Setting::AllMulticast`]), but some devices refuse that silently
//! (virtual functions that are not trusted). They take single addresses.

use std::{collections::BTreeSet, fs, io};

use ipmp_common::member::Mac;

use super::ifreq;

/// Multicast MAC addresses that an interface listens to.
pub fn joined(ifname: &str) -> io::Result<BTreeSet<Mac>> {
    // Not /proc/net: that is the namespace of the process, not of the thread.
    Ok(parse(&fs::read_to_string("/proc/thread-self/net/dev_mcast")?, ifname, 0))
}

/// Multicast MAC addresses that were put into the filter of an interface by request, as [`follow`] does.
pub fn given(ifname: &str) -> io::Result<BTreeSet<Mac>> {
    Ok(parse(&fs::read_to_string("/proc/thread-self/net/dev_mcast")?, ifname, 1))
}

/// Brings the filter of a member from what it was given `before` to `now`. Goes on past errors; returns the first.
pub fn follow(member: &str, before: &BTreeSet<Mac>, now: &BTreeSet<Mac>) -> io::Result<()> {
    let added = now.difference(before).map(|mac| ifreq::add_multicast(member, *mac));
    let removed = before.difference(now).map(|mac| ifreq::remove_multicast(member, *mac));
    // Collected first: every change is tried.
    added.chain(removed).collect::<Vec<_>>().into_iter().collect()
}

/// The same; says what the filter was given after it, and the first error.
pub fn bring(member: &str, before: &BTreeSet<Mac>, now: &BTreeSet<Mac>) -> (BTreeSet<Mac>, io::Result<()>) {
    let mut outcome = follow(member, before, &(before & now));
    let mut given = before & now;
    for &mac in now.difference(before) {
        match ifreq::add_multicast(member, mac) {
            Ok(()) => drop(given.insert(mac)),
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    (given, outcome)
}

/// Lines are: index, name, users, users by request, MAC in hexadecimal digits.
fn parse(table: &str, ifname: &str, least_by_request: u32) -> BTreeSet<Mac> {
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let macs = rows.filter_map(|row| match row[..] {
        [_, name, _, by_request, digits] if name == ifname => {
            let by_request: u32 = by_request.parse().ok()?;
            mac(digits).filter(|_| by_request >= least_by_request)
        }
        _ => None,
    });
    macs.collect()
}

fn mac(digits: &str) -> Option<Mac> {
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 12)?;
    let [_, _, bytes @ ..] = number.to_be_bytes();
    Some(Mac { bytes })
}

#[cfg(test)]
mod tests;
