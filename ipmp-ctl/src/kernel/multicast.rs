//! The multicast MAC addresses that an interface listens to.

use std::{collections::BTreeSet, fs, io};

use ipmp_common::member::Mac;

/// Reads the multicast filter of an interface of this network namespace (`/proc/net/dev_mcast`).
pub fn listened(ifname: &str) -> io::Result<BTreeSet<Mac>> {
    // `self` and not `/proc/net`: that is a link to it, but a process may be in another namespace than its threads.
    Ok(parse(&fs::read_to_string("/proc/thread-self/net/dev_mcast")?, ifname))
}

/// Lines of index, name, users, global users and address.
fn parse(table: &str, ifname: &str) -> BTreeSet<Mac> {
    let of_interface = table.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        (fields.next() == Some(ifname)).then(|| fields.nth(2)).flatten()
    });
    of_interface.filter_map(mac).collect()
}

fn mac(hex: &str) -> Option<Mac> {
    let number = u64::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 12)?;
    let [_, _, bytes @ ..] = number.to_be_bytes();
    Some(Mac { bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_of_one_interface_is_read() {
        let table = "4    eth0            1     0     3333ff000001\n\
                     5    ipmp0           2     0     01005e000001\n\
                     5    ipmp0           1     0     333300000001\n\
                     6    ipmp0-p         1     0     333300000002\n";
        let expected = [[0x01, 0x00, 0x5e, 0, 0, 1], [0x33, 0x33, 0, 0, 0, 1]].map(|bytes| Mac { bytes });
        assert_eq!(parse(table, "ipmp0"), expected.into_iter().collect());
    }
}
