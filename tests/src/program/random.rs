//! Numbers and packets by chance, the same in every run.

use ipmp_common::member::Mac;

use super::smallest;

/// A small generator (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence number `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub const fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// One of several.
    pub const fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number() as u8).collect()
    }

    /// A number from `first` to `last`.
    pub const fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last - first + 1)
    }

    /// A frame from `source`: random bytes, every other time of a protocol that the programs look into.
    pub fn frame(&mut self, source: Mac) -> Vec<u8> {
        let mut frame = self.bytes(14);
        frame[6..12].copy_from_slice(&source.bytes);
        if self.below(2) == 0 {
            let protocols = [[0x08, 0x00], [0x86, 0xdd], [0x08, 0x06], [0x81, 0x00]];
            frame[12..].copy_from_slice(&self.pick(&protocols)[..]);
        }
        let rest = self.between(smallest(&frame), 250) - frame.len();
        frame.extend(self.bytes(rest));
        frame
    }

    /// `frame` with some damage behind its Ethernet header: bytes changed, the end cut off, bytes added. The kernel still
    /// makes a packet of it.
    pub fn damage(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        for _ in 0..self.below(6) {
            let at = 14 + self.below(frame.len() - 14);
            let any = self.number() as u8;
            frame[at] = *self.pick(&[0, 1, 0x80, 0xff, any]);
        }
        match self.below(4) {
            0 => frame.truncate(self.between(smallest(&frame), frame.len())),
            1 => {
                let length = self.below(64);
                frame.extend(self.bytes(length));
            }
            _ => {}
        }
        frame
    }
}
