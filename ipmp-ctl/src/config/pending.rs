//! Keys that are read and checked but change nothing yet.

/// Each key, and what is missing. Whoever builds the thing deletes its row.
const PENDING: &[(&str, &str)] = &[
    ("failure-detection-time", "failures are found by the link alone"),
    ("metrics", "no metrics are served"),
    ("on-event", "no program is run"),
    ("priority", "all members of a role count the same"),
    ("probe-hook", "no probes are sent"),
    ("targets", "no probes are sent"),
    ("test-addresses", "they are set on the members, but no probes are sent"),
    ("track-interfaces-only-with-groups", "interfaces without a group are left alone"),
];

/// What is missing for `key` to have an effect; `None`: nothing.
pub(super) fn missing(key: &str) -> Option<&'static str> {
    PENDING.iter().find(|(pending, _)| *pending == key).map(|(_, missing)| *missing)
}
