//! Requests and replies on the control socket.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use self::explained::{Explained, HeardStatus};
use crate::metrics::figures::Figures;
pub use crate::{
    adopt::request::{AdoptRequest, ReleaseRequest},
    journal::Entry as Event,
};

mod explained;

/// What a command asks of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Everything that the status views show, at one moment.
    Status,
    /// Everything that metrics show, at one moment.
    Figures,
    /// Each probe as it is answered or lost: one line of [`ProbeLine`] a probe, until the asker closes the connection. Only a
    /// refusal is a [`Reply`].
    Probes,
    /// Which member carries a flow.
    Flow(FlowRequest),
    /// Why a member is in its state, and what has to happen for its repair.
    Explain {
        /// Its interface.
        interface: String,
    },
    /// Take a member out of service; answered when it carries nothing more.
    Offline {
        /// Its interface.
        interface: String,
        /// Even if no other member is there to carry the traffic.
        force: bool,
    },
    /// Put a member back into service.
    Online {
        /// Its interface.
        interface: String,
    },
    /// What happened: a line of [`Event`] each, oldest first. Only a refusal is a [`Reply`].
    Events {
        /// Whether to go on with what happens from now on, until the asker closes the connection.
        follow: bool,
    },
    /// Read the configuration again and apply the difference.
    Reload,
    /// Move what interfaces hold to a new group; answered when that is done, and the gateway has answered.
    Adopt(AdoptRequest),
    /// Keep what was adopted.
    Confirm {
        /// Only wait until somebody else does.
        wait: bool,
    },
    /// Move what a group interface holds to a member, and remove the group.
    Release(ReleaseRequest),
    /// Remove a group: programs, pins, group interface; settings put back.
    Down {
        /// The group.
        group: String,
    },
}

impl Request {
    /// Whether only root may ask this.
    pub const fn changes(&self) -> bool {
        match self {
            Self::Status
            | Self::Figures
            | Self::Probes
            | Self::Flow(_)
            | Self::Explain { .. }
            | Self::Events { .. } => false,
            Self::Adopt(AdoptRequest { dry_run, .. }) | Self::Release(ReleaseRequest { dry_run, .. }) => {
                !*dry_run
            }
            Self::Confirm { wait } => !*wait,
            Self::Offline { .. } | Self::Online { .. } | Self::Reload | Self::Down { .. } => true,
        }
    }
}

