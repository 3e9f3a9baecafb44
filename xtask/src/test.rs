//! `test`: every test of the workspace, as root, against the built daemon.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write, pipe, stdout},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::{debian_root, package, process, prometheus, release, setup::root, stage, workspace::Workspace};

mod summary;

use summary::Summary;

/// The variable with the file to which a test that cannot run here adds a line: its name and the reason. A test that
/// returns early looks like a passed one to the runner, which also hides what it prints.
pub(crate) const SKIP_LOG: &str = "IPMP_SKIP_LOG";

/// Sets everything up, builds, and runs the tests. The arguments go to `cargo test`.
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString], verbose: bool) -> Result<()> {
    stage::set(workspace)?;
    let debian = without("tests of the service and the package", debian_root::make(workspace));
    let prometheus = without("tests of alerts and dashboard", prometheus::fetch(workspace));
    release::build(workspace, verbose)?;
    let package = debian.as_ref().map(|_| package::build(workspace)).transpose()?;

    let skip_log = workspace.target().join("skipped-tests");
    let _ = fs::remove_file(&skip_log);
    let test = || -> Result<Command> {
        let mut cargo = release::cargo(workspace, "test");
        cargo
            .args(["--workspace", "--no-fail-fast"])
            .args(runner()?)
            .env(stage::DAEMON, workspace.release("ipmp-ctl"))
            .env(SKIP_LOG, &skip_log);
        if let Some(debian) = &debian {
            cargo.env(debian_root::ROOT, debian);
        }
        if let Some(prometheus) = &prometheus {
            cargo.env(prometheus::PROGRAMS, prometheus);
        }
        if let Some(package) = &package {
            cargo.env(package::PACKAGE, package);
        }
        Ok(cargo)
    };
    // Compiled by itself first, with cargo's progress bar; the output of the run is read and passed on.
    process::run(test()?.arg("--no-run").args(arguments))?;
    let begin = Instant::now();
    let (mut summary, mut passed) = watch(test()?.args(arguments))?;
    if let Some(failures) = summary.worth_a_second_try() {
        println!("\nAgain, by themselves: {}", failures.join(", "));
        let (again, passed_again) = watch(test()?.arg("--").arg("--exact").args(&failures))?;
        passed = summary.take_second_try(&again, passed_again);
    }
    let skipped = fs::read_to_string(&skip_log).unwrap_or_default();
    println!("\n{}", summary.report(&skipped, passed, begin.elapsed()));
    if !passed {
        bail!("the tests failed");
    }
    Ok(())
}

/// What was made for some tests. Those that lack it are not run and say so; the others need not wait for a mirror that is down.
fn without<T>(tests: &str, made: Result<Option<T>>) -> Option<T> {
    made.unwrap_or_else(|why| {
        eprintln!("warning: {why:#}; {tests} are not run");
        None
    })
}

/// The options that make cargo run each test program as root. Cargo itself and what it compiles stay with the user;
/// only what the tests write belongs to root.
fn runner() -> Result<Vec<String>> {
    let prefix = root::prefix()?;
    if prefix.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec!["--config".to_owned(), format!("target.'cfg(unix)'.runner={prefix:?}")])
}

/// Runs the tests, passes their output on as it comes and counts. True if all passed.
fn watch(cargo: &mut Command) -> Result<(Summary, bool)> {
    // One pipe for both outputs: which program runs is said on the one, its tests on the other.
    let (output, input) = pipe()?;
    let mut child = cargo
        .stdin(Stdio::null())
        .stderr(input.try_clone()?)
        .stdout(input)
        .spawn()
        .context("cannot start `cargo test`")?;
    // The command still holds our end of the pipe, and the reading below ends when nobody does.
    cargo.stdout(Stdio::null()).stderr(Stdio::null());

    let mut summary = Summary::default();
    let mut terminal = stdout().lock();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        terminal.write_all(&line)?;
        summary.read(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok((summary, child.wait()?.success()))
}
