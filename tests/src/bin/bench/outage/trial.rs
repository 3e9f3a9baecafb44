//! One failure and its repair.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use ipmp_tests::{
    interrupt,
    reaction::window_since,
    stream::{Outage, Stream},
};

use super::{
    class::Class,
    fault::Fault,
    lane::Lane,
    results::Event,
    system::{System, VICTIM},
};

/// How long anything that a trial waits for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the end of an outage is waited for. Later it counts as none.
const LONGEST: Duration = Duration::from_secs(3);

/// How often is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(20);

/// What the four streams suffered.
pub(super) type Suffered = [Sample; 4];

/// What a stream suffered by an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// The outage: see [`Sample::of`].
    pub(super) outage: Duration,
    /// Longest time that packets had been sent and nothing arrived.
    pub(super) standstill: Duration,
    /// Packets sent.
    pub(super) sent: u64,
    /// Those that did not arrive.
    pub(super) lost: u64,
    /// Arrivals out of order.
    pub(super) reordered: u64,
    /// Arrivals of a packet that had arrived before.
    pub(super) duplicates: u64,
    /// Whether the outage had not ended when the trial gave up.
    pub(super) open: bool,
}

/// What a trial has found.
pub(super) struct Trial {
    /// The failure; nothing if it left no way to the link.
    pub(super) failure: Option<Suffered>,
    /// The repair.
    pub(super) repair: Suffered,
    /// Buckets that were moved, where that is planned, though their flows did not pause.
    pub(super) forced: u64,
}

/// Breaks, looks, repairs, looks. An error is a system that is not as it should be before or after.
pub(super) fn run(system: &dyn System, class: Class, rate: u32, number: u32) -> Result<Trial, String> {
    until_settled(system)?;
    let streams = Lane::ALL.map(|lane| lane.start(system, rate));
    let streams: Vec<Stream> = streams.into_iter().collect::<Result<_, _>>()?;
    until_flowing(&streams, PATIENCE).map_err(|lane| format!("nothing arrives: {lane}"))?;
    // Not in step with any timer of the kernel or of the system.
    interrupt::pause(Duration::from_millis(50 + u64::from(number * 37 % 100)));

    let fault = Fault::new(class, system, VICTIM);
    let [soon_broken, soon_repaired] = system.patience();
    let forced = system.forced();
    let start = fault.strike();
    interrupt::pause(soon_broken);
    let failure = class.events().contains(&Event::Failure).then(|| look(&streams, start, false));
    let before = if failure.is_some() { forced } else { system.forced() };
    if class.is_planned() && failure.is_none() {
        // What the failure has cost is over before the flows come back.
        let _ = until_flowing(&streams, LONGEST);
        interrupt::pause(LOOK * 5);
    }
    let start = fault.mend();
    interrupt::pause(soon_repaired);
    let repair = look(&streams, start, class.is_total());
    Ok(Trial { failure, repair, forced: system.forced().saturating_sub(before) })
}

/// Waits until all is well.
pub(super) fn until_settled(system: &dyn System) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        match system.settled() {
            Err(_) if begin.elapsed() < PATIENCE => interrupt::pause(LOOK),
            other => return other,
        }
    }
}

/// Waits for the end of an outage that may be, and measures what was since `start`.
fn look(streams: &[Stream], start: u64, was_dark: bool) -> Suffered {
    // An outage that does not end is a finding.
    let _ = until_flowing(streams, LONGEST);
    // The streams go on for a moment: what was sent up to the end of the window has time to arrive.
    interrupt::pause(Duration::from_millis(80));
    let window = window_since(start);
    let mut suffered = Suffered::default();
    for (sample, stream) in suffered.iter_mut().zip(streams) {
        *sample = Sample::of(&stream.outage(&window), &window, was_dark);
    }
    suffered
}

/// Waits until every stream arrives; the error is the first that does not.
fn until_flowing(streams: &[Stream], limit: Duration) -> Result<(), Lane> {
    let begin = Instant::now();
    loop {
        let before: Vec<_> = streams.iter().map(Stream::received).collect();
        interrupt::pause(LOOK);
        let mut lanes = streams.iter().zip(before).zip(Lane::ALL);
        match lanes.find(|((stream, before), _)| stream.received() <= *before) {
            None => return Ok(()),
            Some((_, lane)) if begin.elapsed() > limit => return Err(lane),
            Some(_) => {}
        }
    }
}

impl Sample {
    /// The outage is the time spanned by the longest run of missing numbers. Where nothing could have got through before
    /// (`was_dark`), it is the time to the first arrival instead: what is missing from before is not the system's fault.
    fn of(found: &Outage, window: &Range<u64>, was_dark: bool) -> Self {
        let whole = Duration::from_nanos(window.end - window.start);
        Self {
            outage: if was_dark { found.first_after.unwrap_or(whole) } else { found.missing },
            standstill: found.standstill,
            sent: found.sent,
            lost: found.lost,
            reordered: found.reordered,
            duplicates: found.duplicates,
            open: if was_dark { found.first_after.is_none() } else { found.open },
        }
    }
}

#[cfg(test)]
mod tests;
