//! The results for people.

use ipmp_tests::Figures;

use super::results::{Event, LeftOut, Results, Row, StreamFigures};

/// Prints a heading for the rows.
pub(super) fn heading() {
    println!(
        "{:<24} {:<17} {:<8} {:<8} {} {:>8} {:>6} {:>6}",
        "system",
        "class",
        "event",
        "stream",
        Figures::HEADINGS,
        "lost",
        "reord",
        "double"
    );
}

/// Prints the rows of a system and class.
pub(super) fn rows(rows: &[Row]) {
    for row in rows {
        let event = if row.event == Event::Failure { "failure" } else { "repair" };
        let begin = format!("{:<24} {:<17} {event:<8}", row.system, row.class);
        if let Some(why) = &row.not_supported {
            println!("{begin} not supported: {why}");
        }
        for stream in &row.streams {
            println!("{begin} {}", line(stream));
        }
    }
    if let Some(row) = rows.iter().find(|row| row.forced > 0) {
        println!(
            "{:<24} {:<17} {} of the moves were forced: their flows did not pause",
            row.system, row.class, row.forced
        );
    }
    if let Some(row) = rows.iter().find(|row| row.connections > 0) {
        println!(
            "{:<24} {:<17} {} trials, {} of {} TCP connections lost{}",
            row.system,
            row.class,
            row.trials,
            row.connections_lost,
            row.connections,
            row.ended_by.as_ref().map_or_else(String::new, |why| format!("; ended early: {why}"))
        );
    }
}

/// Says which systems are not there.
pub(super) fn left_out(systems: &[LeftOut]) {
    for LeftOut { system, why } in systems {
        println!("{system:<24} not supported: {why}");
    }
}

/// A stream's columns.
fn line(stream: &StreamFigures) -> String {
    let figures: Figures = stream.outages_ms.iter().copied().collect();
    let open = match stream.unended {
        0 => String::new(),
        count => format!("  {count} did not end"),
    };
    let StreamFigures { lane, lost, reordered, duplicates, .. } = stream;
    format!("{lane} {figures} {lost:>8} {reordered:>6} {duplicates:>6}{open}")
}

/// Prints all of it.
pub(super) fn all(results: &Results) {
    heading();
    for class in results.rows.chunk_by(|a, b| (&a.system, &a.class) == (&b.system, &b.class)) {
        rows(class);
    }
    left_out(&results.left_out);
}
