use std::path::Path;

use super::{NetnsError, enter, exists, identity, path_of};
use crate::kernel::testing::in_netns;

#[test]
fn a_name_is_looked_up_where_ip_netns_keeps_names_and_a_path_is_taken_as_it_is() {
    assert_eq!(path_of("blue"), Path::new("/run/netns/blue"));
    assert_eq!(path_of("/proc/1/ns/net"), Path::new("/proc/1/ns/net"));
    assert_eq!(path_of("./ns"), Path::new("./ns"));
}

#[test]
fn an_absent_namespace_is_named_with_a_remedy() {
    let error = enter("no-such-namespace").expect_err("absent");
    assert!(matches!(error, NetnsError::Absent { .. }));
    assert!(error.to_string().contains("ip netns add no-such-namespace"), "{error}");
}

#[test]
fn what_is_not_a_network_namespace_is_refused() {
    let error = enter("/proc/self/ns/uts").expect_err("another kind of namespace");
    assert!(matches!(error, NetnsError::Enter { .. }), "{error}");
}

#[test]
fn namespaces_are_told_apart_and_the_initial_one_is_known() {
    let own = identity().expect("identity");
    let other = in_netns(|| identity().expect("identity"));
    assert_ne!(own.cookie, other.cookie);
    assert_ne!(own.inode, other.inode);
    assert!(!other.initial);
    // kthreadd lives in the initial namespace; it is process 2 only where this is the initial process namespace.
    let is_kthreadd = std::fs::read_to_string("/proc/2/comm").is_ok_and(|name| name.trim() == "kthreadd");
    if is_kthreadd {
        let initial = std::fs::read_link("/proc/2/ns/net").expect("root may look");
        assert_eq!(own.initial, initial == std::fs::read_link("/proc/self/ns/net").expect("own"));
    }
}

#[test]
fn entering_by_path_leads_into_that_namespace() {
    let own = identity().expect("identity");
    let path = format!("/proc/{}/ns/net", std::process::id());
    let back = in_netns(move || {
        enter(&path).expect("the namespace of the process");
        identity().expect("identity")
    });
    assert_eq!(back, own);
}

#[test]
fn a_namespace_of_a_process_exists_and_an_inode_of_nothing_or_of_another_does_not() {
    let own = identity().expect("identity");
    assert!(exists(own.inode, own.cookie));
    assert!(!exists(1, own.cookie));
    assert!(!exists(own.inode, u64::MAX), "the number is another namespace's by now");
}
