//! A logarithmic scale of milliseconds, with a place of its own for zero.

/// From times to places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    left: f64,
    right: f64,
    /// Powers of ten at which the logarithmic part begins and ends.
    decades: [i32; 2],
}

/// Share of the width that is zero's, and where in it zero is.
const ZERO: f64 = 0.1;
const ZERO_PLACE: f64 = 0.02;

impl Scale {
    /// A scale from `left` to `right` for all of these.
    pub(super) fn new(left: f64, right: f64, values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let decades = if most > 0.0 {
            let least = least.log10().floor() as i32;
            [least, (most.log10().ceil() as i32).max(least + 1)]
        } else {
            [0, 1]
        };
        Self { left, right, decades }
    }

    /// The place of a time.
    pub(super) fn place(&self, ms: f64) -> f64 {
        let width = self.right - self.left;
        if ms <= 0.0 {
            return self.left + width * ZERO_PLACE;
        }
        let [first, last] = self.decades.map(f64::from);
        let share = ((ms.log10() - first) / (last - first)).clamp(0.0, 1.0);
        self.left + width * (ZERO + (1.0 - ZERO) * share)
    }

    /// Places and labels of zero and of every power of ten.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        let [first, last] = self.decades;
        let tens = (first..=last).map(|power| {
            let ms = 10_f64.powi(power);
            let label = if power >= 3 { format!("{} s", ms / 1e3) } else { format!("{} ms", rounded(ms)) };
            (self.place(ms), label)
        });
        std::iter::once((self.place(0.0), "none".to_owned())).chain(tens).collect()
    }
}

/// Without the error of a power of ten that is no binary fraction.
fn rounded(ms: f64) -> f64 {
    (ms * 1e6).round() / 1e6
}
