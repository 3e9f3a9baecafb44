//! Metrics for Prometheus: the daemon's status as text, on a listener of the operator's choice.
//!
//! Each scrape asks the loop once, as `ipmp-ctl stat` does, for [`figures`]; nothing is kept here. [`exposition`] knows names and
//! labels, [`listener`] speaks HTTP, where [`service`] says.

pub mod exposition;
pub mod figures;
pub mod histogram;
pub mod listener;
pub mod service;
