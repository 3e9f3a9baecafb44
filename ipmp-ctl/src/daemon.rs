//! `ipmp-ctl daemon`: from the command line to the loop, and back.

use std::{
    future::Future,
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::set_current_timer_slack,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::sleep,
};

use crate::{
    adopt::{files::Files, undo, way_back::Of},
    config::Config,
    control::server::{Asked, Server, ServerError},
    dataplane::{
        hook::AttachBy,
        pins::{self, GroupPins},
        trace::TraceLevel,
    },
    driver::{Driver, reload::Site, start::Surroundings},
    journal::Journal,
    kernel::{
        netlink, netns,
        preflight::{self, Facts, Severity},
        stable_mac,
    },
    metrics::service::MetricsService,
    scribe::Scribe,
    service,
    state_file::StateKeeper,
};

/// Requests that may wait while the loop is busy.
const REQUESTS: usize = 64;

/// How long what a killed daemon had may stay taken, on a busy machine.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Time between two looks whether it is free.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The arguments.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// The network namespace to work in: a name of `ip netns`, or a path.
    pub netns: Option<String>,
    /// Where pins go.
    pub pins: PathBuf,
    /// The control socket.
    pub socket: PathBuf,
    /// What the packet path logs.
    pub trace: TraceLevel,
    /// How programs are attached.
    pub attach_by: AttachBy,
}

/// Runs until SIGTERM or SIGINT. The packet path stays.
///
/// Must be called while the process has one thread: it enters the network namespace for all that come later.
///
/// # Errors
/// What keeps the groups from being set up; nothing is left half made. Each line names the thing and what to do.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let brought_back = bring_back(options)?;
    let (config, warnings) = Config::load(&options.config)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    if let Some(problem) = config.unfit_program() {
        tracing::error!("{problem}; events are not told until it can be run");
    }
    enter(options)?;
    raise_descriptor_limit();
    be_punctual();
    be_frugal();
    runtime()?.block_on(serve(options, config, brought_back))
}

/// What an earlier daemon has begun to move is brought back, before anything else: also the configuration.
fn bring_back(options: &Options) -> anyhow::Result<Option<(Of, String)>> {
    let files = Files::new(&options.config);
    if !files.way_back().exists() {
        return Ok(None);
    }
    enter(options)?;
    let left = async { undo::left(&netlink::connect()?, &files).await.map_err(anyhow::Error::from) };
    let brought_back = runtime()?.block_on(left)?;
    if let Some((of, group)) = &brought_back {
        tracing::warn!(group, "{}", words(*of, group));
    }
    Ok(brought_back)
}

/// What was found at the start.
fn words(of: Of, group: &str) -> String {
    match of {
        Of::Adoption => format!(
            "the adoption of group {group} was not confirmed before the last daemon ended: everything is put back"
        ),
        Of::Release => {
            format!("the release of group {group}, which the last daemon did not complete, is completed")
        }
    }
}

/// Checks that this is a host to work on, and goes to the network namespace.
fn enter(options: &Options) -> anyhow::Result<()> {
    let problems = preflight::check_host();
    if !problems.is_empty() {
        bail!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    if let Some(namespace) = &options.netns {
        netns::enter(namespace)?;
    }
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the async runtime")
}

/// Each program and map is a descriptor, and so is each client: the usual soft limit is soon reached.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!("raising the limit of open descriptors: {error}");
    }
}

/// Timers of this thread are not gathered to save power: probes are to leave, and losses to be seen, in time.
fn be_punctual() {
    if let Err(error) = set_current_timer_slack(NonZeroU64::new(1)) {
        tracing::debug!("setting the timer slack: {error}");
    }
}

/// Gives memory back that loading programs has taken: each load reads the types of the whole kernel.
fn be_frugal() {
    #[cfg(target_env = "gnu")]
    for (parameter, value) in
        [(libc::M_ARENA_MAX, 1), (libc::M_TRIM_THRESHOLD, 128 << 10), (libc::M_MMAP_THRESHOLD, 64 << 10)]
    {
        // SAFETY: no other thread runs yet, and these parameters take any positive number.
        if unsafe { libc::mallopt(parameter, value) } == 0 {
            tracing::debug!("the allocator does not take its parameter {parameter}");
        }
    }
}

