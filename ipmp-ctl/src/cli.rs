//! The command line: what it understands, and the way from a command to the code behind it.

use std::{fmt::Display, net::IpAddr, path::PathBuf};

use clap::{ArgGroup, Args, CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use ipmp_ctl::{
    control::DEFAULT_SOCKET,
    dataplane::{hook::AttachBy, trace::TraceLevel},
};

use self::protocol::Protocol;

mod adopt;
mod check;
mod completions;
mod daemon;
mod down;
mod events;
mod explain;
mod firewall;
mod flow;
mod log;
mod maintenance;
mod manual;
mod names;
mod output;
mod persist;
mod protocol;
mod reload;
mod selection;
mod stat;
mod table;
#[cfg(test)]
mod tests;
mod top;
mod views;

/// Where the configuration is unless told otherwise.
const DEFAULT_CONFIG: &str = "/etc/ipmp/ipmp.toml";
/// Where maps and links are pinned unless told otherwise.
const DEFAULT_PINS: &str = ipmp_ctl::dataplane::pins::DEFAULT_ROOT;

const EXAMPLES: &str = "\
Examples:
  ipmp-ctl check --config /etc/ipmp/ipmp.toml
  ipmp-ctl daemon
  ipmp-ctl stat -i
  ipmp-ctl flow ipmp0 192.0.2.10 198.51.100.7 --proto tcp --sport 40000 --dport 443
  ipmp-ctl explain eth1
  ipmp-ctl offline eth1
  ipmp-ctl online eth1
  ipmp-ctl down ipmp0

Exit status: 0 on success, 1 when refused or failed (the reason is on standard error), 2 on bad usage.";

const STAT_EXAMPLES: &str = "\
Fields, by view; those in brackets are shown only when named with -o:
  -g  GROUP GROUPNAME STATE FDT INTERFACES [DROPS]
  -i  INTERFACE ACTIVE GROUP FLAGS LINK PROBE STATE [WEIGHT TXPKTS TXBYTES RXPKTS RXBYTES PROBES LOST FORGED]
  -a  ADDRESS STATE GROUP INBOUND OUTBOUND
  -t  INTERFACE MODE TESTADDR TARGETS [OTHERS RTTAVG RTTDEV RTTMIN RTTMAX LOST HISTOGRAM]
  -p  TIME INTERFACE PROBE NETRTT RTT RTTAVG TARGET [RTTDEV]

INTERFACES: active members, then those kept inactive in ( ), then unusable ones in [ ].
FLAGS: i inactive, s standby, m M nominated for IPv4 and IPv6 multicast, b nominated for IPv4 broadcast, d down or taken
offline, h duplicate MAC address.
TARGETS: the active ones, in the order in which they are probed, starting with the next; RTTAVG and the fields after it
have a value for each, LOST how many probes to it are lost of how many (of the latest 52 of this test address), HISTOGRAM
the number of round trips of 1, 2, 4, 8 .. microseconds and more.

Examples:
  ipmp-ctl stat
  ipmp-ctl stat -t -o all
  ipmp-ctl stat -p
  ipmp-ctl stat -i -o interface,weight,txpkts,rxpkts
  ipmp-ctl stat -a -P -o address,inbound
  ipmp-ctl stat -i --watch 2
  ipmp-ctl stat -i --json";

const FLOW_EXAMPLES: &str = "\
Examples:
  ipmp-ctl flow ipmp0 192.0.2.10 198.51.100.7 --proto tcp --sport 40000 --dport 443
  ipmp-ctl flow ipmp0 192.0.2.10 198.51.100.7 --proto icmp
  ipmp-ctl flow ipmp0 192.0.2.10 198.51.100.7 --proto tcp --sport 40000 --dport 443 --if-failed eth0
  ipmp-ctl flow ipmp0 2001:db8::10 2001:db8:1::7 --json";

const OFFLINE_HELP: &str = "\
Returns when the member carries nothing more, after 2 seconds at most. What still arrives by it is received. It stays
offline, also if its interface goes and comes back, until `ipmp-ctl online`.

Example:
  ipmp-ctl offline eth1 && ethtool -t eth1 offline; ipmp-ctl online eth1";

const CHECK_EXAMPLES: &str = "\
--link needs root and no daemon, and does not disturb a running one. It takes a second at most for each group, names the
pairs of members that do not hear each other, and fails if there are any. A member without carrier cannot be checked; that
is said, and is no failure as long as two others can.

Examples:
  ipmp-ctl check
  ipmp-ctl check --config ./ipmp.toml --link --netns blue";

const RELOAD_NOTES: &str = "\
The daemon reads the file that it was started with. One with a mistake, or one that does not fit this host, changes
nothing. Groups that are the same are not touched, but for addresses and routes of the file that somebody has taken away:
they are put back. SIGHUP does the same; its outcome is in the log, and in `ipmp-ctl events`.";

const DOWN_NOTES: &str = "\
The group's addresses go with it: connections over them are lost. Who is logged in over one of them is refused, and others
are named in a warning. `ipmp-ctl release` puts the addresses back on a member instead.

Examples:
  ipmp-ctl down ipmp0";

const EVENTS_NOTES: &str = "\
The latest 4096 events are kept, also when the daemon is started again. Without a daemon those of the last one at this
socket are shown. OUTAGE, of a failure of a member that carried traffic: time from its last sign of life (a reply to a
probe, or the loss of its link as the daemon saw it, at most 3 ms late) to the last write to the packet path.

`on-event = \"/usr/local/sbin/ipmp-event\"`, at the top of the configuration, has the daemon run that program for each event:
one at a time and in order, as root, with the line that --json shows on standard input, and IPMP_EVENT, IPMP_GROUP,
IPMP_MEMBER and IPMP_CAUSE (each may be empty) in the environment. Failover never waits for it. A run may take 10 seconds; then
it is killed, and what a program leaves running in its process group is killed when it ends. 256 events may wait; IPMP_MISSED says
how many before this one were left out because more did.

Examples:
  ipmp-ctl events
  ipmp-ctl events --follow --json";

const DAEMON_EXAMPLES: &str = "\
The daemon logs to standard error; RUST_LOG says how much (RUST_LOG=debug; default info). When it ends, by SIGTERM or
SIGINT, the groups go on without failure detection, until `ipmp-ctl down` removes them or a daemon takes them over.
SIGUSR1 has it log its members, targets, and what became of its probes; SIGHUP has it read the configuration again
(`ipmp-ctl reload`). What it knows of the groups it leaves to the next daemon at the same socket.

Metrics for Prometheus: `metrics = \"127.0.0.1:9477\"`, or the path of a Unix socket, at the top of the configuration; they are at
/metrics there. A program for each event: see `ipmp-ctl events --help`.

Examples:
  ipmp-ctl daemon
  ipmp-ctl daemon --config ./ipmp.toml --netns blue --socket /run/ipmp/blue.sock";

/// IP multipathing: several network interfaces of a host used as one, with failover between them.
#[derive(Debug, Parser)]
#[command(name = "ipmp-ctl", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Control socket of the daemon
    #[arg(long, global = true, display_order = 100, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    pub(crate) socket: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon in the foreground
    Daemon(DaemonArgs),
    /// Validate a configuration: every error with file, line and a fix
    Check(CheckArgs),
    /// Show groups, interfaces, data addresses, targets or probes, as ipmpstat does
    Stat(StatArgs),
    /// Show groups, members, traffic, targets and events on a live screen
    Top(top::TopArgs),
    /// Say which member carries a flow, and why
    Flow(FlowArgs),
    /// Say why a member is in its state, and what has to happen for its repair
    Explain(explain::ExplainArgs),
    /// Take a member out of service: its traffic and addresses move to the others, its probes stop
    Offline(OfflineArgs),
    /// Put a member back into service
    Online(OnlineArgs),
    /// Read the configuration again and apply the difference
    #[command(after_help = RELOAD_NOTES)]
    Reload,
    /// Show what happened, newest last: detections, moves, announcements, commands
    Events(EventsArgs),
    /// Make a group of interfaces that carry the addresses of this running host, and move those to it
    Adopt(adopt::AdoptArgs),
    /// Keep what was adopted: without this it is put back
    Confirm,
    /// Move the addresses and routes of a group to one of its members, and remove the group
    Release(adopt::ReleaseArgs),
    /// Keep other network software from putting addresses on the members of a group after a reboot
    Persist(persist::PersistArgs),
    /// Remove a group: its programs, pins and group interface; settings are put back
    Down(DownArgs),
    /// Print the script that completes these commands in a shell
    Completions(completions::CompletionsArgs),
    /// Write the manual pages
    #[command(hide = true)]
    Manual(manual::ManualArgs),
}

