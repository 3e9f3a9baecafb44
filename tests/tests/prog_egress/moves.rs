//! Buckets on their way from one working member to another.

use std::time::{Duration, Instant};

use ipmp_common::{
    Choice, Passage, Reason, SlotSet,
    passage::{gap_ticks, ns},
};
use ipmp_ctl::{dataplane::object::Program, engine::assignment::Assignment};
use ipmp_tests::{
    packets::udp,
    plan,
    program::{Counts, Verdict, scene, scene::assignment},
};

use super::{Egress, between, bucket, in_name_of, ports};

/// Where the bucket comes from and goes to.
const FROM: u16 = 3;
const TO: u16 = 17;

/// A gap that no test waits for.
const NEVER: u32 = gap_ticks(u64::MAX);

/// A packet whose flow has this bucket.
fn frame(wanted: u32) -> Vec<u8> {
    let frames = (0..=u16::MAX)
        .map(|port| (between(plan::data_v4(0, 0).into(), plan::peer_v4(0).into()) / udp(port, 53)).build());
    let mut frames = frames.filter(|frame| bucket(frame, ports(frame)) == wanted);
    frames.next().expect("some port leads to every bucket")
}

/// The scene, with one bucket on its way.
fn moving(number: u32, epoch: u32, gap: u32) -> Assignment {
    let mut wanted = Assignment { gap, ..assignment() };
    wanted.buckets[number as usize] = Choice::moving(FROM, TO, epoch);
    wanted
}

/// Sends the frame and expects the member in `slot`, plainly counted.
fn expect(egress: &mut Egress, what: &str, frame: &[u8], slot: u16) {
    egress.expect_sent(what, frame, &in_name_of(slot, frame), slot);
}

#[test]
fn a_bucket_moves_at_the_first_packet_after_a_gap() {
    let (number, mut wanted) = (77, moving(77, 5, NEVER));
    let frame = frame(number);
    let mut egress = Egress::with(&wanted);
    assert_eq!(egress.path.tables().passage(number), Passage::default());
    expect(&mut egress, "the first packet", &frame, FROM);
    let first = egress.path.tables().passage(number);
    assert_eq!(first.epoch, 5, "it has left a stamp");
    let moved_on = Instant::now();
    while moved_on.elapsed() < Duration::from_micros(20) {}
    expect(&mut egress, "without a gap", &frame, FROM);
    assert!(egress.path.tables().passage(number).seen > first.seen, "each packet leaves a stamp");

    wanted.gap = 1;
    egress.path.install(&wanted);
    let idle = Instant::now();
    while idle.elapsed() < Duration::from_nanos(3 * ns(1)) {}
    expect(&mut egress, "after a gap", &frame, TO);
    assert!(egress.path.tables().passage(number).has_passed(5));
    wanted.gap = NEVER;
    egress.path.install(&wanted);
    expect(&mut egress, "for good", &frame, TO);

    wanted.buckets[number as usize] = Choice::moving(TO, FROM, 6);
    egress.path.install(&wanted);
    expect(&mut egress, "the next move begins where the last has ended", &frame, TO);
    wanted.buckets[number as usize] = Choice::new(FROM, TO);
    egress.path.install(&wanted);
    expect(&mut egress, "forced", &frame, FROM);
}

