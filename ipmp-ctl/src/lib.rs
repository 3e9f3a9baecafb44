//! The controller of IPMP for Linux.
pub mod config;
pub mod control;
pub mod dataplane;
pub mod engine;
pub mod kernel;
