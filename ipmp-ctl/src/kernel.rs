//! The edge towards the kernel: everything impure that is not BPF.
//!
//! All of it works on the network namespace of the calling thread; the daemon enters its namespace ([`netns::enter`])
//! before it starts anything else. Names and indexes of interfaces go in, what the kernel has comes out; what to do
//! about it is the engine's affair.

pub mod addresses;
pub mod announce;
pub mod carrier;
pub mod ethtool;
pub mod group_link;
pub mod holdings;
pub mod ifreq;
pub mod link_socket;
pub mod lock;
pub mod multicast;
pub mod neighbours;
pub mod netlink;
pub mod netns;
pub mod peer_groups;
pub mod preflight;
pub mod probe_socket;
pub mod random;
pub mod routes;
pub mod settings;
pub mod socket_file;
pub mod solicit;
pub mod stable_mac;
pub mod sysctl;
pub mod sysfs;
#[cfg(test)]
pub(crate) mod testing;
pub mod timer;
pub mod token;
pub mod xdp_holder;
