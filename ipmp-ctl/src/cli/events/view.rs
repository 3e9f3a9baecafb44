//! An event as it is shown.

use ipmp_ctl::control::protocol::Event;
use serde::Serialize;

use super::time::local;
use crate::cli::table::Field;

/// An event.
#[derive(Serialize)]
pub(super) struct EventRow {
    time: String,
    #[serde(flatten)]
    event: Event,
}

impl From<Event> for EventRow {
    fn from(event: Event) -> Self {
        Self { time: local(event.time_us), event }
    }
}

/// The columns.
pub(super) fn fields() -> [Field<EventRow>; 6] {
    [
        Field::new("TIME", 34, |row: &EventRow| row.time.clone()),
        Field::new("GROUP", 12, |row| row.event.group.clone().unwrap_or_default()),
        Field::new("INTERFACE", 12, |row| row.event.interface.clone().unwrap_or_default()),
        Field::new("EVENT", 16, |row| {
            let cause = row.event.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            format!("{}{cause}", row.event.event)
        }),
        Field::new("OUTAGE", 12, |row| {
            row.event.outage_us.map(|micros| format!("{:.3}ms", micros as f64 / 1e3)).unwrap_or_default()
        }),
        Field::new("WHAT", 0, |row| row.event.text.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_time_twice_and_leaves_out_what_there_is_not() {
        let event =
            Event { time_us: 1, group: Some("ipmp0".to_owned()), ..Event::now("failed", "text".to_owned()) };
        let event = Event { time_us: 1, ..event };
        let row = serde_json::to_value(EventRow::from(event)).unwrap();
        let keys: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["event", "group", "text", "time", "time_us"]);
    }
}
