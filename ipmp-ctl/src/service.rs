//! What the service manager is told: that the groups are set up, that the loop is alive, that the daemon ends.
//!
//! Does nothing where there is no service manager (no `NOTIFY_SOCKET`).

use std::{env, time::Duration};

use sd_notify::{NotifyState, notify};

/// The groups are set up.
pub fn ready(groups: &[String]) {
    let status = format!("groups: {}", groups.join(", "));
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The daemon ends.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The loop goes round.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the service manager wants to hear that the loop goes round: half the time after which it takes the daemon for
/// dead. `None`: never.
pub fn watchdog() -> Option<Duration> {
    interval(&env::var("WATCHDOG_USEC").ok()?, env::var("WATCHDOG_PID").ok().as_deref(), std::process::id())
}

/// The same of these variables, for the process of this number.
fn interval(usec: &str, pid: Option<&str>, own: u32) -> Option<Duration> {
    let is_meant = pid.is_none_or(|pid| pid.parse() == Ok(own));
    let usec: u64 = usec.parse().ok().filter(|&usec| usec >= 2 && is_meant)?;
    Some(Duration::from_micros(usec / 2))
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::debug!("telling the service manager: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_twice_as_often_as_it_asks() {
        assert_eq!(interval("30000000", None, 7), Some(Duration::from_secs(15)));
        assert_eq!(interval("30000000", Some("7"), 7), Some(Duration::from_secs(15)));
    }

    #[test]
    fn what_is_meant_for_another_process_or_makes_no_sense_is_left_alone() {
        for (usec, pid) in
            [("30000000", Some("8")), ("30000000", Some("x")), ("0", None), ("-1", None), ("", None)]
        {
            assert_eq!(interval(usec, pid, 7), None, "{usec} {pid:?}");
        }
    }
}
