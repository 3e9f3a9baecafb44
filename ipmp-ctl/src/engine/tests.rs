use std::time::Duration;

mod bindings;
mod commands;
mod explain;
mod laws;
mod members;
mod moves;
mod start;
mod transitions;
mod what_if;

const SECOND: Duration = Duration::from_secs(1);
