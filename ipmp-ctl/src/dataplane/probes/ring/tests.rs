use std::{
    net::{Ipv4Addr, Ipv6Addr},
    os::fd::{AsFd as _, OwnedFd},
    sync::mpsc,
    time::Duration,
};

use ipmp_common::probe::{EXTRA, RING};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

use super::*;

const V4: Family = Family::V4;
const SLOT: u16 = 5;

/// Memory that two can map, as maps of the kernel are.
fn memory(words: usize) -> OwnedFd {
    let file = memfd_create("words", MemfdFlags::CLOEXEC).expect("memory can be had");
    ftruncate(&file, (words * size_of::<u64>()) as u64).expect("it can be made longer");
    file
}

fn map(file: &OwnedFd, words: usize) -> Words {
    Words::map(file.as_fd(), words).expect("it can be mapped")
}

const PROBE_WORDS: usize = INSTANCES * PLACES * size::<Probe>();
const HISTOGRAM_WORDS: usize = INSTANCES * TARGETS * size::<RttHistogram>();

/// A ring, and the probes and histograms as the packet path sees them.
struct Shared {
    ring: Ring,
    heads: Words,
    probes: Words,
    histograms: Words,
}

fn shared() -> Shared {
    let files = [memory(INSTANCES), memory(PROBE_WORDS), memory(HISTOGRAM_WORDS)];
    let maps =
        || [INSTANCES, PROBE_WORDS, HISTOGRAM_WORDS].into_iter().zip(&files).map(|(n, file)| map(file, n));
    let [heads, probes, histograms] = maps().collect::<Vec<_>>().try_into().expect("three");
    let ring = Ring::over(heads, probes, histograms);
    let [heads, probes, histograms] = maps().collect::<Vec<_>>().try_into().expect("three");
    Shared { ring, heads, probes, histograms }
}

fn outgoing(kind: ProbeKind, sequence: u16) -> Outgoing {
    let cookie = u64::from(sequence).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Outgoing {
        kind,
        sequence,
        target: Ipv4Addr::new(192, 0, 2, 1).into(),
        target_index: 3,
        cookie,
        sent: Instant::now(),
    }
}

fn index(kind: ProbeKind, sequence: u16) -> u32 {
    probe_index(instance(SLOT, V4), kind, sequence)
}

impl Shared {
    /// What the packet path does when the reply to the newest probe of a place arrives.
    fn answer(&self, kind: ProbeKind, sequence: u16, at: Instant) {
        let word = probe_word!(index(kind, sequence), answered_ns);
        assert_eq!(self.probes.get(word) & CLOSED, CLOSED);
        self.probes.set(word, self.ring.clock.ns(at));
    }
}

#[test]
fn a_probe_lies_where_the_packet_path_looks_for_it() {
    let Shared { ring, heads, probes, .. } = shared();
    ring.open(SLOT, Family::V6, 0xabcd);
    let target = "fe80::1:2".parse::<Ipv6Addr>().unwrap();
    let probe = Outgoing { target: target.into(), ..outgoing(ProbeKind::RttOnly, 0x1234) };
    ring.publish(SLOT, Family::V6, &probe);
    let head = ProbeHead { identifier: 0xabcd, newest: 0, newest_extra: 0x1234, open: 1 };
    assert_eq!(heads.get(usize::from(SLOT) * 2 + 1), head.to_word());
    let first =
        probe_index(instance(SLOT, Family::V6), ProbeKind::RttOnly, 0x1234) as usize * size::<Probe>();
    let word = |number: usize| probes.get(first + number);
    assert_eq!([word(0).to_ne_bytes(), word(1).to_ne_bytes()].concat(), target.octets());
    assert_eq!(word(2), probe.cookie);
    assert_eq!(word(3), ring.clock.ns(probe.sent));
    assert_eq!(word(4).to_le_bytes(), [0x34, 0x12, 1, 0, 3, 0, 0, 0]);
    assert_eq!(word(5), CLOSED | word(3));
}

