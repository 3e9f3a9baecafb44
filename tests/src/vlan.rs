//! VLAN devices on the NICs of a topology.

use crate::{
    Netns, Topology,
    eventually::{SOON, eventually},
    plan, skip,
};

/// Puts the VLAN device `NIC.ID` on a NIC, up. `false` where the kernel has none, which is said as [`skip::not_run`] does.
pub fn add(netns: &Netns, nic: &str, id: u16) -> bool {
    let output = netns.try_ip(&format!("link add link {nic} name {nic}.{id} type vlan id {id}"));
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("Unknown device type"), "a VLAN on {nic}: {said}");
        skip::not_run("this kernel has no VLAN devices: `cargo xtask vm --kernel 6.12 test --test vlan`");
        return false;
    }
    netns.set_up(&format!("{nic}.{id}"), true);
    true
}

/// Puts a VLAN on every NIC of the first host and on that of the first peer, which has its addresses there and nowhere else.
/// `false` where the kernel has none.
pub fn move_to(topology: &Topology, id: u16) -> bool {
    let peer = topology.peer();
    if !add(peer, "eth0", id) {
        return false;
    }
    peer.ip_batch(&format!(
        "addr flush dev eth0 scope global\naddr add {}/24 dev eth0.{id}\naddr add {}/64 dev eth0.{id} nodad\n",
        plan::peer_v4(0),
        plan::peer_v6(0)
    ));
    let members = &topology.hosts[0].members;
    let added = members.iter().all(|nic| add(topology.host(), nic, id));
    eventually("carrier of the VLANs", SOON, || {
        let without = members.iter().find(|nic| !topology.host().is_running(&format!("{nic}.{id}")));
        without.map_or(Ok(()), Err)
    });
    added
}
