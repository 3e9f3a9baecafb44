//! Random packets never count.

use ipmp_common::{Family, ProbeKind};
use ipmp_tests::program::Random;

use super::{OWN_MAC, PEER_MAC, everywhere};

/// Packets for each program and family.
const ROUNDS: usize = 20_000;

#[test]
fn random_and_damaged_packets_never_count() {
    everywhere(|mut probing| {
        let mut random = Random::new(11);
        let sound: Vec<_> = (0..60).map(|sequence| probing.detect(sequence).packet().build()).collect();
        let ip_end = if probing.family == Family::V4 { 34 } else { 54 };
        // Cookie, identifier, sequence, type, code and kind: damage to any of them must be fatal, to what lies elsewhere
        // need not be. The checksum is the network card's affair.
        let matters = |byte: usize| byte < ip_end + 20 && !(ip_end + 2..ip_end + 4).contains(&byte);
        for round in 0..ROUNDS {
            let mut frame = if round % 4 == 0 { random.frame(PEER_MAC) } else { random.pick(&sound).clone() };
            if round % 4 == 0 {
                frame[..6].copy_from_slice(&OWN_MAC.bytes);
            } else {
                let byte = random.between(ip_end, ip_end + 19);
                if !matters(byte) {
                    continue;
                }
                frame[byte] ^= 1 << random.below(8);
                frame.truncate(random.between(ip_end, frame.len()));
            }
            let (_, counters) = probing.run(&frame);
            assert_eq!(counters.answered, 0, "{frame:02x?}");
        }
        for sequence in 0..60 {
            assert_eq!(probing.arrival(ProbeKind::Detection, sequence), None);
        }
        assert_eq!(probing.recorded(), 0);
    });
}
