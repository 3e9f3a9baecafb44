//! How much of the traffic each member should carry.

use crate::config;

use super::member::Member;

/// The weight of each member: as configured, otherwise its speed in Mbit/s, so that the shares are those of the real
/// rates. An unknown speed counts as the slowest known one; if none is known all count the same.
pub(super) fn weights(config: &[config::Member], members: &[Member]) -> Vec<u32> {
    let speeds = members.iter().filter(|member| member.link.is_some()).filter_map(|member| member.speed_mbps);
    let slowest = speeds.min().unwrap_or(1);
    config
        .iter()
        .zip(members)
        .map(|(config, member)| config.weight.or(member.speed_mbps).unwrap_or(slowest).max(1))
        .collect()
}
