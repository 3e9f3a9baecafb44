use std::time::Duration;

mod bindings;
mod laws;
mod members;
mod moves;
mod start;

const SECOND: Duration = Duration::from_secs(1);
