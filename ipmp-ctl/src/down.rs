//! `ipmp-ctl down` when no daemon runs the group.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::{
    adopt::{files::Files, undo, way_back::WayBack},
    config,
    dataplane::pins::{DEFAULT_ROOT, GroupPins},
    driver::teardown,
    kernel::{netlink, netns, preflight},
    state_file::StateFile,
};

/// Where the configuration is unless a daemon has said otherwise.
const DEFAULT_CONFIG: &str = "/etc/ipmp/ipmp.toml";

/// Enters the network namespace of a group, as [`without_daemon`] does. Must be called while the process has one thread.
///
/// # Errors
/// What the kernel says, or a file beside the socket that cannot be read.
pub fn enter(group: &str, socket: &Path, namespace: Option<&str>) -> anyhow::Result<()> {
    let state = read_state(group, socket)?;
    if let Some(namespace) = place(state.as_ref(), namespace) {
        netns::enter(&namespace)?;
    }
    Ok(())
}

/// Removes what a daemon that is no longer there left of `group`.
///
/// Where that is, `namespace` and `pins` say; what they leave open, the file beside `socket`; and what that leaves open is
/// this namespace and the default directory. Must be called while the process has one thread: it enters the namespace.
///
/// # Errors
/// Missing privilege, no such group, a daemon that has it after all, or what the kernel says.
pub fn without_daemon(
    group: &str,
    socket: &Path,
    namespace: Option<&str>,
    pins: Option<&Path>,
) -> anyhow::Result<()> {
    config::check_group_name(group)?;
    let problems = preflight::check_host();
    if !problems.is_empty() {
        bail!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    let state_path = StateFile::path(socket);
    let state = StateFile::read(socket).with_context(|| format!("reading {}", state_path.display()))?;
    let config = state.as_ref().and_then(|state| state.config.clone());
    let state = state.filter(|state| state.groups.iter().any(|name| name == group));
    let left = state.as_ref();
    let namespace = place(left, namespace);
    let pins =
        pins.or_else(|| left.map(|state| state.pins.as_path())).unwrap_or(Path::new(DEFAULT_ROOT)).to_owned();
    if let Some(namespace) = &namespace {
        netns::enter(namespace)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let config = config.unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG));
    if runtime.block_on(bring_back(group, &config))? {
        return forget(group, socket, state);
    }
    let mut pins = GroupPins::new(&pins, &netns::identity()?, group);
    if pins.exists() {
        // A daemon with another socket may run it.
        pins.lock()?;
    }
    runtime.block_on(async {
        teardown::left(&netlink::connect()?, group, pins.path()).await.map_err(anyhow::Error::from)
    })?;
    forget(group, socket, state)
}

/// Puts back what a daemon has begun to move to this group, if one has: with the group the addresses would be gone.
async fn bring_back(group: &str, config: &Path) -> anyhow::Result<bool> {
    let files = Files::new(config);
    match WayBack::read(&files) {
        Ok(Some(way_back)) if way_back.group == group => {}
        _ => return Ok(false),
    }
    Ok(undo::left(&netlink::connect()?, &files).await?.is_some())
}

/// The group is no longer among those that are up.
fn forget(group: &str, socket: &Path, mut state: Option<StateFile>) -> anyhow::Result<()> {
    let state_path = StateFile::path(socket);
    if let Some(state) = &mut state {
        state.groups.retain(|name| name != group);
        state.write(socket).with_context(|| format!("writing {}", state_path.display()))?;
    }
    Ok(())
}

/// What the last daemon at this socket has written down, if it had the group.
fn read_state(group: &str, socket: &Path) -> anyhow::Result<Option<StateFile>> {
    let state =
        StateFile::read(socket).with_context(|| format!("reading {}", StateFile::path(socket).display()))?;
    Ok(state.filter(|state| state.groups.iter().any(|name| name == group)))
}

/// The network namespace of a group: what was asked for, else where the last daemon had it, else this one (`None`).
fn place(left: Option<&StateFile>, asked: Option<&str>) -> Option<String> {
    let known = || left.and_then(|state| state.netns.as_ref()).map(|path| path.display().to_string());
    asked.map(str::to_owned).or_else(known)
}
