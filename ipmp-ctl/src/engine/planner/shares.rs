//! Sharing out things that cannot be divided.

/// Divides `total` by weight: largest remainder, the earlier one among equals. Nothing is divided if all weights are 0.
pub(super) fn apportion(total: u32, weights: &[u64]) -> Vec<u32> {
    let sum: u64 = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u64::from(total) * weight;
    let mut shares: Vec<u32> = weights.iter().map(|&weight| (exact(weight) / sum) as u32).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(weights[i]) % sum)); // stable
    let left = total - shares.iter().sum::<u32>();
    for &i in order.iter().take(left as usize) {
        shares[i] += 1;
    }
    shares
}

/// A sequence in which each number `i` stands `counts[i]` times, as evenly spread as possible (smooth weighted round
/// robin).
pub(super) fn interleave(counts: &[u32]) -> Vec<usize> {
    let total: u32 = counts.iter().sum();
    let mut credit = vec![0_i64; counts.len()];
    let mut sequence = Vec::with_capacity(total as usize);
    for _ in 0..total {
        let mut best = 0;
        for (i, &count) in counts.iter().enumerate() {
            credit[i] += i64::from(count);
            if credit[i] > credit[best] {
                best = i;
            }
        }
        credit[best] -= i64::from(total);
        sequence.push(best);
    }
    sequence
}

#[cfg(test)]
mod tests;
