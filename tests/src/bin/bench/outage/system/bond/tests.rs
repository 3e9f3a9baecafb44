use super::missing;

const SHOWN: &str = "Ethernet Channel Bonding Driver: v6.12\n\n\
    Bonding Mode: fault-tolerance (active-backup)\n\
    Primary Slave: e0 (primary_reselect always)\n\
    Currently Active Slave: e1\n\
    MII Status: up\n\n\
    Slave Interface: e0\nMII Status: down\nSpeed: 10000 Mbps\n\n\
    Slave Interface: e1\nMII Status: up\nSpeed: 10000 Mbps\n";

#[test]
fn a_bond_is_settled_when_every_slave_is_up_and_the_right_one_active() {
    assert_eq!(missing(SHOWN, &["e1"], Some("e1")), Ok(()));
    assert_eq!(missing(SHOWN, &["e1"], None), Ok(()));
    for (slaves, active, reason) in [
        (&["e0", "e1"][..], None, "e0 is not up"),
        (&["e1", "e2"], None, "e2 is not up"),
        (&["e1"], Some("e0"), "e0 is not the active slave"),
    ] {
        assert_eq!(missing(SHOWN, slaves, active), Err(reason.to_owned()));
    }
}
