//! The columns of `events`.

use ipmp_ctl::journal::Row;

use crate::cli::table::Field;

/// The columns.
pub(super) fn fields() -> [Field<Row>; 6] {
    [
        Field::new("TIME", 34, |row: &Row| row.time.clone()),
        Field::new("GROUP", 12, |row| row.entry.group.clone().unwrap_or_default()),
        Field::new("INTERFACE", 12, |row| row.entry.interface.clone().unwrap_or_default()),
        Field::new("EVENT", 16, |row| {
            let cause = row.entry.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            format!("{}{cause}", row.entry.event)
        }),
        Field::new("OUTAGE", 12, |row| {
            row.entry.outage_us.map(|micros| format!("{:.3}ms", micros as f64 / 1e3)).unwrap_or_default()
        }),
        Field::new("WHAT", 0, |row| row.entry.text.clone()),
    ]
}
