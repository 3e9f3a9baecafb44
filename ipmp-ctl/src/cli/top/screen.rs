//! The screen, drawn from the model.

use ipmp_ctl::{
    control::protocol::{GroupStatus, MemberStatus},
    journal::local,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize as _},
    text::Line,
    widgets::{Block, Borders, Cell, Paragraph, Row, Table, Wrap},
};

use super::model::Model;

/// The smallest terminal that the screen fits into.
pub(super) const SMALLEST: (u16, u16) = (60, 16);

const HELP: &str = "\
up, down, Tab   choose a group
?               this help; any key closes it
q, Ctrl-C       quit

SENT, RECEIVED  bits per second of the group by the member, with their course
SHARE           what it sends of the group's traffic, and (in brackets) what it should by weight
LOST            probes lost of those sent by a member; of the latest to a target";

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "The terminal is too small: {}x{}, at least {}x{} are needed. q quits.",
            area.width, area.height, SMALLEST.0, SMALLEST.1
        );
        return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
    }
    let count = |rows: usize| Constraint::Max(rows as u16 + 2);
    let (members, targets, addresses) = model.chosen().map_or((0, 0, 0), |(_, group)| {
        let targets = group.targets.iter().map(|targets| targets.targets.len().max(1)).sum();
        (group.members.len(), targets, group.addresses.len())
    });
    let [head, top, middle, low, bottom, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length((members + 2).min(area.height as usize / 3).max(3) as u16),
        count(targets),
        count(addresses),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(area);
    heading(frame, head, model);
    if model.help {
        frame.render_widget(Paragraph::new(HELP).block(titled("Help")), top.union(bottom));
    } else if let Some((_, group)) = model.chosen() {
        show_members(frame, top, model, group);
        show_targets(frame, middle, group);
        show_addresses(frame, low, group);
        show_events(frame, bottom, model);
    }
    let last = match &model.lost {
        Some(why) => Line::from(format!("{why} (what is shown is from before)")).fg(Color::Red).bold(),
        None => Line::from("q quits   up/down: group   ?: help").dim(),
    };
    frame.render_widget(last, foot);
}

fn heading(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let chosen = model.chosen().map(|(number, _)| number);
    let spans = model.groups().iter().enumerate().flat_map(|(number, group)| {
        let name = if group.group.is_empty() { "(no group)" } else { &group.group };
        let span = format!(" {name}: {} ", group.state).fg(colour(&group.state));
        [if Some(number) == chosen { span.reversed().bold() } else { span }, " ".into()]
    });
    frame.render_widget(spans.collect::<Line<'_>>(), area);
}

fn show_members(frame: &mut Frame<'_>, area: Rect, model: &Model, group: &GroupStatus) {
    let row = |member: &MemberStatus| {
        let rates = model.rates(&group.group, &member.interface);
        let sent: Vec<_> = rates.iter().map(|rate| rate.sent).collect();
        let received: Vec<_> = rates.iter().map(|rate| rate.received).collect();
        let (share, wanted) = model.share(group, member);
        let share = share.map_or_else(|| "--".to_owned(), |share| format!("{:.0}%", share * 100.0));
        let use_of = match (member.active, member.inactive) {
            (true, _) => "in use",
            (false, true) => "inactive",
            (false, false) => "-",
        };
        Row::new([
            Cell::from(member.interface.clone()),
            Cell::from(member.state.clone()).fg(colour(&member.state)),
            Cell::from(use_of),
            Cell::from(course(&sent)),
            Cell::from(course(&received)),
            Cell::from(format!("{share} ({:.0}%)", wanted * 100.0)),
            Cell::from(format!("{}/{}", member.probes.lost, member.probes.sent)),
        ])
    };
    let widths = [
        Constraint::Min(6),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(17),
        Constraint::Length(17),
        Constraint::Length(11),
        Constraint::Min(6),
    ];
    let header = ["MEMBER", "STATE", "", "SENT", "RECEIVED", "SHARE", "LOST"];
    let rows = group.members.iter().map(row);
    frame.render_widget(Table::new(rows, widths).header(heads(header)).block(rule()), area);
}

fn show_targets(frame: &mut Frame<'_>, area: Rect, group: &GroupStatus) {
    let rows = group.targets.iter().flat_map(|of| {
        of.targets.iter().map(move |target| {
            let rtt = target.rtt.as_ref().map(|rtt| (rtt.smoothed_us, rtt.deviation_us));
            let ms = |micros: u64| format!("{:.2}ms", micros as f64 / 1e3);
            let rtt =
                rtt.map_or_else(|| "--".to_owned(), |(mean, off)| format!("{} ± {}", ms(mean), ms(off)));
            let lost = format!("{}/{}", target.lost, target.judged);
            Row::new([of.interface.clone(), target.address.to_string(), target.state.clone(), rtt, lost])
        })
    });
    let widths = [
        Constraint::Max(16),
        Constraint::Min(16),
        Constraint::Length(8),
        Constraint::Length(18),
        Constraint::Length(6),
    ];
    let header = heads(["PROBED BY", "TARGET", "STATE", "RTT", "LOST"]);
    frame.render_widget(Table::new(rows, widths).header(header).block(rule()), area);
}

fn show_addresses(frame: &mut Frame<'_>, area: Rect, group: &GroupStatus) {
    let rows = group.addresses.iter().map(|address| {
        let inbound = address.inbound.clone().unwrap_or_else(|| "--".to_owned());
        Row::new([address.address.to_string(), address.state.clone(), inbound])
    });
    let widths = [Constraint::Min(26), Constraint::Length(8), Constraint::Length(20)];
    let header = heads(["DATA ADDRESS", "STATE", "AT"]);
    frame.render_widget(Table::new(rows, widths).header(header).block(rule()), area);
}

fn show_events(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let line = |event: &ipmp_ctl::control::protocol::Event| {
        // The time of day: the date of what happened of late is known.
        let time = local(event.time_us).chars().skip(11).take(12).collect::<String>();
        Line::from(format!("{time}  {}", event.text))
    };
    let lines: Vec<_> = model.events().take(area.height.into()).map(line).collect();
    frame.render_widget(Paragraph::new(lines).block(titled("What happened, newest first")), area);
}

fn heads<const N: usize>(names: [&'static str; N]) -> Row<'static> {
    Row::new(names).style(Style::new().bold())
}

fn rule() -> Block<'static> {
    Block::new().borders(Borders::TOP).border_style(Style::new().dim())
}

fn titled(title: &'static str) -> Block<'static> {
    rule().title(title)
}

fn colour(state: &str) -> Color {
    match state {
        "ok" => Color::Green,
        "failed" => Color::Red,
        _ => Color::Yellow,
    }
}

/// The latest rate, and the last ones as bars.
fn course(rates: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const SHOWN: usize = 8;
    let shown = &rates[rates.len().saturating_sub(SHOWN)..];
    let most = shown.iter().copied().fold(0.0, f64::max);
    let reaches = |rate: f64, eighths: u8| rate * 8.0 <= most * f64::from(eighths);
    let bar = |rate: f64| BARS.into_iter().zip(1..).find(|(_, eighths)| reaches(rate, *eighths));
    let bars: String = shown.iter().map(|&rate| bar(rate).map_or('█', |(bar, _)| bar)).collect();
    format!("{:>7} {bars}", rates.last().map_or_else(|| "--".to_owned(), |&rate| short(rate)))
}

/// `12.3M`.
pub(super) fn short(rate: f64) -> String {
    let units = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| rate >= *size);
    unit.map_or_else(|| format!("{rate:.0}"), |(size, unit)| format!("{:.1}{unit}", rate / size))
}