/// `daemon`.
#[derive(Debug, Args)]
#[command(after_help = DAEMON_EXAMPLES)]
pub(crate) struct DaemonArgs {
    /// Configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub(crate) config: PathBuf,
    /// Network namespace to work in; file systems stay those of the host
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) netns: Option<String>,
    /// Directory on a bpf file system for maps and links
    #[arg(long, value_name = "DIR", default_value = DEFAULT_PINS)]
    pub(crate) pins: PathBuf,
    /// What the packet path logs: nothing, dropped packets, or every packet
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t)]
    pub(crate) trace_packets: TraceLevel,
    /// How programs are attached; auto: TCX links where the kernel has them, otherwise clsact filters
    #[arg(long, value_name = "HOW", value_enum, default_value = "auto")]
    pub(crate) attach: AttachBy,
}

/// `check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub(crate) config: PathBuf,
    /// Prove that the members of each group share one link: each broadcasts a frame, and all others must hear it
    #[arg(long)]
    pub(crate) link: bool,
    /// Network namespace to look at
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) netns: Option<String>,
}

/// `stat`.
#[derive(Debug, Args)]
#[command(after_help = STAT_EXAMPLES)]
#[command(group = ArgGroup::new("view").multiple(false))]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct StatArgs {
    /// Groups (the default)
    #[arg(short, group = "view")]
    pub(crate) groups: bool,
    /// Interfaces
    #[arg(short, group = "view")]
    pub(crate) interfaces: bool,
    /// Data addresses
    #[arg(short, group = "view")]
    pub(crate) addresses: bool,
    /// Targets
    #[arg(short, group = "view")]
    pub(crate) targets: bool,
    /// Probes, each as it is answered or lost, until Ctrl-C
    #[arg(short, group = "view")]
    pub(crate) probes: bool,
    /// Show addresses as numbers; without it those that the resolver knows in time are shown by their short names, except
    /// with -P and --json
    #[arg(short = 'n')]
    pub(crate) numeric: bool,
    /// Show these fields only, in this order; `all` for every field
    #[arg(short = 'o', value_name = "FIELD,..", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// Print for programs: no header, fields joined by `:`; needs -o
    #[arg(short = 'P', requires = "fields")]
    pub(crate) parsable: bool,
    /// Print one JSON object; of probes, one for each
    #[arg(long, conflicts_with_all = ["fields", "parsable"])]
    pub(crate) json: bool,
    /// Show it again and again, every so many seconds (1 if not said), until Ctrl-C; the daemon may be started again meanwhile
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = watch_interval, conflicts_with = "probes")]
    pub(crate) watch: Option<f64>,
}

