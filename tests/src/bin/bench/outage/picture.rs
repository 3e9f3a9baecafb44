//! The picture of the results: each outage a dot, each system and event a row.

use ipmp_tests::Figures;

use super::{
    lane::Direction,
    results::{Event, Results, Row},
    svg::{Anchor, Svg},
};

mod scale;
#[cfg(test)]
mod tests;

use scale::Scale;

const WIDTH: f64 = 1180.0;
/// Where the scale begins and ends.
const LEFT: f64 = 220.0;
const RIGHT: f64 = 950.0;
const TOP: f64 = 96.0;
/// Heights of a row, and of the heading of an event.
const ROW: f64 = 26.0;
const HEADING: f64 = 30.0;

const OUT: &str = "#1f77b4";
const IN: &str = "#e07b00";
const GREY: &str = "fill:#777";

/// Draws it.
pub(super) fn draw(results: &Results) -> String {
    let outages = results.rows.iter().flat_map(|row| &row.streams).flat_map(|stream| &stream.outages_ms);
    let scale = Scale::new(LEFT, RIGHT, outages.copied());
    let groups = groups(&results.rows);
    let rows: usize = groups.iter().map(|(_, rows)| rows.len()).sum();
    let bottom = TOP + groups.len() as f64 * HEADING + rows as f64 * ROW;

    let mut svg = Svg::new(WIDTH);
    head(&mut svg, results);
    grid(&mut svg, &scale, bottom);
    let mut y = TOP;
    for (title, rows) in groups {
        svg.text([10.0, y + HEADING - 10.0], Anchor::Start, "font-weight:bold", &title);
        y += HEADING;
        for row in rows {
            svg.line([10.0, y], [WIDTH - 10.0, y], "stroke:#ddd");
            draw_row(&mut svg, &scale, row, y);
            y += ROW;
        }
    }
    svg.finish(bottom + 40.0)
}

/// Rows of the same event, in the order in which the events first come, with their heading.
fn groups(rows: &[Row]) -> Vec<(String, Vec<&Row>)> {
    let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in rows {
        let event = if row.event == Event::Failure { "failure" } else { "repair" };
        let title = format!("{}, {event}: {}", row.class, row.what);
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(row),
            None => groups.push((title, vec![row])),
        }
    }
    groups
}

fn head(svg: &mut Svg, results: &Results) {
    svg.text([10.0, 24.0], Anchor::Start, "font-size:16px;font-weight:bold", "How long traffic stops");
    let about = format!(
        "{} packets/s of each of four streams ({}); {}",
        results.rate, results.rate_from, results.machine
    );
    svg.text([WIDTH - 10.0, 24.0], Anchor::End, GREY, &results.command);
    svg.text([10.0, 42.0], Anchor::Start, GREY, &about);
    svg.dot([14.0, 58.0], 4.0, &format!("fill:{OUT}"));
    svg.text([24.0, 62.0], Anchor::Start, "", "sent by the host, IPv4 and IPv6");
    svg.dot([224.0, 58.0], 4.0, &format!("fill:{IN}"));
    svg.text([234.0, 62.0], Anchor::Start, "", "received by the host");
    svg.line([374.0, 51.0], [374.0, 65.0], "stroke:black;stroke-width:2.5");
    svg.text([382.0, 62.0], Anchor::Start, "", "p50");
    svg.line([424.0, 51.0], [424.0, 65.0], "stroke:#c00;stroke-width:2.5");
    svg.text([432.0, 62.0], Anchor::Start, "", "p99, of fewer than 200 outages p90; both families together");
}

fn grid(svg: &mut Svg, scale: &Scale, bottom: f64) {
    for (place, label) in scale.marks() {
        svg.line([place, TOP], [place, bottom], "stroke:#ccc;stroke-dasharray:2 3");
        for y in [TOP - 6.0, bottom + 18.0] {
            svg.text([place, y], Anchor::Middle, GREY, &label);
        }
    }
}

fn draw_row(svg: &mut Svg, scale: &Scale, row: &Row, y: f64) {
    let line = y + ROW / 2.0 + 4.0;
    svg.text([20.0, line], Anchor::Start, "", &row.system);
    if let Some(why) = &row.not_supported {
        let text = format!("not supported: {why}");
        svg.text([LEFT, line], Anchor::Start, &format!("{GREY};font-style:italic"), &text);
        return;
    }
    // Sent above, received below.
    for (direction, colour, y) in [(Direction::Out, OUT, y), (Direction::In, IN, y + ROW / 2.0)] {
        let streams = || row.streams.iter().filter(|stream| stream.lane.direction == direction);
        let figures: Figures = streams().flat_map(|stream| stream.outages_ms.iter().copied()).collect();
        for (value, colour) in [(high(&figures).1, "#c00"), (figures.percentile(50), "black")] {
            let place = scale.place(value);
            let style = format!("stroke:{colour};stroke-width:2.5");
            svg.line([place, y + 1.0], [place, y + ROW / 2.0 - 1.0], &style);
        }
        for (number, &outage) in streams().flat_map(|stream| &stream.outages_ms).enumerate() {
            // Neighbours a little apart, so that equal ones can be told.
            let place = [scale.place(outage), y + 3.5 + (number % 4) as f64 * 2.0];
            svg.dot(place, 2.2, &format!("fill:{colour};fill-opacity:0.45"));
        }
        let unended = streams().map(|stream| stream.unended).sum();
        let text = format!("{direction:<3} {}", summary(&figures, unended));
        svg.text([RIGHT + 24.0, y + 10.5], Anchor::Start, "font-size:10px", &text);
    }
}

/// The high percentile that is shown, with its name.
fn high(figures: &Figures) -> (&'static str, f64) {
    figures.p99().map_or_else(|| ("p90", figures.percentile(90)), |p99| ("p99", p99))
}

/// A row's figures in words.
fn summary(figures: &Figures, unended: usize) -> String {
    let (name, high) = high(figures);
    let show = |value: f64| if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    let open = if unended > 0 { format!(", {unended} unended") } else { String::new() };
    let (p50, max) = (figures.percentile(50), figures.max());
    format!("p50 {}  {name} {}  max {} ms{open}", show(p50), show(high), show(max))
}
