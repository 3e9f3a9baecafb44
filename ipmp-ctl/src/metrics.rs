//! Metrics for Prometheus: the daemon's status as text, on a listener of the operator's choice.
//!
//! Each scrape asks the loop once, as `ipmp-ctl stat` does; nothing is kept here. [`exposition`] knows names and labels,
//! [`listener`] speaks HTTP.

pub mod exposition;
pub mod listener;
