//! Every order in which processors can read the clock and the word, and replace it.
//!
//! What a processor does next follows from what its earlier steps gave: so a step is found by running [`pass`] over a
//! record of them, and the search goes through all orders of steps, with time passing between them or not.

use super::*;

const EPOCH: u32 = 7;

/// Ticks that pass at a time: less than the gap, twice that is more.
const WHILE: u32 = GAP / 2 + 1;

/// How often time may pass in one history.
const WHILES: u32 = 3;

/// A step on the common memory, and afterwards what it gave.
#[derive(Clone, Copy, Debug)]
enum Step {
    Load,
    SwapIf(Passage, Passage),
}

/// A passage as one processor sees it: the results of its steps so far, then the step that it wants to take.
struct Record<'a> {
    results: &'a [Passage],
    taken: Cell<usize>,
    wanted: RefCell<Option<Step>>,
}

impl Record<'_> {
    fn step(&self, step: Step) -> Passage {
        let number = self.taken.replace(self.taken.get() + 1);
        self.results.get(number).copied().unwrap_or_else(|| {
            self.wanted.borrow_mut().get_or_insert(step);
            Passage::default() // what is made of it does not count any more
        })
    }
}

impl PassageCell for Record<'_> {
    fn load(&self) -> Passage {
        self.step(Step::Load)
    }

    fn swap_if(&self, old: Passage, new: Passage) -> Passage {
        self.step(Step::SwapIf(old, new))
    }
}

/// A packet that is through.
#[derive(Clone, Copy, Debug)]
struct Through {
    processor: usize,
    /// Ticks of the clock that it was stamped by.
    stamp: u32,
    /// When it began, in steps of the history.
    began: u32,
    /// Ticks at which it was through.
    end: u32,
    by_new: bool,
}

/// A processor: packets of a flow of its own one after the other, or the controller's looks.
#[derive(Clone, Debug, Default)]
struct Processor {
    is_controller: bool,
    left: u32,
    /// Clock and time of beginning of the packet under way.
    packet: Option<(u32, u32)>,
    results: Vec<Passage>,
}

#[derive(Clone, Debug)]
struct History {
    word: Passage,
    clock: u32,
    whiles: u32,
    steps: u32,
    processors: Vec<Processor>,
    through: Vec<Through>,
}

impl History {
    /// One step of a processor; `false` if it has nothing left to do.
    fn step(&mut self, number: usize) -> bool {
        let processor = &mut self.processors[number];
        if processor.left == 0 {
            return false;
        }
        self.steps += 1;
        let Some((now, began)) = processor.packet else {
            processor.packet = Some((self.clock, self.steps));
            return true;
        };
        let record = Record { results: &processor.results, taken: Cell::new(0), wanted: RefCell::new(None) };
        let by_new = if processor.is_controller {
            pass_idle(&record, EPOCH, now, GAP)
        } else {
            pass(&record, EPOCH, now, GAP)
        };
        let wanted = *record.wanted.borrow();
        if let Some(step) = wanted {
            processor.results.push(self.word);
            if let Step::SwapIf(old, new) = step
                && self.word == old
            {
                self.word = new;
            }
            return true;
        }
        if !processor.is_controller {
            self.through.push(Through { processor: number, stamp: now, began, end: self.clock, by_new });
        }
        (processor.packet, processor.left) = (None, processor.left - 1);
        processor.results.clear();
        true
    }

    /// What has to hold of the latest packet.
    fn check(&self) {
        let Some((last, earlier)) = self.through.split_last() else { return };
        let own = earlier.iter().rev().find(|packet| packet.processor == last.processor);
        if let Some(before) = own.filter(|before| before.by_new != last.by_new) {
            assert!(last.by_new, "a flow went back: {self:?}");
            assert!(last.end - before.stamp > GAP, "a flow moved without a gap: {self:?}");
        }
        let passed = |packet: &&Through| packet.by_new && packet.end < last.stamp;
        assert!(last.by_new || !earlier.iter().any(|packet| passed(&packet)), "went back: {self:?}");
        assert!(last.began > 0);
    }
}

/// Goes through every history that follows.
fn explore(history: &History, histories: &mut u64) {
    let mut is_over = true;
    for number in 0..history.processors.len() {
        let mut next = history.clone();
        if next.step(number) {
            is_over = false;
            if next.through.len() > history.through.len() {
                next.check();
            }
            explore(&next, histories);
        }
    }
    if is_over {
        *histories += 1;
    } else if history.whiles < WHILES {
        let mut next = history.clone();
        next.clock += WHILE;
        next.whiles += 1;
        // Time passes between steps: one while at a time is followed by a step or another one.
        explore(&next, histories);
    }
}

fn begin(packets: &[u32], looks: u32, word: Passage) -> History {
    let processor = |&left: &u32| Processor { left, ..Processor::default() };
    let mut processors: Vec<_> = packets.iter().map(processor).collect();
    processors.push(Processor { is_controller: true, left: looks, ..Processor::default() });
    History { word, clock: 100, whiles: 0, steps: 0, processors, through: Vec::new() }
}

#[test]
fn no_order_of_steps_moves_a_flow_without_a_gap() {
    let mut histories = 0;
    for word in [Passage::default(), at(EPOCH, 95), at(EPOCH, 80)] {
        explore(&begin(&[2, 1], 0, word), &mut histories);
        explore(&begin(&[2], 1, word), &mut histories);
    }
    assert!(histories > 100_000, "only {histories} histories");
}