#[test]
fn a_bucket_that_moves_uses_whichever_of_its_members_is_usable() {
    let (number, mut wanted) = (78, moving(78, 5, 0));
    let frame = frame(number);
    let mut egress = Egress::with(&wanted);
    let all = wanted.usable;
    for (what, usable, slot, reason) in [
        ("its new member has no program yet", all.without(TO), Some(FROM), None),
        ("and has been so for a while", all.without(TO), Some(FROM), None),
        ("its old member has failed", all.without(FROM), Some(TO), Some(Reason::Fallback)),
        ("both have", SlotSet::EMPTY.with(63), Some(63), Some(Reason::Fallback)),
        ("all have", SlotSet::EMPTY, None, Some(Reason::NoUsableMember)),
    ] {
        wanted.usable = usable;
        egress.path.install(&wanted);
        let (ran, counts) = egress.path.run(&mut egress.program, &frame);
        let sent = slot.map_or_else(Counts::default, |slot| Counts::sent(slot, frame.len()));
        // A bucket that has passed goes by its new member as its own.
        let passed = egress.path.tables().passage(number).has_passed(5);
        let reason = reason.filter(|_| !passed || slot != Some(TO));
        assert_eq!(counts, reason.map_or_else(|| sent.clone(), |reason| sent.clone().and(reason)), "{what}");
        assert_eq!(ran.verdict == Verdict::Redirected, slot.is_some(), "{what}");
    }
}

#[test]
fn the_controller_lets_an_idle_bucket_pass() {
    let (number, mut wanted) = (79, moving(79, 5, NEVER));
    let mut egress = Egress::with(&wanted);
    let choice = wanted.buckets[number as usize];
    assert!(!egress.path.tables().let_pass(number, choice), "the first look leaves a stamp");
    assert!(!egress.path.tables().let_pass(number, choice));
    wanted.gap = 0;
    egress.path.install(&wanted);
    let idle = Instant::now();
    while idle.elapsed() < Duration::from_nanos(3 * ns(1)) {}
    assert!(egress.path.tables().let_pass(number, choice));
    expect(&mut egress, "a packet afterwards", &frame(number), TO);
}

/// Two processors send flows of one bucket while it is moved to and fro. Each sends in bursts, with pauses round the gap.
#[test]
fn two_processors_never_move_a_flow_without_a_gap() {
    const MOVES: u32 = 400;
    let gap = gap_ticks(30_000);
    let number = 80;
    let mut wanted = moving(number, 1, gap);
    let mut egress = Egress::with(&wanted);
    let frame = frame(number);
    let done = std::sync::atomic::AtomicBool::new(false);
    let send = |mut program: ipmp_tests::program::Loaded, seed: u64| {
        let (frame, done) = (&frame, &done);
        move || {
            let mut random = ipmp_tests::program::Random::new(seed);
            let mut sent = Vec::new();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let began = Instant::now();
                let ran = program.run(frame);
                sent.push((began, Instant::now(), ran.frame[11]));
                if random.below(8) == 0 {
                    let pause = Duration::from_micros(random.below(60) as u64);
                    while sent.last().is_some_and(|(_, end, _)| end.elapsed() < pause) {}
                }
            }
            sent
        }
    };
    let programs = [1, 2].map(|seed| (egress.path.load(Program::GroupEgress, scene::constants()), seed));
    let (logs, passed) = std::thread::scope(|scope| {
        let threads = programs.map(|(program, seed)| scope.spawn(send(program, seed)));
        let mut passed = 0;
        for epoch in 2..MOVES {
            let began = Instant::now();
            // Some moves end by themselves, some are given up: forced ones are no concern of this test.
            while began.elapsed() < Duration::from_millis(20)
                && !egress.path.tables().passage(number).has_passed(epoch - 1)
            {}
            if egress.path.tables().passage(number).has_passed(epoch - 1) {
                passed += 1;
                let Choice { slot, backup, .. } = wanted.buckets[number as usize];
                wanted.buckets[number as usize] = Choice::moving(slot, backup, epoch);
            } else {
                // The same move by another number: it begins anew.
                wanted.buckets[number as usize].epoch = epoch;
            }
            egress.path.install(&wanted);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        (threads.map(|thread| thread.join().expect("it sends until it is told to stop")), passed)
    });
    assert!(passed > 20, "only {passed} moves");
    for log in logs {
        for pair in log.windows(2) {
            let [(began, _, before), (_, ended, after)] = pair else { unreachable!("windows of two") };
            let pause = *ended - *began;
            assert!(before == after || pause > Duration::from_nanos(ns(gap - 1)), "moved after {pause:?}");
        }
    }
}
