//! An entry as programs get it: a line of `events --json`, and the input of the program that is run for each.

use serde::Serialize;

use super::{Entry, time::local};

/// An entry with its time for people.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// When, in local time.
    pub time: String,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Row {
    /// As a line of JSON, with its end.
    pub fn line(&self) -> String {
        // Text and numbers: there is nothing in it that JSON has not.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        Self { time: local(entry.time_us), entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_time_twice_and_leaves_out_what_there_is_not() {
        let entry = Entry { group: Some("ipmp0".to_owned()), ..Entry::now("failed", "text".to_owned()) };
        let row = serde_json::to_value(Row::from(entry)).unwrap();
        let keys: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["event", "group", "text", "time", "time_us"]);
    }
}
