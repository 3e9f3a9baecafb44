//! Figures of repeated measurements.

use std::fmt;

#[cfg(test)]
mod tests;

/// Measurements of one thing, in whatever unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// In rising order.
    sorted: Vec<f64>,
}

/// From how many measurements on a 99th percentile says more than the maximum.
const ENOUGH_FOR_P99: usize = 200;

impl Figures {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The smallest measurement that at least `percent` of all do not exceed (nearest rank); 0 if there is none.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (percent * self.sorted.len()).div_ceil(100);
        self.sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    }

    /// The 99th percentile, where there are measurements enough.
    pub fn p99(&self) -> Option<f64> {
        (self.count() >= ENOUGH_FOR_P99).then(|| self.percentile(99))
    }

    /// The middle one; the mean of the two middle ones if their number is even; 0 if there is none.
    pub fn median(&self) -> f64 {
        let middle = self.sorted.len() / 2;
        match (self.sorted.get(middle), self.sorted.len() % 2) {
            (None, _) => 0.0,
            (Some(&upper), 0) => f64::midpoint(self.sorted[middle - 1], upper),
            (Some(&middle), _) => middle,
        }
    }

    /// The smallest; 0 if there is none.
    pub fn min(&self) -> f64 {
        self.sorted.first().copied().unwrap_or(0.0)
    }

    /// The largest; 0 if there is none.
    pub fn max(&self) -> f64 {
        self.sorted.last().copied().unwrap_or(0.0)
    }

    /// The headings of [`Figures`]' display.
    pub const HEADINGS: &'static str = "    p50     p90     p99     max";
}

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(measurements: I) -> Self {
        let mut sorted: Vec<_> = measurements.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }
}

/// p50, p90, p99 (from 200 measurements on) and maximum, in columns of 7.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:7.2} {:7.2} ", self.percentile(50), self.percentile(90))?;
        match self.p99() {
            None => write!(f, "{:>7}", "-")?,
            Some(p99) => write!(f, "{p99:7.2}")?,
        }
        write!(f, " {:7.2}", self.max())
    }
}
