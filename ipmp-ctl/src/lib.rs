//! The controller of IPMP for Linux.
pub mod config;
pub mod control;
pub mod daemon;
pub mod dataplane;
pub mod down;
pub mod driver;
pub mod engine;
pub mod kernel;
pub mod state_file;