#[test]
fn an_arrival_is_told_once_there_is_one() {
    let shared = shared();
    shared.ring.open(SLOT, V4, 1);
    for kind in ProbeKind::ALL {
        assert_eq!(shared.ring.arrival(SLOT, V4, kind, 7), None, "never sent");
        shared.ring.publish(SLOT, V4, &outgoing(kind, 7));
        assert_eq!(shared.ring.arrival(SLOT, V4, kind, 7), None, "on its way");
        let at = Instant::now() + Duration::from_micros(123);
        shared.answer(kind, 7, at);
        assert_eq!(shared.ring.arrival(SLOT, V4, kind, 7), Some(at));
        for (slot, family, sequence) in [(SLOT + 1, V4, 7), (SLOT, Family::V6, 7), (SLOT, V4, 8)] {
            assert_eq!(shared.ring.arrival(slot, family, kind, sequence), None);
        }
    }
}

#[test]
fn the_answer_of_another_probe_of_the_same_place_is_never_told() {
    for (kind, places) in
        [(ProbeKind::Detection, RING), (ProbeKind::Discovery, EXTRA), (ProbeKind::RttOnly, EXTRA)]
    {
        for sequence in [0, 1, 1000, u16::MAX - 3] {
            let shared = shared();
            shared.ring.open(SLOT, V4, 1);
            shared.ring.publish(SLOT, V4, &outgoing(kind, sequence));
            shared.answer(kind, sequence, Instant::now());
            let next = sequence.wrapping_add(places);
            assert_eq!(shared.ring.arrival(SLOT, V4, kind, next), None, "not sent yet");
            shared.ring.publish(SLOT, V4, &outgoing(kind, next));
            assert_eq!(shared.ring.arrival(SLOT, V4, kind, next), None, "not answered yet");
            assert_eq!(shared.ring.arrival(SLOT, V4, kind, sequence), None, "its place has been used again");
        }
    }
}

#[test]
fn kinds_that_share_a_ring_are_told_apart() {
    let shared = shared();
    shared.ring.open(SLOT, V4, 1);
    shared.ring.publish(SLOT, V4, &outgoing(ProbeKind::Discovery, 4));
    shared.answer(ProbeKind::Discovery, 4, Instant::now());
    assert_eq!(shared.ring.arrival(SLOT, V4, ProbeKind::RttOnly, 4), None);
    assert_eq!(shared.ring.arrival(SLOT, V4, ProbeKind::Detection, 4), None);
}

#[test]
fn an_instance_opened_again_remembers_nothing() {
    let shared = shared();
    shared.ring.open(SLOT, V4, 1);
    shared.ring.publish(SLOT, V4, &outgoing(ProbeKind::Detection, 9));
    shared.answer(ProbeKind::Detection, 9, Instant::now());
    shared.ring.close(SLOT, V4);
    assert_eq!(shared.heads.get(usize::from(SLOT) * 2), 0);
    shared.ring.open(SLOT, V4, 2);
    assert_eq!(shared.ring.arrival(SLOT, V4, ProbeKind::Detection, 9), None);
}

#[test]
fn two_probes_of_one_moment_do_not_have_the_same_last_word() {
    let shared = shared();
    shared.ring.open(SLOT, V4, 1);
    let first = outgoing(ProbeKind::Detection, 0);
    let word = probe_word!(index(first.kind, 0), answered_ns);
    shared.ring.publish(SLOT, V4, &first);
    let before = shared.probes.get(word);
    shared.ring.publish(SLOT, V4, &Outgoing { sequence: RING, ..first });
    assert_ne!(shared.probes.get(word), before);
}

