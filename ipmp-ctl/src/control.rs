//! The control socket: how the commands talk to the daemon.
//!
//! One request and one reply for each connection, each a line of JSON. Anyone may ask; only root may change ([`access`]).

pub mod access;
pub mod client;
pub mod protocol;
pub mod server;

/// Where the daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/ipmp/control.sock";
