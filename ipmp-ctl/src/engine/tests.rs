use std::time::Duration;

mod bindings;
mod commands;
mod laws;
mod members;
mod moves;
mod start;
mod transitions;

const SECOND: Duration = Duration::from_secs(1);