#[test]
fn a_histogram_is_read_and_cleared_alone() {
    let Shared { ring, histograms, .. } = shared();
    let first = histogram_word(SLOT, V4, 2);
    for word in first - 1..=first + 16 {
        histograms.set(word, 3 | 4 << 32);
    }
    let counts = ring.histogram(SLOT, V4, 2);
    assert!(counts.iter().enumerate().all(|(bin, &count)| count == if bin % 2 == 0 { 3 } else { 4 }));
    ring.clear_histogram(SLOT, V4, 2);
    assert_eq!(ring.histogram(SLOT, V4, 2), [0; 32]);
    assert!(histograms.get(first - 1) != 0 && histograms.get(first + 16) != 0);
}

/// What a reply brings.
#[derive(Clone, Copy)]
struct Reply {
    sequence: u16,
    cookie: u64,
}

/// When the reply to `sequence` "arrives": different for each.
const fn arrival_ns(sequence: u16) -> u64 {
    1_000_000 + sequence as u64
}

/// The packet path's part, held up between any two steps. It does not even look at the window: it may have done that long
/// ago.
fn account(probes: &Words, reply: Reply, mut hold_up: impl FnMut()) {
    let index = index(ProbeKind::Detection, reply.sequence);
    let answered = probe_word!(index, answered_ns);
    let state = probes.get(answered);
    hold_up();
    if state & CLOSED == 0 || state == CLOSED {
        return;
    }
    let cookie = probes.get(probe_word!(index, cookie));
    hold_up();
    let found = probes.get(probe_word!(index, sequence)) & NAME;
    hold_up();
    if cookie == reply.cookie && found == name(ProbeKind::Detection, reply.sequence) {
        probes.swap_if(answered, state, arrival_ns(reply.sequence));
    }
}

#[test]
fn a_reply_held_up_anywhere_never_counts_for_a_later_probe() {
    const PROBES: u16 = 60_000;
    let Shared { ring, probes, .. } = shared();
    ring.open(SLOT, V4, 1);
    let (sent, replies) = mpsc::sync_channel::<Reply>(1);
    let program = std::thread::spawn(move || {
        let mut steps = 0u32;
        for reply in replies {
            account(&probes, reply, || {
                steps = steps.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                for _ in 0..steps >> 22 {
                    std::hint::spin_loop();
                }
                if steps >> 30 == 0 {
                    std::thread::yield_now();
                }
            });
        }
    });
    // Only one place is used, so that it is always being written while somebody reads it.
    let mut answered = 0;
    for round in 0..PROBES / RING {
        let sequence = round * RING;
        let probe = outgoing(ProbeKind::Detection, sequence);
        ring.publish(SLOT, V4, &probe);
        let _ = sent.try_send(Reply { sequence, cookie: probe.cookie });
        if round % 3 == 0 {
            std::thread::yield_now();
        }
        for _ in 0..round % 50 {
            if let Some(at) = ring.arrival(SLOT, V4, ProbeKind::Detection, sequence) {
                assert_eq!(ring.clock.ns(at), arrival_ns(sequence), "another probe's arrival");
                answered += 1;
                break;
            }
            std::thread::yield_now();
        }
    }
    drop(sent);
    program.join().expect("the program's part ends");
    assert!(answered > 0, "no reply counted at all");
}

#[test]
fn a_reply_held_up_between_check_and_swap_is_refused() {
    let Shared { ring, probes, .. } = shared();
    ring.open(SLOT, V4, 1);
    let old = outgoing(ProbeKind::Detection, 0);
    for held_up_at in 0..3 {
        ring.publish(SLOT, V4, &old);
        let mut step = 0;
        account(&probes, Reply { sequence: 0, cookie: old.cookie }, || {
            if step == held_up_at {
                ring.publish(SLOT, V4, &Outgoing { cookie: 1, sequence: RING, ..old });
            }
            step += 1;
        });
        assert_eq!(ring.arrival(SLOT, V4, ProbeKind::Detection, RING), None, "held up at step {held_up_at}");
        assert_eq!(ring.arrival(SLOT, V4, ProbeKind::Detection, 0), None);
    }
}
