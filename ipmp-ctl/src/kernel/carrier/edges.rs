//! From counts to edges.

/// How often a carrier went and came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Losses.
    pub down: u32,
    /// Returns.
    pub up: u32,
}

/// The state of one carrier, by counting its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    up: bool,
    /// The counts that the edges told so far account for.
    told: Counts,
}

impl Edges {
    /// The state that belongs to these counts.
    pub fn new(up: bool, counts: Counts) -> Self {
        Self { up, told: counts }
    }

    /// Whether there is carrier after the last edge told.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether this value of the next count to move (losses with carrier, returns without) means that nothing
    /// happened.
    pub fn expects(&self, next: u32) -> bool {
        next == if self.up { self.told.down } else { self.told.up }
    }

    /// The edges between the last counts and these, oldest first. Losses and returns alternate, which puts them in
    /// order; a count that was read too early to fit is kept for the next time.
    pub fn observe(&mut self, now: Counts) -> Vec<bool> {
        let mut down = now.down.wrapping_sub(self.told.down);
        let mut up = now.up.wrapping_sub(self.told.up);
        // Read in the right order (see `read_in_order`), the next count to move is never behind. If it is, the state
        // to begin with was wrong, and edges that lead to the present one have nothing to tell.
        if self.up && up > down {
            up = down;
            self.told.up = now.up.wrapping_sub(up);
        } else if !self.up && down > up {
            down = up;
            self.told.down = now.down.wrapping_sub(down);
        }
        let mut edges = Vec::new();
        while if self.up { down > 0 } else { up > 0 } {
            if self.up {
                down -= 1;
                self.told.down = self.told.down.wrapping_add(1);
            } else {
                up -= 1;
                self.told.up = self.told.up.wrapping_add(1);
            }
            self.up = !self.up;
            edges.push(self.up);
        }
        edges
    }
}

#[cfg(test)]
mod tests;