/// A flow to look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRequest {
    /// The group.
    pub group: String,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number; `None`: a packet of which the addresses alone count (another protocol, or a fragment).
    pub protocol: Option<u8>,
    /// Source port; 0 if none was given.
    pub source_port: u16,
    /// Destination port; 0 if none was given.
    pub destination_port: u16,
    /// A member that is to be thought of as failed.
    #[serde(default)]
    pub if_failed: Option<String>,
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::Figures`].
    Figures(Box<Figures>),
    /// To [`Request::Flow`].
    Flow(FlowReply),
    /// To [`Request::Explain`].
    Explained(Explained),
    /// Done, nothing to tell.
    Done,
    /// To [`Request::Reload`]: done.
    Reloaded {
        /// What has changed, a line each; empty: nothing.
        changes: Vec<String>,
        /// Warnings, a line each.
        warnings: Vec<String>,
    },
    /// To [`Request::Adopt`] and [`Request::Release`]: what is to be done.
    Planned {
        /// The steps and what to know, for people.
        steps: String,
        /// Inode of the network namespace that the daemon works in.
        netns: u64,
    },
    /// To [`Request::Adopt`] and [`Request::Release`]: done.
    Moved {
        /// What has been done, a line each.
        said: Vec<String>,
        /// Seconds that are left to confirm it; 0: that is not needed.
        confirm_s: u64,
        /// The configuration that the daemon was started with.
        config: PathBuf,
    },
    /// To [`Request::Confirm`].
    Confirmed {
        /// What the operator wanted done with it; `None`: nothing, or somebody else does it.
        persist: Option<Persist>,
    },
    /// Not done.
    Refused {
        /// Why, in words for the user.
        reason: String,
    },
}

/// A group whose members other network software is to leave alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persist {
    /// The group.
    pub group: String,
    /// Its members.
    pub members: Vec<String>,
    /// The configuration that has it.
    pub config: PathBuf,
    /// Inode of the network namespace that it is in.
    pub netns: u64,
}

/// Everything that the status views show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The groups, in the order of the configuration; last the interfaces without one, if they are watched.
    pub groups: Vec<GroupStatus>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStatus {
    /// Its name; empty for the interfaces that belong to no group and are watched all the same.
    pub group: String,
    /// `ok`, `degraded` or `failed`.
    pub state: String,
    /// Failure detection time in milliseconds; `None` while no member is probed.
    pub fdt_ms: Option<u64>,
    /// How its programs are attached: `tcx` or `clsact`.
    pub attached_by: Option<String>,
    /// Its members, in the order of the configuration.
    pub members: Vec<MemberStatus>,
    /// Its data addresses.
    pub addresses: Vec<AddressStatus>,
    /// What is probed, by member and address family.
    pub targets: Vec<TargetsStatus>,
    /// Its planned moves.
    pub moves: MovesStatus,
    /// Packets that the packet path dropped or sent in an unusual way, by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// Buckets on their way from one working member to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovesStatus {
    /// Those that wait for a gap of their flows.
    pub pending: usize,
    /// How long that has to be, in microseconds; that of the last moves if there are none.
    pub gap_us: u64,
    /// Those that were moved though they were not idle in time, since the group was made.
    pub forced: u64,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberStatus {
    /// Its interface.
    pub interface: String,
    /// Whether it carries traffic.
    pub active: bool,
    /// Works but is deliberately unused.
    pub inactive: bool,
    /// The seven characters of ipmpstat's FLAGS, `-` where unset: inactive, standby, nominated for IPv4 multicast,
    /// IPv4 broadcast and IPv6 multicast, down, duplicate MAC (`ismbMdh`).
    pub flags: String,
    /// `up`, `down` or `unknown`.
    pub link: String,
    /// `ok`, `failed`, `unknown` or `disabled`.
    pub probe: String,
    /// `ok`, `failed`, `offline` or `unknown`.
    pub state: String,
    /// Share of the traffic.
    pub weight: u32,
    /// Packets of the group sent by it.
    pub tx_packets: u64,
    /// Their bytes.
    pub tx_bytes: u64,
    /// Packets received for the group.
    pub rx_packets: u64,
    /// Their bytes.
    pub rx_bytes: u64,
    /// Where replies to its probes are accounted for: `tc`, or `xdp` at its driver; `None` while nowhere.
    pub probe_hook: Option<String>,
    /// Its probes.
    pub probes: ProbeCounts,
}

/// What became of the probes of a member since the daemon was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeCounts {
    /// Sent.
    pub sent: u64,
    /// Not sent, because the interface would not have it.
    pub unsent: u64,
    /// Answered in time.
    pub answered: u64,
    /// Lost.
    pub lost: u64,
    /// Replies that counted, late ones included.
    pub replies: u64,
    /// What looked like replies and did not have the cookie or the source of any probe.
    pub forged: u64,
    /// Replies to probes that had been answered.
    pub duplicate: u64,
    /// Replies to none of the latest probes.
    pub out_of_window: u64,
    /// Replies cut short, in fragments, or with a code.
    pub malformed: u64,
}

/// A data address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressStatus {
    /// The address, without prefix.
    pub address: IpAddr,
    /// `up` or `down`.
    pub state: String,
    /// The bound member.
    pub inbound: Option<String>,
    /// The active members.
    pub outbound: Vec<String>,
}

/// What a member probes from one test address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetsStatus {
    /// The member.
    pub interface: String,
    /// `routes`, `multicast` or `disabled`.
    pub mode: String,
    /// The test address; `None` if disabled.
    pub test_address: Option<IpAddr>,
    /// The targets: active ones first, in the order in which they are probed, starting with the next.
    pub targets: Vec<TargetStatus>,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// Its address.
    pub address: IpAddr,
    /// `active`, `unused`, `slow` or `dead`.
    pub state: String,
    /// How many of the latest probes to it, at most 52 to all targets together, are lost, ...
    #[serde(default)]
    pub lost: usize,
    /// ... of so many that are lost or answered.
    #[serde(default)]
    pub judged: usize,
    /// Its round trips; `None` until one is known.
    pub rtt: Option<RttStatus>,
}

/// Round trips to a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RttStatus {
    /// Smoothed mean, in microseconds.
    pub smoothed_us: u64,
    /// Smoothed mean deviation.
    pub deviation_us: u64,
    /// Shortest.
    pub min_us: u64,
    /// Longest.
    pub max_us: u64,
    /// How many took at least 2^i and less than 2^(i+1) microseconds, for i from 0 to 31.
    pub histogram: Vec<u32>,
}

/// A probe that was answered or lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeLine {
    /// When it was sent, in microseconds since the asker came; before that it is negative.
    pub time_us: i64,
    /// The member.
    pub interface: String,
    /// Its sequence number.
    pub probe: u16,
    /// Time to the arrival of the reply, in microseconds; `None`: it is lost.
    pub rtt_us: Option<u64>,
    /// Smoothed mean of the target.
    pub smoothed_us: Option<u64>,
    /// Smoothed mean deviation of the target.
    pub deviation_us: Option<u64>,
    /// The target.
    pub target: IpAddr,
    /// Lines before this one that were left out because the asker reads too slowly.
    pub missed: u64,
}

/// Which member carries a flow, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowReply {
    /// The member; `None` if no member is usable.
    pub member: Option<String>,
    /// The bucket; `None` where no bucket decides (multicast, broadcast, a test address as source).
    pub bucket: Option<u32>,
    /// The rule that decides, in words.
    pub why: String,
    /// If a failure was asked for: who carries it without that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_present: Option<Present>,
    /// If a failure was asked for: who carries it between the failure and the activation of the member that stands in,
    /// where that is not active yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meanwhile: Option<String>,
}

/// Who carries a flow as things are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// The member; `None` if no member is usable.
    pub member: Option<String>,
}
