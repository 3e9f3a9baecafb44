//! `failure-detection-time`.

use std::{net::IpAddr, time::Duration};

use thiserror::Error;
use toml::de::DeValue;

use super::{
    Member, TestAddresses,
    address::DataAddresses,
    findings::{At, Findings},
    section::Section,
};

/// The key.
const KEY: &str = "failure-detection-time";

/// Failure detection time where none is given, as Solaris in.mpathd has it.
pub(super) const DEFAULT: Duration = Duration::from_secs(10);
const LEAST: Duration = Duration::from_millis(30);
const MOST: Duration = Duration::from_mins(10);

/// What is wrong with a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum DurationError {
    /// A bare number.
    #[error("has no unit; write \"10s\" or \"500ms\"")]
    NoUnit,
    /// Not a duration at all.
    #[error("is not a duration; write \"10s\" or \"500ms\"")]
    Malformed,
    /// Too short or too long.
    #[error("is out of range; give \"30ms\" to \"600s\"")]
    OutOfRange,
}

/// The duration that `text` stands for: a whole number and `ms` or `s`.
pub(super) fn parse(text: &str) -> Result<Duration, DurationError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(DurationError::Malformed);
    }
    let duration = match unit {
        "ms" => number.parse().map(Duration::from_millis),
        "s" => number.parse().map(Duration::from_secs),
        "" => return Err(DurationError::NoUnit),
        _ => return Err(DurationError::Malformed),
    };
    duration.ok().filter(|duration| (LEAST..=MOST).contains(duration)).ok_or(DurationError::OutOfRange)
}

/// The failure detection time of a table, if it has one.
pub(super) fn read(section: &Section<'_>, findings: &mut Findings) -> Option<Duration> {
    if let Some(At { value: number @ (DeValue::Integer(_) | DeValue::Float(_)), line }) =
        section.value(KEY, findings)
    {
        let number = match number {
            DeValue::Integer(integer) => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => "",
        };
        section.error(line, format!("`{KEY}` {number} {}", DurationError::NoUnit), findings);
        return None;
    }
    let At { value: text, line } = section.string(KEY, "10s", findings)?;
    match parse(text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            section.error(line, format!("`{KEY}` {text:?} {error}"), findings);
            None
        }
    }
}

/// Below this, routers are asked more often than many answer.
const QUICK: Duration = Duration::from_secs(1);

/// Warns where probes come in quick succession and nobody has said who will answer them.
pub(super) fn warn_of_rate_limits(
    section: &Section<'_>,
    time: Duration,
    targets: &[At<IpAddr>],
    data: &DataAddresses,
    members: &[Member],
    findings: &mut Findings,
) {
    let has_v6 = data.fit.iter().any(|data| data.net.addr().is_ipv6());
    let is_probed = |member: &Member| match &member.test_addresses {
        TestAddresses::V4(_) => true,
        TestAddresses::LinkLocal => has_v6,
        TestAddresses::None => false,
    };
    if time < QUICK && targets.is_empty() && members.iter().any(is_probed) {
        let line = section.value(KEY, findings).map_or(section.line, |value| value.line);
        let what = format!(
            "`{KEY}` is {} ms and there are no `targets`: routers that are found by themselves may limit how many pings \
             they answer, and members then seem to fail; name `targets` that answer {} a second from each member",
            time.as_millis(),
            (7000 / time.as_millis().max(1)) + 1
        );
        findings.warn(line, &section.subject, what);
    }
}
