//! `ipmp-ctl daemon`: from the command line to the loop, and back.

use std::{
    future::Future,
    num::NonZeroU64,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::set_current_timer_slack,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use crate::{
    config::{self, Config},
    control::server::Server,
    dataplane::{
        hook::AttachBy,
        pins::{self, GroupPins},
        tables::Tables,
        trace::TraceLevel,
    },
    driver::{
        Driver,
        start::{self, Surroundings},
        teardown,
    },
    kernel::{
        netlink, netns,
        preflight::{self, Facts, Severity},
        stable_mac,
    },
    metrics::listener::MetricsServer,
    service,
    state_file::StateKeeper,
};

/// Requests that may wait while the loop is busy.
const REQUESTS: usize = 64;

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
    let (config, warnings) = Config::load(&options.config)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let problems = preflight::check_host();
    if !problems.is_empty() {
        bail!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    if let Some(namespace) = &options.netns {
        netns::enter(namespace)?;
    }
    raise_descriptor_limit();
    be_punctual();
    be_frugal();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    runtime.block_on(serve(options, config))
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

async fn serve(options: &Options, config: Config) -> anyhow::Result<()> {
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
    let server = Server::listen(&options.socket, asked.clone())?;
    let metrics = match &config.metrics {
        Some(at) => Some(MetricsServer::listen(at, asked).await?),
        None => None,
    };
    pins::sweep(&options.pins);
    let pins = lock_all(&options.pins, &around, &config)?;
    let namespace = options.netns.as_deref().map(netns::path_of);
    let keeper = StateKeeper::new(namespace, options.pins.clone(), options.socket.clone());
    let mut driver = Driver::new(config.clone(), handle, requests, keeper)?;
    for (group, pins) in config.groups.iter().zip(pins) {
        let pin_path = pins.path().to_owned();
        // Somebody may have deleted the interface of a group that is ours all the same.
        let was_there =
            crate::kernel::ifreq::index_of(&group.name).is_ok() || Tables::peek_meta(&pin_path).is_ok();
        let added = add(&mut driver, &around, group.clone(), pins).await;
        if let Err(error) = added {
            if !was_there {
                // An interface that was not there before is ours, and so is all that goes with it.
                drop(teardown::left(&around.handle, &group.name, &pin_path).await);
            }
            driver.undo_new().await;
            return Err(error);
        }
    }
    tracing::info!(groups = config.groups.len(), "ready");
    service::ready(&driver.group_names());
    let ended = driver.run(stop).await;
    service::stopping();
    drop(metrics);
    drop(server);
    ended?;
    for group in driver.group_names() {
        tracing::info!(
            "group {group}: the packet path stays in place and traffic goes on; until a daemon runs again nothing reacts to \
             failures. `ipmp-ctl down {group}` removes it"
        );
    }
    Ok(())
}

async fn add(
    driver: &mut Driver,
    around: &Surroundings,
    group: config::Group,
    pins: GroupPins,
) -> anyhow::Result<()> {
    let runtime = start::start(around, group, pins).await?;
    Ok(driver.add(runtime).await?)
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
    let mut hang_up = signal(SignalKind::hangup()).context("waiting for SIGHUP")?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hang_up.recv() => tracing::warn!("SIGHUP: the configuration is read at the start only; restart the daemon"),
            }
        }
    })
}
