//! All events in one table.

use ipmp_tests::stream::Report;

use crate::{
    record::{Deed, Record, ms},
    rides::NAMES,
    screen::{Paint, Screen},
};

/// What the columns mean.
const NOTES: [&str; 6] = [
    "\n  detected: from the command that pulls or plugs the cable until the daemon has",
    "  written the word by which the packet path chooses members; seen in the map itself.",
    "  out, in: the longest time that packets had been sent and nothing arrived, by the",
    "  kernel's time stamps. waits: no member was left; * from the first cable's return to",
    "  the first packet: peers speak at once, the host first has to find the peers' MAC",
    "  addresses again, which Linux tries once a second.",
];

/// Prints the table.
pub(crate) fn print(screen: &Screen, records: &[Record], reports: &[Report]) {
    let [first, second] = headings();
    screen.line(&Paint::Strong.on(&first));
    screen.line(&Paint::Faint.on(&second));
    for record in records {
        screen.line(&row(record));
    }
    for line in NOTES {
        screen.line(&Paint::Faint.on(line));
    }
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    screen.line(&format!(
        "\n  The streams altogether: {} packets sent, {} lost, {} out of order, {} doubled.",
        sum(|report| report.sent),
        sum(|report| report.lost),
        sum(|report| report.reordered),
        sum(|report| report.duplicates)
    ));
}

fn headings() -> [String; 2] {
    let streams = NAMES.map(|name| format!("{name:>8} ")).concat();
    [
        format!("  {:<14}{:>9} {streams}{:>8}{:>6}{:>5}", "event", "detected", "packets", "flows", "TCP"),
        format!("  {:<14}{:>9} {}{:>8}{:>6}{:>5}", "", "ms", "      ms ".repeat(4), "lost", "moved", "lost"),
    ]
}

fn row(record: &Record) -> String {
    let star = if record.deed == Deed::RestoreAll { "*" } else { " " };
    let outage = |stream| {
        let time = record.outage(stream).map_or("waits".to_owned(), ms);
        format!("{time:>8}{star}")
    };
    let streams: String = (0..NAMES.len()).map(outage).collect();
    let detected = record.reaction.acted.map_or("never".to_owned(), ms);
    let moved = record.moved.map_or("wait".to_owned(), |moved| moved.to_string());
    let paint = if record.connections_lost == 0 { Paint::Good } else { Paint::Bad };
    format!(
        "  {:<14}{detected:>9} {streams}{:>8}{moved:>6}{}",
        record.deed.title(),
        record.lost(),
        paint.on(&format!("{:>5}", record.connections_lost))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::bare;

    #[test]
    fn rows_are_as_wide_as_the_headings() {
        let [first, second] = headings();
        for deed in [Deed::Cut(0), Deed::CutLast(2), Deed::Restore(1), Deed::RestoreAll] {
            let record = Record {
                deed,
                reaction: ipmp_tests::Reaction::default(),
                outages: Default::default(),
                moved: Some(70),
                connections_lost: 0,
            };
            let row = bare(&row(&record));
            assert_eq!([row.chars().count(), second.chars().count()], [first.chars().count(); 2], "{row}");
        }
    }
}
