use std::{net::Ipv4Addr, time::Duration};

use super::throughput;
use crate::Netns;

#[test]
fn every_number_of_streams_carries_something() {
    let netns = Netns::new("bulk");
    let here = Ipv4Addr::LOCALHOST.into();
    for streams in [1, 3] {
        let rate = throughput(&netns, here, &netns, here, streams, Duration::from_millis(100));
        assert!(rate > 0.0, "{streams} streams");
    }
}
