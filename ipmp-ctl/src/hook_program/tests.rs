use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use rustix::process::{Pid, test_kill_process};

use super::*;

/// Longer than any program of these tests takes, however busy the machine is.
const LONG: Duration = Duration::from_mins(1);

/// Long enough for a program to begin, for those that are killed.
const SHORT: Duration = Duration::from_secs(3);

/// A directory for a program and what it writes.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ipmp-on-event-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A program of the shell that does this in the directory, told of events.
    fn told(&self, patience: Duration, script: &str) -> HookProgram {
        self.told_until(patience, LONG, script)
    }

    /// The same, and how long its runs may go on when the value goes.
    fn told_until(&self, patience: Duration, last_words: Duration, script: &str) -> HookProgram {
        let program = self.path("program");
        let text = format!("#!/bin/sh\ncd '{}' || exit 9\n{script}\n", self.0.display());
        // Written by another process: a copy of a descriptor that may write it, in the child of another test, would make
        // it "busy".
        let write = r#"printf '%s' "$2" > "$1" && chmod 700 "$1""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(&program).arg(&text).stdin(Stdio::null());
        assert!(shell.status().unwrap().success());
        let mut hook = HookProgram::patient(patience, last_words);
        hook.set(Some(&program)).unwrap();
        hook
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(number: u64) -> Entry {
    let group = Some("ipmp0".to_owned());
    let (interface, cause) = (Some("e0".to_owned()), Some("link".to_owned()));
    Entry { group, interface, cause, time_us: number, ..Entry::now("failed", number.to_string()) }
}

/// Waits until it is so.
fn until(mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LONG);
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until so many events have been dealt with.
fn until_over(hook: &HookProgram, events: u64) -> RunCounts {
    let over = |counts: RunCounts| {
        counts.done + counts.failed + counts.killed + counts.unstarted + counts.left_out >= events
    };
    until(|| over(hook.counts()));
    hook.counts()
}

/// Waits until the process of this number is gone. One that is nobody's child any more has to be reaped by whoever takes
/// those in.
fn until_gone(pid: &str) {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    until(|| test_kill_process(pid).is_err());
}

#[test]
fn each_event_arrives_whole_and_in_order() {
    let place = Place::new();
    let mut hook = place.told(LONG, "cat >> seen");
    let entries: Vec<_> = (0..20).map(entry).collect();
    for entry in &entries {
        hook.tell(entry);
    }
    let counts = until_over(&hook, 20);
    assert_eq!(counts, RunCounts { done: 20, ..RunCounts::default() });
    let seen: Vec<Entry> =
        place.text("seen").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seen, entries);
}

#[test]
fn the_environment_says_the_same_in_short_and_nothing_of_the_daemon() {
    let place = Place::new();
    let mut hook = place.told(LONG, "env | sort > environment; pwd > directory");
    hook.tell(&Entry { group: None, ..entry(1) });
    until_over(&hook, 1);
    let text = place.text("environment");
    let own: Vec<_> = text.lines().filter(|line| line.starts_with("IPMP_")).collect();
    assert_eq!(
        own,
        ["IPMP_CAUSE=link", "IPMP_EVENT=failed", "IPMP_GROUP=", "IPMP_MEMBER=e0", "IPMP_MISSED=0"]
    );
    assert!(!text.contains("CARGO"), "{text}");
}

#[test]
fn it_gets_no_descriptors_but_its_own() {
    let place = Place::new();
    let mut hook = place.told(LONG, "ls -l /proc/self/fd > descriptors");
    hook.tell(&entry(1));
    until_over(&hook, 1);
    let text = place.text("descriptors");
    // Its three, and the one by which ls looks.
    let count = text.lines().filter(|line| line.contains(" -> ")).count();
    assert_eq!(count, 4, "{text}");
}

