//! Buckets on their way from one working member to another, in memory shared with the packet path.

use ipmp_common::{
    Passage,
    passage::{PassageCell, pass_idle, ticks},
};

use super::{clock::Clock, words::Words};

/// The passage of one bucket, by the place of its word.
struct Cell<'a> {
    words: &'a Words,
    index: usize,
}

impl PassageCell for Cell<'_> {
    fn load(&self) -> Passage {
        Passage::from_word(self.words.get(self.index))
    }

    fn swap_if(&self, old: Passage, new: Passage) -> Passage {
        Passage::from_word(self.words.swap_if(self.index, old.to_word(), new.to_word()))
    }
}

/// Lets the bucket whose passage is the word at `index` pass in the move `epoch`, if it has been idle for more than `gap`
/// ticks by now; whether it has passed.
pub(super) fn look(words: &Words, index: usize, epoch: u32, clock: Clock, gap: u32) -> bool {
    pass_idle(&Cell { words, index }, epoch, ticks(clock.now_ns()), gap)
}
