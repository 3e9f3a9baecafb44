//! Random numbers that nobody can guess.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// Numbers that are asked of the kernel at a time.
const AT_ONCE: usize = 64;

/// A supply of random 64-bit numbers, from the kernel.
#[derive(Debug)]
pub struct Random {
    numbers: Vec<u64>,
}

impl Random {
    /// An empty supply: it is filled when a number is asked for.
    pub const fn new() -> Self {
        Self { numbers: Vec::new() }
    }

    /// The next number.
    ///
    /// # Errors
    /// The kernel gives none.
    pub fn number(&mut self) -> io::Result<u64> {
        if let Some(number) = self.numbers.pop() {
            return Ok(number);
        }
        let mut bytes = [0; AT_ONCE * size_of::<u64>()];
        // Up to 256 bytes are never given in part; more may be.
        let filled = getrandom(&mut bytes[..], GetRandomFlags::empty())?;
        let words = bytes[..filled].chunks_exact(size_of::<u64>());
        self.numbers.extend(words.map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default())));
        self.numbers.pop().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let mut random = Random::new();
        let numbers: BTreeSet<u64> = (0..1000).map(|_| random.number().expect("a number")).collect();
        assert_eq!(numbers.len(), 1000);
    }
}
