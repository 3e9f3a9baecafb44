//! The harness of IPMP's tests, demo and benches: hosts made of network namespaces, faults, traffic and packets.

pub mod packets;
