//! Keys that are read and checked but change nothing yet.

/// Each key, and what is missing. Whoever builds the thing deletes its row.
const PENDING: &[(&str, &str)] = &[("on-event", "no program is run")];

/// What is missing for `key` to have an effect; `None`: nothing.
pub(super) fn missing(key: &str) -> Option<&'static str> {
    PENDING.iter().find(|(pending, _)| *pending == key).map(|(_, missing)| *missing)
}