async fn serve(options: &Options, config: Config, brought_back: Option<(Of, String)>) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let handle = netlink::connect()?;
    let around = Surroundings {
        handle: handle.clone(),
        netns: netns::identity()?,
        host: stable_mac::host_identity(options.netns.as_deref())
            .context("reading the identity of this host")?,
        attach_by: options.attach_by,
        trace_level: options.trace.number(),
    };
    check(&around, &config).await?;
    pins::ensure_bpf_fs(&options.pins)?;
    let (asked, requests) = mpsc::channel(REQUESTS);
    // Before anything is made: a second daemon at the same socket is refused here.
    let server = listen(&options.socket, &asked).await?;
    let metrics = MetricsService::start(config.metrics.as_ref(), asked).await?;
    pins::sweep(&options.pins);
    let pins = lock_all(&options.pins, &around, &config)?;
    let namespace = options.netns.as_deref().map(netns::path_of);
    let scribe = Scribe::start().context("starting a thread")?;
    let mut journal = Journal::open(&options.socket, scribe.clone());
    let program = config.on_event.as_ref().map(|hook| hook.program.as_path());
    journal.program().set(program).context("starting a thread")?;
    let keeper = StateKeeper::new(namespace, options.pins.clone(), options.socket.clone(), scribe)
        .configured_by(&options.config);
    let site = Site { around, pins: options.pins.clone() };
    let mut driver = Driver::new(config.clone(), site, requests, metrics, keeper, journal)?;
    driver.record(
        "daemon-started",
        None,
        None,
        format!("the daemon has started, process {}", std::process::id()),
    );
    if let Some((of, group)) = brought_back {
        let event = if of == Of::Adoption { "adoption-undone" } else { "released" };
        driver.record(event, Some(&group), None, words(of, &group));
    }
    for (group, pins) in config.groups.iter().zip(pins) {
        if let Err(error) = Box::pin(driver.set_up(group.clone(), pins)).await {
            driver.undo_new().await;
            bail!(error);
        }
    }
    tracing::info!(groups = config.groups.len(), "ready");
    service::ready(&driver.group_names());
    let ended = Box::pin(driver.run(stop)).await;
    service::stopping();
    drop(server);
    Box::pin(driver.undo_adoption("the daemon ended before it was confirmed")).await;
    driver.remember_all();
    driver.record("daemon-ended", None, None, "the daemon has ended; traffic goes on".to_owned());
    ended?;
    for group in driver.group_names() {
        tracing::info!(
            "group {group}: the packet path stays in place and traffic goes on; until a daemon runs again nothing reacts to \
             failures. `ipmp-ctl down {group}` removes it"
        );
    }
    Ok(())
}

/// Listens at the control socket. One that is taken is tried again for a moment: a process that a daemon was about to start
/// when it was killed has all that the daemon had open, until it becomes another program.
async fn listen(socket: &Path, asked: &mpsc::Sender<Asked>) -> Result<Server, ServerError> {
    let begin = Instant::now();
    loop {
        match Server::listen(socket, asked.clone()) {
            Err(ServerError::Taken { .. }) if begin.elapsed() < LAST_MOMENT => sleep(LOOK_AGAIN).await,
            outcome => return outcome,
        }
    }
}

/// Checks the groups against the host, before anything is touched: all errors at once, with file and line.
async fn check(around: &Surroundings, config: &Config) -> anyhow::Result<()> {
    let facts = Facts::collect(&around.handle, &config.groups).await?;
    let findings: Vec<_> =
        config.groups.iter().flat_map(|group| preflight::check_group(group, &facts)).collect();
    let mut errors = Vec::new();
    for finding in findings {
        let line = format!("{}: {finding}", config.place(finding.line));
        match finding.severity {
            Severity::Warning => tracing::warn!("{line}"),
            Severity::Error => errors.push(line),
        }
    }
    if errors.is_empty() { Ok(()) } else { bail!(errors.join("\n")) }
}

/// Takes all groups for this process, or none.
fn lock_all(root: &Path, around: &Surroundings, config: &Config) -> anyhow::Result<Vec<GroupPins>> {
    let mut taken: Vec<GroupPins> = Vec::new();
    for group in &config.groups {
        let mut pins = GroupPins::new(root, &around.netns, &group.name);
        if let Err(error) = pins.lock() {
            // Directories that are empty were made just now.
            taken.iter().for_each(GroupPins::remove_if_empty);
            return Err(error.into());
        }
        taken.push(pins);
    }
    Ok(taken)
}

/// Done at the first SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("waiting for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
