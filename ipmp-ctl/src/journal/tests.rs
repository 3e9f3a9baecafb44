use std::{fs, time::Duration};

use super::*;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ipmp-journal-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.socket(), Scribe::start().unwrap())
    }

    fn texts(&self) -> Vec<String> {
        read(&self.socket()).unwrap().unwrap_or_default().into_iter().map(|entry| entry.text).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(interface: &str, n: usize) -> Entry {
    let interface = Some(interface.to_owned());
    Entry { group: Some("ipmp0".to_owned()), interface, ..Entry::now("failed", n.to_string()) }
}

/// So many entries, slowly enough that none is left out.
fn fill(journal: &mut Journal, from: usize, to: usize, now: Instant) {
    for n in from..to {
        assert!(journal.note(entry("e0", n), now + Duration::from_secs(n as u64)));
    }
}

#[test]
fn the_next_daemon_knows_what_happened_under_the_last() {
    let place = Place::new("restart");
    let now = Instant::now();
    let mut journal = place.journal();
    fill(&mut journal, 0, 3, now);
    let first = journal.entries();
    drop(journal);
    let mut journal = place.journal();
    assert_eq!(journal.entries(), first);
    fill(&mut journal, 3, 5, now);
    drop(journal);
    assert_eq!(place.texts(), ["0", "1", "2", "3", "4"]);
}

#[test]
fn file_and_memory_are_bounded_and_keep_the_latest() {
    let place = Place::new("bounded");
    let now = Instant::now();
    let mut journal = place.journal();
    let total = 2 * MOST_LINES + 17;
    fill(&mut journal, 0, total, now);
    assert_eq!(journal.entries().len(), KEPT);
    drop(journal);
    let lines = fs::read_to_string(path(&place.socket())).unwrap().lines().count();
    assert!((KEPT..=MOST_LINES).contains(&lines), "{lines} lines");
    let texts = place.texts();
    assert_eq!((texts.len(), texts.last()), (KEPT, Some(&(total - 1).to_string())));
}

#[test]
fn a_torn_line_costs_itself_and_nothing_else() {
    let place = Place::new("torn");
    let now = Instant::now();
    let mut journal = place.journal();
    fill(&mut journal, 0, 3, now);
    drop(journal);
    let whole = fs::read_to_string(path(&place.socket())).unwrap();
    for end in whole.len() - 20..whole.len() {
        fs::write(path(&place.socket()), &whole[..end]).unwrap();
        let mut journal = place.journal();
        fill(&mut journal, 7, 8, now);
        drop(journal);
        let expected: &[&str] = if end == whole.len() - 1 { &["0", "1", "2", "7"] } else { &["0", "1", "7"] };
        assert_eq!(place.texts(), expected, "cut at {end}");
    }
    fs::write(path(&place.socket()), b"\xff\xfe\0garbage").unwrap();
    let mut journal = place.journal();
    fill(&mut journal, 0, 1, now);
    drop(journal);
    assert_eq!(place.texts(), ["0"]);
}

#[test]
fn what_flaps_leaves_room_for_others_and_is_counted() {
    let place = Place::new("flapping");
    let now = Instant::now();
    let mut journal = place.journal();
    let noted =
        (0..10_000).filter(|&n| journal.note(entry("e0", n), now + Duration::from_millis(n as u64))).count();
    assert!(noted <= 110, "{noted} entries in ten seconds");
    assert!(
        journal.note(entry("e1", 1), now + Duration::from_secs(10)),
        "another interface is not concerned"
    );
    journal.tell_left_out(now + Duration::from_secs(11));
    let more = |journal: &Journal| {
        journal
            .entries()
            .into_iter()
            .filter(|entry| entry.event == "more")
            .map(|entry| entry.text)
            .collect::<Vec<_>>()
    };
    assert!(more(&journal).len() <= 1);
    journal.tell_left_out(now + Duration::from_mins(1));
    let told: usize =
        more(&journal).iter().map(|text| text.split(' ').next().unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(noted + told, 10_000, "every entry is there or counted");
}

#[test]
fn a_reader_that_does_not_read_misses_some_and_is_told() {
    let place = Place::new("readers");
    let mut journal = place.journal();
    let mut reader = journal.follow().unwrap();
    let now = Instant::now();
    fill(&mut journal, 0, 2000, now);
    let mut seen = 0;
    while reader.try_recv().is_ok() {
        seen += 1;
    }
    assert!(seen < 2000);
    fill(&mut journal, 2000, 2001, now);
    let told = reader.try_recv().unwrap();
    assert_eq!(told.event, "more");
    assert!(told.text.starts_with(&(2000 - seen).to_string()), "{}", told.text);
    assert_eq!(reader.try_recv().unwrap().text, "2000");
}
