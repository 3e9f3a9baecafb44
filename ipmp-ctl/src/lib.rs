//! The controller of IPMP for Linux.
pub mod config;
pub mod control;
pub mod daemon;
pub mod dataplane;
pub mod down;
pub mod engine;
pub mod kernel;
