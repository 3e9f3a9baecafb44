use super::*;

#[test]
fn a_head_is_what_lies_in_memory() {
    let head = ProbeHead { identifier: 0x0102, newest: 0x0304, newest_extra: 0x0506, open: 1 };
    assert_eq!(head.to_word().to_le_bytes(), [2, 1, 4, 3, 6, 5, 1, 0]);
    assert_eq!(ProbeHead::from_word(head.to_word()), head);
}

#[test]
fn the_newest_52_count_also_where_the_sequence_wraps() {
    for newest in [0, 20, 51, 52, 63, 64, 1000, u16::MAX] {
        let head = ProbeHead { newest, ..ProbeHead::default() };
        for (age, counts) in [(0, true), (1, true), (51, true), (52, false), (63, false), (u16::MAX, false)] {
            let sequence = newest.wrapping_sub(age);
            assert_eq!(head.covers(ProbeKind::Detection, sequence), counts, "{sequence} of {newest}");
        }
    }
}

#[test]
fn the_other_kinds_have_a_sequence_and_places_of_their_own() {
    let head = ProbeHead { newest: 1000, newest_extra: 3, ..ProbeHead::default() };
    for kind in [ProbeKind::RttOnly, ProbeKind::Discovery] {
        assert!(head.covers(kind, 3) && head.covers(kind, 3u16.wrapping_sub(15)));
        assert!(
            !head.covers(kind, 4) && !head.covers(kind, 3u16.wrapping_sub(16)) && !head.covers(kind, 1000)
        );
        assert!((0..=u16::MAX).all(|sequence| (RING..RING + EXTRA).contains(&kind.place(sequence))));
    }
}

#[test]
fn the_next_probe_takes_the_place_of_none_that_counts() {
    for newest in [0u16, 63, 64, u16::MAX] {
        let taken = ProbeKind::Detection.place(newest.wrapping_add(1));
        let head = ProbeHead { newest, ..ProbeHead::default() };
        let counting = (0..=u16::MAX).filter(|&sequence| head.covers(ProbeKind::Detection, sequence));
        assert!(counting.map(|sequence| ProbeKind::Detection.place(sequence)).all(|place| place != taken));
    }
}

#[test]
fn every_probe_and_histogram_has_an_index_of_its_own() {
    let mut probes = std::collections::BTreeSet::new();
    let mut histograms = std::collections::BTreeSet::new();
    for slot in 0..SLOTS as u16 {
        for family in Family::ALL {
            let instance = instance(slot, family);
            for sequence in 0..RING {
                probes.insert(probe_index(instance, ProbeKind::Detection, sequence));
            }
            for sequence in 0..EXTRA {
                probes.insert(probe_index(instance, ProbeKind::RttOnly, sequence));
            }
            histograms.extend((0..TARGETS as u16).map(|target| histogram_index(instance, target)));
        }
    }
    assert!(probes.into_iter().eq(0..(INSTANCES * PLACES) as u32));
    assert!(histograms.into_iter().eq(0..(INSTANCES * TARGETS) as u32));
}

#[test]
fn bins_are_powers_of_two_of_microseconds() {
    for (ns, bin) in [
        (0, 0),
        (999, 0),
        (1_999, 0),
        (2_000, 1),
        (4_000, 2),
        (7_999, 2),
        (1_024_000, 10),
        (2_147_483_648_000, 31),
        (u64::MAX, 31),
    ] {
        assert_eq!(RttHistogram::bin(ns), bin, "{ns} ns");
    }
}

#[test]
fn only_an_arrival_is_one() {
    for (word, told) in [(0, None), (CLOSED, None), (waiting(5), None), (5, Some(5))] {
        assert_eq!(arrival(word), told);
    }
}

#[test]
fn a_payload_comes_back_as_it_went() {
    for kind in ProbeKind::ALL {
        let payload = Payload::new(kind, 0x0102_0304_0506_0708);
        assert_eq!((payload.kind(), payload.cookie()), (Some(kind), 0x0102_0304_0506_0708));
        let bytes = payload.to_bytes();
        assert_eq!(bytes[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(bytes[8..], [0, 0, 0, kind as u8, 0, 0, 0, 0]);
    }
    assert_eq!(ECHO_LEN, 24);
}
