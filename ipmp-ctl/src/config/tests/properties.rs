use proptest::{collection::vec, prelude::*, sample::Index};

use super::{EXAMPLE, file};
use crate::config::Config;

/// Parses, and holds the result to what every result has: messages of one line each, at lines of the file.
fn parse(text: &str) {
    let lines = text.matches('\n').count() + 1;
    let (places, messages): (Vec<_>, Vec<_>) = match Config::parse(text, file()) {
        Ok((_, warnings)) => warnings.into_iter().map(|warning| (warning.place, warning.text)).unzip(),
        Err(errors) => {
            assert!(!errors.problems.is_empty());
            errors.problems.into_iter().map(|problem| (problem.place, problem.text)).unzip()
        }
    };
    for place in places {
        let line = place.line.expect("a parsed text has lines");
        assert!((1..=lines).contains(&line), "{line} of {lines}\n{text}");
    }
    for message in messages {
        assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}\n{text}");
    }
}

/// One edit of a text.
#[derive(Clone, Debug)]
enum Edit {
    Delete(Index, usize),
    Insert(Index, String),
    CopyLine(Index, Index),
    DeleteLine(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let piece = prop_oneof![
        "[\\[\\]{}=\"'.,#\\n 0-9a-z:/-]{1,4}",
        Just("[group.ipmp0]\n".to_owned()),
        Just("member.eth0 = 1\n".to_owned()),
        Just("\"192.0.2.1/24\",".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        (any::<Index>(), 1..20usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any::<Index>(), piece).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::CopyLine(from, to)),
        any::<Index>().prop_map(Edit::DeleteLine),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    match edit {
        Edit::Delete(at, length) => {
            let start = at.index(characters.len() + 1);
            characters.drain(start..(start + length).min(characters.len()));
            characters.into_iter().collect()
        }
        Edit::Insert(at, piece) => {
            let start = at.index(characters.len() + 1);
            characters.splice(start..start, piece.chars());
            characters.into_iter().collect()
        }
        Edit::CopyLine(from, to) => {
            if !lines.is_empty() {
                lines.insert(to.index(lines.len() + 1), lines[from.index(lines.len())]);
            }
            lines.concat()
        }
        Edit::DeleteLine(at) => {
            if !lines.is_empty() {
                lines.remove(at.index(lines.len()));
            }
            lines.concat()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn any_text_of_our_letters_has_an_answer(text in "([\\[\\]{}=\"'.,#\\n 01a-c]|group|member|\\[group\\.g\\]\n){0,60}") {
        parse(&text);
    }

    #[test]
    fn any_edit_of_the_example_has_an_answer(edits in vec(edit(), 1..8)) {
        parse(&edits.iter().fold(EXAMPLE.to_owned(), |text, edit| apply(&text, edit)));
    }
}
