//! What each member carries at this moment: the packet path's own counters, as `stat -i` shows them.

use std::time::Instant;

use ipmp_ctl::control::protocol::MemberStatus;

use crate::{
    screen::{Paint, Screen},
    stage::{MEMBERS, Stage},
};

/// Characters of a bar, and packets a second, both ways together, that fill it.
const BAR: usize = 5;
const FULL: f64 = 48_000.0;

/// Prints a line of rates now and then.
pub(crate) struct Rates {
    begin: Instant,
    last: Sample,
}

struct Sample {
    at: Instant,
    members: Vec<MemberStatus>,
    exchanges: u64,
}

impl Sample {
    fn take(stage: &Stage) -> Self {
        Self {
            at: Instant::now(),
            members: stage.status().members,
            exchanges: stage.exchanges().iter().sum(),
        }
    }
}

impl Rates {
    /// Begins to count.
    pub(crate) fn new(stage: &Stage) -> Self {
        Self { begin: Instant::now(), last: Sample::take(stage) }
    }

    /// Prints the headings.
    pub(crate) fn heading(screen: &Screen) {
        let member = |number| format!("{:<21}", format!("e{number}"));
        let members: String = (0..MEMBERS).map(member).collect();
        let units = format!("{:<21}", "packets/s").repeat(MEMBERS);
        screen.line(&Paint::Faint.on(&format!("    time  {members} TCP")));
        screen.line(&Paint::Faint.on(&format!("          {units} answers/s")));
    }

    /// Prints the rates since the last line.
    pub(crate) fn line(&mut self, stage: &Stage, screen: &Screen) {
        let now = Sample::take(stage);
        let seconds = (now.at - self.last.at).as_secs_f64();
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let members: String = now
            .members
            .iter()
            .zip(&self.last.members)
            .map(|(now, before)| {
                let (sent, received) =
                    (rate(now.tx_packets, before.tx_packets), rate(now.rx_packets, before.rx_packets));
                member(now.state == "ok", sent, received)
            })
            .collect();
        screen.line(&format!(
            "  {:5.1} s {members}{:5.0}",
            (now.at - self.begin).as_secs_f64(),
            rate(now.exchanges, self.last.exchanges),
        ));
        self.last = now;
    }
}

/// One member, 21 characters wide.
fn member(works: bool, sent: f64, received: f64) -> String {
    let numbers = format!("↑{:>5} ↓{:>5}", thousands(sent), thousands(received));
    if works {
        format!("{} {numbers}  ", Paint::Good.on(&bar((sent + received) / FULL)))
    } else {
        format!("{} {}  ", Paint::Bad.on("─ ✕ ─"), Paint::Faint.on(&numbers))
    }
}

/// Packets a second in five characters at most.
fn thousands(rate: f64) -> String {
    if rate < 999.5 { format!("{rate:.0}") } else { format!("{:.1}k", rate / 1000.0) }
}

/// A bar in eighths of a character; the smallest for anything at all.
#[expect(clippy::cast_sign_loss, reason = "shares are not negative")]
fn bar(share: f64) -> String {
    const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
    let eighths = (share * (8 * BAR) as f64).ceil().clamp(0.0, (8 * BAR) as f64) as usize;
    (0..BAR).map(|cell| EIGHTHS[eighths.saturating_sub(8 * cell).min(8)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_wide_as_they_should_be_whatever_they_show() {
        for share in [0.0, 0.001, 0.3, 1.0, 7.0] {
            assert_eq!(bar(share).chars().count(), BAR, "{share}");
        }
        assert_eq!([bar(0.0), bar(0.001), bar(0.5), bar(2.0)], ["     ", "▏    ", "██▌  ", "█████"]);
    }

    #[test]
    fn rates_fit_their_column() {
        let shown = [0.4, 999.0, 1000.0, 99_949.0].map(thousands);
        assert_eq!(shown, ["0", "999", "1.0k", "99.9k"]);
    }
}
