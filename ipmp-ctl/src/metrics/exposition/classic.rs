//! `OpenMetrics` put into the older format, for scrapers that ask for nothing else.

/// The same text in version 0.0.4: counters are described by their whole names there, and there is no end mark.
pub(super) fn of(open: &str) -> String {
    let lines: Vec<&str> = open.lines().filter(|line| *line != "# EOF").collect();
    let mut text = String::with_capacity(open.len() + open.len() / 16);
    for (number, line) in lines.iter().enumerate() {
        // The description is followed by the kind.
        let kind = if line.starts_with("# HELP ") { lines.get(number + 1).copied() } else { Some(*line) };
        let is_counter = kind.is_some_and(|kind| kind.starts_with("# TYPE ") && kind.ends_with(" counter"));
        match name(line).filter(|_| is_counter) {
            Some((before, rest)) => text.extend([before, "_total", rest, "\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

/// A describing line, cut behind the name of the family.
fn name(line: &str) -> Option<(&str, &str)> {
    let start = ["# HELP ", "# TYPE "].into_iter().find(|start| line.starts_with(start))?;
    let end = start.len() + line[start.len()..].find(' ')?;
    line.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn counters_are_described_by_their_whole_names() {
        let open = "# HELP a_packets Packets of a counter.\n# TYPE a_packets counter\na_packets_total{b=\"# TYPE c counter\"} 1\n\
                    # HELP d State.\n# TYPE d gauge\nd 2\n# EOF\n";
        let classic = "# HELP a_packets_total Packets of a counter.\n# TYPE a_packets_total counter\n\
                       a_packets_total{b=\"# TYPE c counter\"} 1\n# HELP d State.\n# TYPE d gauge\nd 2\n";
        assert_eq!(of(open), classic);
        assert_eq!(of("# EOF\n"), "");
    }
}