/// A number of seconds between two looks.
fn watch_interval(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "give a number of seconds from 0.1 to 86400".to_owned())
}

/// `flow`.
#[derive(Debug, Args)]
#[command(after_help = FLOW_EXAMPLES)]
pub(crate) struct FlowArgs {
    /// Group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// Source address
    #[arg(value_name = "SRC")]
    pub(crate) source: IpAddr,
    /// Destination address
    #[arg(value_name = "DST")]
    pub(crate) destination: IpAddr,
    /// tcp, udp, sctp, icmp or a number; without it, or for a protocol without ports, the addresses alone decide
    #[arg(long = "proto", value_name = "PROTO")]
    pub(crate) protocol: Option<Protocol>,
    /// Source port
    #[arg(long = "sport", value_name = "N", requires = "protocol")]
    pub(crate) source_port: Option<u16>,
    /// Destination port
    #[arg(long = "dport", value_name = "N", requires = "protocol")]
    pub(crate) destination_port: Option<u16>,
    /// Where it would go if this member lost its link now
    #[arg(long, value_name = "IFACE")]
    pub(crate) if_failed: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `offline`.
#[derive(Debug, Args)]
#[command(after_help = OFFLINE_HELP)]
pub(crate) struct OfflineArgs {
    /// Even if no other member of the group works: the group then carries nothing
    #[arg(short)]
    pub(crate) force: bool,
    /// Interface of the member
    #[arg(value_name = "IFACE")]
    pub(crate) interface: String,
}

/// `online`.
#[derive(Debug, Args)]
pub(crate) struct OnlineArgs {
    /// Interface of the member
    #[arg(value_name = "IFACE")]
    pub(crate) interface: String,
}

/// `events`.
#[derive(Debug, Args)]
#[command(after_help = EVENTS_NOTES)]
pub(crate) struct EventsArgs {
    /// Go on with what happens from now on, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Print one JSON object for each
    #[arg(long)]
    pub(crate) json: bool,
}

/// `down`.
#[derive(Debug, Args)]
#[command(after_help = DOWN_NOTES)]
pub(crate) struct DownArgs {
    /// Even if your own session runs over the group and is cut off
    #[arg(short)]
    pub(crate) force: bool,
    /// Group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// Network namespace of the group, if no daemon runs [default: where the last daemon at this socket worked]
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) netns: Option<String>,
    /// Directory of the pins, if no daemon runs [default: that of the last daemon at this socket, or /sys/fs/bpf/ipmp]
    #[arg(long, value_name = "DIR")]
    pub(crate) pins: Option<PathBuf>,
}

impl Cli {
    /// Does what the command line asks.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { socket, command } = self;
        match command {
            Command::Daemon(args) => daemon::run(args, socket),
            Command::Check(args) => check::run(&args),
            Command::Stat(args) => stat::run(&args, &socket),
            Command::Top(args) => top::run(&args, &socket),
            Command::Flow(args) => flow::run(&args, &socket),
            Command::Explain(args) => explain::run(&args, &socket),
            Command::Offline(args) => maintenance::offline(&args, &socket),
            Command::Online(args) => maintenance::online(&args, &socket),
            Command::Reload => reload::run(&socket),
            Command::Events(args) => events::run(&args, &socket),
            Command::Adopt(args) => adopt::adopt(args, &socket),
            Command::Confirm => adopt::confirm(&socket),
            Command::Release(args) => adopt::release(&args, &socket),
            Command::Persist(args) => persist::persist(&args),
            Command::Down(args) => down::run(&args, &socket),
            Command::Completions(args) => completions::run(&args),
            Command::Manual(args) => manual::run(&args),
        }
    }
}

/// The error for a command line that parses and yet makes no sense for `command`.
fn usage(command: &str, kind: ErrorKind, text: impl Display) -> clap::Error {
    let mut cli = Cli::command();
    cli.build();
    cli.find_subcommand_mut(command).expect("the name of a command").error(kind, text)
}