#[test]
fn what_finds_no_place_is_counted_and_told_to_the_next_run() {
    let place = Place::new();
    let mut hook = place.told(LONG, "echo $IPMP_MISSED >> missed; while [ ! -e go ]; do sleep 0.01; done");
    hook.tell(&entry(0));
    // From here on the thread takes nothing out of the queue, however late it was started.
    until(|| !place.text("missed").is_empty());
    let begin = Instant::now();
    for number in 1..1000 {
        hook.tell(&entry(number));
    }
    assert!(begin.elapsed() < LONG / 2, "the loop does not wait");
    let left_out = 999 - WAITING as u64;
    assert_eq!(hook.counts().left_out, left_out);
    fs::write(place.path("go"), "").unwrap();
    until_over(&hook, 1000);
    hook.tell(&entry(1000));
    let counts = until_over(&hook, 1001);
    assert_eq!(counts.done + counts.left_out, 1001, "{counts:?}");
    let missed: Vec<u64> = place.text("missed").lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(missed.last(), Some(&left_out));
    assert!(missed[..missed.len() - 1].iter().all(|&missed| missed == 0), "{missed:?}");
}

#[test]
fn one_that_hangs_is_killed_with_all_that_it_has_started() {
    let place = Place::new();
    let mut hook = place.told(SHORT, "sleep 1000 & echo $! > child; echo at last >&2; wait");
    hook.tell(&entry(1));
    let counts = until_over(&hook, 1);
    assert_eq!(counts.killed, 1, "{counts:?}");
    until_gone(&place.text("child"));
}

#[test]
fn what_a_program_leaves_running_ends_with_it() {
    let place = Place::new();
    // It keeps both pipes open.
    let mut hook = place.told(LONG, "sleep 1000 & echo $! > child");
    hook.tell(&entry(1));
    let counts = until_over(&hook, 1);
    assert_eq!(counts.done, 1, "{counts:?}");
    until_gone(&place.text("child"));
}

#[test]
fn one_that_reads_nothing_or_says_too_much_does_not_hold_up_anything() {
    let place = Place::new();
    for script in ["exec <&-; exit 0", "head -c 1000000 /dev/zero >&2", "exit 0"] {
        let mut hook = place.told(LONG, script);
        // More than a pipe holds.
        let text = "x".repeat(300_000);
        hook.tell(&Entry { text, ..entry(1) });
        let counts = until_over(&hook, 1);
        assert_eq!(counts.done, 1, "{script}: {counts:?}");
    }
}

#[test]
fn failures_are_counted_by_kind() {
    let place = Place::new();
    let mut hook = place.told(LONG, "echo first >&2; echo last >&2; exit 3");
    hook.tell(&entry(1));
    until_over(&hook, 1);
    fs::remove_file(place.path("program")).unwrap();
    hook.tell(&entry(2));
    hook.tell(&entry(3));
    let counts = until_over(&hook, 3);
    assert_eq!(counts, RunCounts { failed: 1, unstarted: 2, ..RunCounts::default() });
}

#[test]
fn the_end_of_the_daemon_waits_a_little_and_leaves_nothing() {
    let place = Place::new();
    let mut hook = place.told(LONG, "cat >> seen");
    for number in 0..3 {
        hook.tell(&entry(number));
    }
    drop(hook);
    assert_eq!(place.text("seen").lines().count(), 3, "what waits is told");
    let mut hook = place.told_until(LONG, Duration::from_millis(100), "echo $$ > self; exec sleep 1000");
    for number in 0..3 {
        hook.tell(&entry(number));
    }
    until(|| !place.text("self").is_empty());
    let begin = Instant::now();
    drop(hook);
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    until_gone(&place.text("self"));
}

#[test]
fn the_program_can_be_another_or_none_at_any_time() {
    let place = Place::new();
    let mut hook = place.told(LONG, "cat >> seen");
    hook.tell(&entry(1));
    hook.set(None).unwrap();
    hook.tell(&entry(2));
    let program = place.path("program");
    hook.set(Some(&program)).unwrap();
    hook.tell(&entry(3));
    until_over(&hook, 2);
    let seen = place.text("seen");
    assert_eq!(seen.lines().count(), 2, "{seen}");
    assert!(!seen.contains("\"text\":\"2\""), "{seen}");
}

#[test]
fn what_is_no_program_is_found_with_what_to_do() {
    let place = Place::new();
    let file = |name: &str, mode: u32| {
        let path = place.path(name);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        path
    };
    for (path, words) in [
        (place.path("none"), "put the program there"),
        (place.0.clone(), "not a file"),
        (file("plain", 0o600), "chmod +x"),
        (file("open", 0o777), "chmod o-w"),
    ] {
        let why = unfit(&path).unwrap_or_default();
        assert!(why.contains(words), "{}: {why}", path.display());
    }
    assert_eq!(unfit(&file("good", 0o700)), None);
}
