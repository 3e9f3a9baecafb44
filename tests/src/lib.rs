//! The harness of IPMP's tests, demo and benches: hosts made of network namespaces, faults, traffic and packets.
//!
//! Everything here cleans up when it is dropped, on a panic too, and everything has a name of its own (process id and
//! a counter), so that any number of tests can run at once. What a killed process left is swept away by the next one
//! ([`residue`]). The harness panics where it cannot do its work: a test has no better answer.

pub mod adoptee;
pub mod attached;
pub mod bulk;
pub mod busy;
pub mod capture;
pub mod config;
pub mod counters;
pub mod ctl;
pub mod daemon;
pub mod datagrams;
pub mod debian;
pub mod echo;
pub mod eventually;
pub mod figures;
pub mod flows;
pub mod foreign_program;
pub mod forger;
pub mod hub;
pub mod interrupt;
pub mod ip;
pub mod link;
pub mod machine;
pub mod netns;
pub mod nft;
pub mod packet_socket;
pub mod packets;
pub mod ping;
pub mod pktgen;
pub mod plan;
pub mod program;
pub mod program_file;
pub mod prometheus;
pub mod reaction;
pub mod residue;
pub mod rig;
pub mod silence;
pub mod skip;
pub mod steady;
pub mod stream;
pub mod switch;
pub mod topology;
pub mod usable;
pub mod usage;
pub mod vlan;

pub use self::{
    capture::Capture,
    config::GroupConfig,
    daemon::Daemon,
    debian::Debian,
    eventually::eventually,
    figures::Figures,
    netns::Netns,
    ping::Ping,
    program_file::ProgramFile,
    reaction::Reaction,
    rig::Rig,
    switch::Switch,
    topology::{Host, Peer, Topology},
};
