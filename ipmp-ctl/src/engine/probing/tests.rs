//! What a whole group makes of its probes, grouped as the rules are.

use std::time::Duration;

mod decision;

const SECOND: Duration = Duration::from_secs(1);
