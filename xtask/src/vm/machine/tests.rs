use std::{
    fs,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Emulator, Kernel, Machine, Status, status};
use crate::vm::kernel::Series;

#[test]
fn the_exit_code_is_the_last_whole_line() {
    let cases = [
        ("", Status::Booting),
        ("rea", Status::Booting),
        ("ready\n", Status::Working),
        ("ready\nexit 1", Status::Working),
        ("ready\nexit 137\n", Status::Ended(137)),
    ];
    for (lines, expected) in cases {
        assert_eq!(status(lines), expected, "{lines:?}");
    }
}

/// What becomes of a machine that these lines of the shell stand for: its exit code, or what is said.
fn outcome(name: &str, lines: &str, limit: Duration) -> Result<String, String> {
    let directory = std::env::temp_dir().join(format!("ipmp-xtask-{}-{name}", process::id()));
    fs::create_dir_all(&directory).unwrap();
    let emulator = Emulator::default();
    let kernel = Kernel { series: Series::V6_12, image: PathBuf::new(), modules: PathBuf::new() };
    let machine = Machine { emulator: &emulator, kernel: &kernel, directory };
    let mut shell = Command::new("sh");
    shell.args(["-c", lines]).current_dir(&machine.directory).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child: Child = shell.spawn().unwrap();
    machine.tend(child, Some(limit)).map(|code| format!("{code:?}")).map_err(|why| why.to_string())
}

#[test]
fn a_guest_that_hangs_is_ended_with_its_console_shown() {
    let begin = Instant::now();
    let hung = "echo ready >status; echo 'soft lockup' >console; exec sleep 600";
    let said = outcome("hung", hung, Duration::from_secs(1)).unwrap_err();
    assert!(said.contains("kernel 6.12: it has not finished within 1 s; `--timeout`"), "{said}");
    assert!(said.ends_with("The end of its console:\nsoft lockup"), "{said}");
    assert!(begin.elapsed() < Duration::from_mins(1), "the machine was left running: {:?}", begin.elapsed());
}

#[test]
fn a_guest_that_dies_is_shown_with_its_console() {
    let dead = "echo ready >status; echo 'Kernel panic' >console";
    let said = outcome("dead", dead, Duration::from_mins(1)).unwrap_err();
    assert!(said.contains("it ended without an exit code") && said.contains("Kernel panic"), "{said}");
}

#[test]
fn a_job_that_ends_gives_its_exit_code() {
    let code = outcome("done", "printf 'ready\\nexit 3\\n' >status", Duration::from_mins(1));
    assert_eq!(code, Ok(format!("{:?}", process::ExitCode::from(3))));
}
