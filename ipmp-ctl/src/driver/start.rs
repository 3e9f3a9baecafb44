//! Setting a group up.

use std::{collections::BTreeSet, time::Instant};

use rtnetlink::Handle;

use super::{
    filters::Filter,
    group::{GroupRuntime, MemberRuntime},
    history::Course,
    interface::InterfaceState,
    link_worker::LinkWorker,
    prepare::{self, PrepareError, Service},
    tally::GroupTally,
    teardown,
};
use crate::{
    config,
    dataplane::{
        group_path::{Fixed, GroupPath, PathError},
        hook::{AttachBy, xdp},
        pins::GroupPins,
        saved::SavedMap,
    },
    engine::{Engine, memory::Adopted},
    kernel::{
        ethtool,
        group_link::{GroupLink, GroupLinkError},
        multicast,
        netlink::{NetlinkError, dump},
        netns::NetnsId,
        preflight,
        random::Random,
        settings,
        stable_mac::{End, stable_mac},
    },
    state_file::remembered::{Identity, Remembered},
};

/// Why a group could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The group interface.
    #[error("group {group}: {source}")]
    Link {
        /// The group.
        group: String,
        /// Why.
        source: GroupLinkError,
    },
    /// The packet path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Settings, addresses or routes.
    #[error("group {group}: {source}")]
    Prepare {
        /// The group.
        group: String,
        /// Why.
        source: PrepareError,
    },
    /// The interfaces could not be listed.
    #[error(transparent)]
    List(#[from] NetlinkError),
    /// The kernel gave no random number.
    #[error("asking the kernel for a random seed: {0}")]
    Random(std::io::Error),
}

/// What all groups of a daemon share.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Requests to the kernel.
    pub handle: Handle,
    /// The network namespace.
    pub netns: NetnsId,
    /// What tells this host (and namespace) from others, for stable MAC addresses.
    pub host: Vec<u8>,
    /// How programs are attached.
    pub attach_by: AttachBy,
    /// What the programs log: 0 to 5.
    pub trace_level: u8,
}

/// Sets a group up, or takes over what an earlier daemon left of it, up to the point where it only needs the first
/// assignment. `pins` is locked; `recall` tells what the earlier daemon knew. After an error the caller removes what was made.
pub async fn start(
    around: &Surroundings,
    config: config::Group,
    pins: GroupPins,
    recall: impl FnOnce(&Identity) -> Option<Remembered>,
) -> Result<GroupRuntime, StartError> {
    let group = config.name.clone();
    let mac = |end| stable_mac(&around.host, &group, end);
    let created = GroupLink::create(&around.handle, &group, mac(End::Group), mac(End::Peer)).await;
    let (link, is_new) = created.map_err(|source| StartError::Link { group: group.clone(), source })?;
    if !is_new {
        tracing::debug!(group, "the group interface is there already");
    }
    open(around, config, &link, pins, recall).await
}

async fn open(
    around: &Surroundings,
    config: config::Group,
    link: &GroupLink,
    pins: GroupPins,
    recall: impl FnOnce(&Identity) -> Option<Remembered>,
) -> Result<GroupRuntime, StartError> {
    let fixed = Fixed {
        group: config.name.clone(),
        group_ifindex: link.ifindex,
        netns: around.netns,
        receive_on_member: config.receive == config::Receive::Member,
        trace_level: around.trace_level,
        attach_by: around.attach_by,
        driver_hook: xdp::Mode::of(config.probe_hook),
    };
    if fixed.disowns(pins.path()) {
        tracing::warn!(
            group = config.name,
            "what an earlier daemon left is of another network namespace or version: starting anew"
        );
        teardown::put_back(&around.handle, &config.name, pins.path()).await;
    }
    let mut random = Random::new();
    let (mut path, adopted) = GroupPath::open(fixed, pins, random.number().map_err(StartError::Random)?)?;
    // A daemon that was killed early leaves an interface and nothing that could be adopted; and somebody may have deleted
    // the interface of one that was killed later.
    let is_new = adopted.is_none();
    path.set_group_mac(link.mac);
    let prepare_error = |source| StartError::Prepare { group: config.name.clone(), source };
    let snapshot = dump(&around.handle).await?;
    let strangers = teardown::strangers(&config, &snapshot, path.tables());
    let identity = Identity::new(around.netns.cookie, link.ifindex);
    // What is remembered of a group whose maps are gone is of no use.
    let remembered = recall(&identity).filter(|_| adopted.is_some());
    let mut members = Vec::new();
    for member in &config.members {
        let Some(info) = snapshot.link(&member.name).cloned() else {
            members.push(MemberRuntime::default());
            continue;
        };
        if let Some(why) = preflight::unfit(&info, &[]) {
            // The group works on without it until it is freed; the check before the start has said so.
            members.push(MemberRuntime { excluded: Some(why), ..MemberRuntime::default() });
            continue;
        }
        if is_new {
            let brought_up =
                settings::bring_up(&info.name, info.ifindex, &mut SavedMap(path.tables().saved_settings()));
            if brought_up.map_err(|error| prepare_error(error.into()))? {
                tracing::info!(
                    group = config.name,
                    member = info.name,
                    "brought {} up: it was administratively down",
                    info.name
                );
            }
        }
        let place = prepare::Place { handle: &around.handle, group: &config, snapshot: &snapshot };
        let mut saved = SavedMap(path.tables().saved_settings());
        let is_retired = remembered.as_ref().is_some_and(|known| known.memory.offline.contains(&member.name));
        let service = if is_retired { Service::Out } else { Service::In };
        prepare::member(&place, member, info.ifindex, service, &mut saved).await.map_err(prepare_error)?;
        let speed_mbps = ethtool::speed_mbps(&info.name);
        // What an earlier daemon has put into the filter is followed on, so that nothing stays there for good.
        let given = if is_new { BTreeSet::new() } else { multicast::given(&info.name).unwrap_or_default() };
        let filter = Filter::with(given);
        members.push(MemberRuntime { link: Some(info), speed_mbps, filter, ..MemberRuntime::default() });
    }
    prepare::group(&around.handle, &config, link, &snapshot, path.tables()).await.map_err(prepare_error)?;
    let link_worker = LinkWorker::start(around.handle.clone(), link.clone());
    let adopted = adopted.map(|assignment| {
        let age = remembered.as_ref().map(Remembered::age).unwrap_or_default();
        Adopted {
            assignment,
            memory: remembered.map(|remembered| remembered.memory).unwrap_or_default(),
            age,
        }
    });
    let engine = Engine::new(config, adopted, random.number().map_err(StartError::Random)?, Instant::now());
    Ok(GroupRuntime {
        engine,
        path,
        link: link.clone(),
        is_new,
        interface: InterfaceState::default(),
        link_worker,
        members,
        warned: BTreeSet::new(),
        awaiting: Vec::new(),
        unwritten: None,
        routes: None,
        strangers,
        identity,
        course: Course::default(),
        tally: GroupTally::default(),
    })
}
