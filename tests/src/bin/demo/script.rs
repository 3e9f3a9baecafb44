//! What happens, in order.

use std::time::{Duration, Instant};

use ipmp_tests::{
    interrupt,
    reaction::window_since,
    stream::{Report, now_ns},
};

use crate::{
    rates::Rates,
    record::{Deed, Record},
    rides::Rides,
    screen::{Paint, Screen},
    stage::Stage,
    table,
};

/// How long the streams are looked at after an event, and how long nothing happens before the first one.
const SCENE: Duration = Duration::from_secs(3);

/// The same while no member is left: long enough that TCP has backed off, and then finds its way again.
const DARKNESS: Duration = Duration::from_secs(2);

/// Time between two lines of rates.
const LINE: Duration = Duration::from_secs(1);

/// Plays all of it. True if no connection was lost.
pub(crate) fn play(screen: &Screen) -> bool {
    screen.line(
        &Paint::Strong.on("IPMP for Linux: a host with three NICs, whose cables are cut while it works."),
    );
    screen.line("You see what each NIC carries, and for each cut and repair how soon the daemon acts,");
    screen.line("how long traffic stands still and what is lost. It takes half a minute.\n");
    screen.line(&Paint::Faint.on("   setting the stage ..."));
    let stage = Stage::set();
    let mut player = Player { screen, rates: Rates::new(&stage), stage, records: Vec::new() };
    let reports = player.play();
    let silent = player.stage.until_all_answer(&player.stage.exchanges());
    screen.line("");
    table::print(screen, &player.records, &reports);
    player.verdict(silent)
}

struct Player<'a> {
    screen: &'a Screen,
    rates: Rates,
    stage: Stage,
    records: Vec<Record>,
}

impl Player<'_> {
    /// Two acts: one cable after the other, then all of them.
    fn play(&mut self) -> Vec<Report> {
        self.introduce();
        let rides = Rides::aim(&self.stage, 0, 0);
        Rates::heading(self.screen);
        self.rates = Rates::new(&self.stage);
        self.look(SCENE);
        self.perform(&rides, Deed::Cut(0));
        self.perform(&rides, Deed::Restore(0));
        self.stage.until_at_home();
        let mut reports = Vec::from(rides.finish());

        let rides = Rides::aim(&self.stage, 1, 1);
        self.perform(&rides, Deed::Cut(1));
        let next = self.busier(&rides, 0, 2);
        self.perform(&rides, Deed::Cut(next));
        self.perform(&rides, Deed::CutLast(2 - next));
        self.perform(&rides, Deed::RestoreAll);
        rides.until_flowing();
        reports.extend(rides.finish());
        reports
    }

    fn introduce(&self) {
        let connections = self.stage.exchanges().len();
        let flows = self.stage.flow_carriers().len();
        let line = |name: &str, text: &str| {
            self.screen.line(&format!("   {} {text}", Paint::Strong.on(&format!("{name:<8}"))));
        };
        line("network", "a host, its group ipmp0 over e0, e1 and e2, a switch, two peers; nothing of yours");
        line(
            "TCP",
            &format!("{connections} connections, half of them to the host, IPv4 and IPv6, always talking"),
        );
        line("flows", &format!("{flows} of UDP questions and answers, spread over the members"));
        line("streams", "10,000 numbered packets/s each way, IPv4 and IPv6,");
        line("", "all by the member that is cut first: the worst case\n");
    }

    /// Which of two members carries more of the streams.
    fn busier(&self, rides: &Rides, one: usize, other: usize) -> usize {
        let carriers = rides.carriers(&self.stage);
        let count = |member| carriers.iter().filter(|carrier| **carrier == Some(member)).count();
        if count(other) > count(one) { other } else { one }
    }

    /// Prints rates for a while.
    fn look(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() + LINE / 2 < end {
            interrupt::pause(LINE.min(end.saturating_duration_since(Instant::now())));
            self.rates.line(&self.stage, self.screen);
        }
    }

    /// Does something to the cables and finds out what it cost.
    fn perform(&mut self, rides: &Rides, deed: Deed) {
        let riding = rides.carriers(&self.stage);
        let before = self.stage.flow_carriers();
        let broken = self.stage.broken().len();
        let members = deed.members();
        self.announce(&deed, riding, &before);

        let start = now_ns();
        let reaction = if deed.cuts() {
            self.stage.watch.cut(&self.stage.rig.topology, &members)
        } else {
            self.stage.watch.restore(&self.stage.rig.topology, &members)
        };
        self.look(if matches!(deed, Deed::CutLast(_)) { DARKNESS } else { SCENE });
        let after = self.stage.flow_carriers();
        let changed = before.iter().zip(&after).filter(|(before, after)| before.is_some() && before != after);
        let record = Record {
            reaction,
            outages: rides.outages(&window_since(start)),
            moved: after.iter().any(Option::is_some).then(|| changed.count()),
            connections_lost: self.stage.broken().len() - broken,
            deed,
        };
        record.print(self.screen, after.len(), self.stage.exchanges().len());
        self.records.push(record);
    }

    fn announce(&self, deed: &Deed, riding: [Option<usize>; 4], flows: &[Option<usize>]) {
        let streams = |member| riding.iter().filter(|carrier| **carrier == Some(member)).count();
        let carried = |member| flows.iter().filter(|carrier| **carrier == Some(member)).count();
        let note = match *deed {
            Deed::Cut(member) | Deed::CutLast(member) => {
                format!(
                    "it carries {} of 4 streams and {} of {} flows",
                    streams(member),
                    carried(member),
                    flows.len()
                )
            }
            Deed::Restore(_) => "addresses and a fair share of the flows return to it".to_owned(),
            Deed::RestoreAll => "the connections have waited".to_owned(),
        };
        let mark = if deed.cuts() { "✂" } else { "✔" };
        self.screen.line(&format!(
            "\n{} {}",
            Paint::Deed.on(&format!("{mark} {}", deed.headline())),
            Paint::Faint.on(&format!("({note})"))
        ));
    }

    /// Says how it ended. A connection that is not broken but does not answer either is lost too.
    fn verdict(&self, silent: usize) -> bool {
        let broken = self.stage.broken();
        let all = self.stage.exchanges().len();
        let lost = broken.len() + silent;
        if lost == 0 {
            self.screen.line(
                &Paint::Good.on(&format!("  All {all} TCP connections have lived through it and go on.")),
            );
        } else {
            self.screen.line(&Paint::Bad.on(&format!("  {lost} of {all} TCP connections were lost:")));
            for why in &broken {
                self.screen.line(&format!("    {why}"));
            }
            if silent > 0 {
                self.screen.line(&format!("    {silent} more have had no answer since"));
            }
        }
        lost == 0
    }
}
