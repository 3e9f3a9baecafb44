//! What a whole group makes of its probes, grouped as the rules are.

use std::time::Duration;

mod addresses;
mod decision;
mod laws;
mod links;
mod sending;
mod targets;
mod times;

const SECOND: Duration = Duration::from_secs(1);
