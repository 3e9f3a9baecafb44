//! Standard output: plain lines, in colour on a terminal.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

use ipmp_tests::interrupt;

/// Standard output.
pub(crate) struct Screen {
    colours: bool,
}

/// What a part of a line is like.
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    /// A heading.
    Strong,
    /// What may be overlooked.
    Faint,
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// What is done to the stage.
    Deed,
}

impl Paint {
    /// The text in this paint. A screen without colours takes it off again.
    pub(crate) fn on(self, text: &str) -> String {
        let code = match self {
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Deed => "1;36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Screen {
    /// In colour if standard output is a terminal and nobody objects (`NO_COLOR`).
    pub(crate) fn new() -> Self {
        let objection = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: io::stdout().is_terminal() && !objection }
    }

    /// Prints lines. When nobody reads any more the demonstration ends.
    pub(crate) fn line(&self, text: &str) {
        let text = if self.colours { text.to_owned() } else { bare(text) };
        let mut output = io::stdout().lock();
        if writeln!(output, "{text}").and_then(|()| output.flush()).is_err() {
            interrupt::request();
        }
    }
}

/// The text without its paint.
pub(crate) fn bare(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_comes_off_whole() {
        assert_eq!(bare(&format!("a {} c{}", Paint::Bad.on("b"), Paint::Deed.on(""))), "a b c");
        assert_eq!(bare("plain"), "plain");
    }
}
