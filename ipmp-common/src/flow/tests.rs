use super::*;

fn udp(source_port: u16, destination_port: u16) -> Transport {
    let [a, b] = source_port.to_be_bytes();
    let [c, d] = destination_port.to_be_bytes();
    Transport::new(protocol::UDP, [a, b, c, d])
}

/// Chi-squared over the buckets; 1,023 degrees of freedom: 1,168 is exceeded by chance once in a thousand.
fn chi_squared(hashes: impl Iterator<Item = u64>) -> f64 {
    let mut counts = vec![0u32; BUCKETS];
    let mut total = 0u32;
    for hash in hashes {
        counts[bucket(hash) as usize] += 1;
        total += 1;
    }
    let expected = f64::from(total) / BUCKETS as f64;
    counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
}

#[test]
fn flows_that_differ_in_one_field_spread_evenly() {
    for seed in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
        let ports = (0..32768u16).map(|n| hash_v4(seed, [10, 0, 0, 1], [10, 0, 0, 2], udp(n, 53)));
        let hosts = (0..65536u32)
            .map(|n| hash_v4(seed, [10, 0, 0, 1], (0x0a00_0000 + n).to_be_bytes(), Transport::NONE));
        let mut address = [0u8; 16];
        address[0] = 0xfd;
        let v6 = (0..32768u16).map(|n| hash_v6(seed, address, address, udp(4000, n)));
        for (what, chi) in
            [("ports", chi_squared(ports)), ("hosts", chi_squared(hosts)), ("v6", chi_squared(v6))]
        {
            assert!(chi < 1168.0 * 1.05, "{what} with seed {seed:#x}: chi-squared {chi}");
        }
    }
}

#[test]
fn every_field_counts() {
    let base = hash_v4(7, [10, 0, 0, 1], [10, 0, 0, 2], udp(1, 2));
    assert_ne!(base, hash_v4(8, [10, 0, 0, 1], [10, 0, 0, 2], udp(1, 2)), "seed");
    assert_ne!(base, hash_v4(7, [10, 0, 0, 3], [10, 0, 0, 2], udp(1, 2)), "source");
    assert_ne!(base, hash_v4(7, [10, 0, 0, 1], [10, 0, 0, 3], udp(1, 2)), "destination");
    assert_ne!(base, hash_v4(7, [10, 0, 0, 1], [10, 0, 0, 2], udp(2, 1)), "ports swapped");
    assert_ne!(
        base,
        hash_v4(7, [10, 0, 0, 1], [10, 0, 0, 2], Transport::new(protocol::TCP, [0, 1, 0, 2])),
        "protocol"
    );
}

#[test]
fn golden_values_do_not_change() {
    // A change here moves every flow of every group on an upgrade: raise the layout version with it.
    assert_eq!(bucket(hash_v4(1, [192, 0, 2, 1], [192, 0, 2, 2], udp(1000, 2000))), GOLDEN_V4);
    let mut a = [0; 16];
    a[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    assert_eq!(bucket(hash_v6(1, a, a, udp(1000, 2000))), GOLDEN_V6);
}

const GOLDEN_V4: u32 = 84;
const GOLDEN_V6: u32 = 513;
