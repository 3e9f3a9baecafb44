//! `adopt`, `confirm` and `release`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use ipmp_ctl::{
    adopt::{
        local,
        request::{AdoptRequest, ReleaseRequest, TestAddressWish},
    },
    control::{
        client::{ClientError, ask},
        protocol::{Persist, Reply, Request},
    },
};

use super::{DEFAULT_CONFIG, output, persist};

const ADOPT_NOTES: &str = "\
The daemon does it, so a connection by the very address that moves may break, or this command be interrupted, and nothing
stops half way. It runs already: a configuration without groups is enough for it. In order: the gateway is asked for a sign
of life; the state of the host is written down beside the configuration; the group is made; addresses (with their flags and
lifetimes) and routes (of all tables, default and others, with metric and source) move to the group interface; the gateway
is asked through it; the configuration gets the group. Established connections go on.

Then `ipmp-ctl confirm` has to be given within the time of --confirm, best by a connection made anew. Without it, if the gateway does
not answer, if the daemon ends or is killed, everything is put back as it was. This command returns 0 as soon as the gateway
has answered, and with --wait when that is confirmed (0) or put back (1).

Addresses with a lifetime (DHCP, router advertisements) move with it and are not written into the configuration. A lease that
the client on a member renews is moved on; advertisements are heard by the group interface.

What would put the addresses on a member again after a reboot is named, with file and line; --persist changes it, once the adoption
is confirmed (`ipmp-ctl persist --help`).

Examples:
  ipmp-ctl adopt ipmp0 eth0 eth1 --dry-run
  ipmp-ctl adopt ipmp0 eth0 eth1 --test-address 192.0.2.21 --test-address 192.0.2.22
  ipmp-ctl adopt ipmp0 eth0 eth1 --standby eth1 --confirm 120
  ipmp-ctl confirm";

const RELEASE_NOTES: &str = "\
The way back of `adopt`: all addresses and routes of the group interface move to the member, with their flags and lifetimes, the
group is removed as `down` does it, the configuration loses its section, and what `persist` has changed is put back. Established connections go on. What is
interrupted is completed by the next start of the daemon.

Examples:
  ipmp-ctl release ipmp0 eth0 --dry-run
  ipmp-ctl release ipmp0 eth0
  ipmp-ctl release --all";

/// `adopt`.
#[derive(Debug, Args)]
#[command(after_help = ADOPT_NOTES)]
pub(crate) struct AdoptArgs {
    /// Name of the new group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Its members: those that carry the addresses, and others on the same link
    #[arg(value_name = "IFACE", required = true)]
    interfaces: Vec<String>,
    /// A member that is to be a standby; it need not be named among the others too
    #[arg(long, value_name = "IFACE")]
    standby: Vec<String>,
    /// A test address: for this member, or for the next that has none
    #[arg(long = "test-address", value_name = "[IFACE=]ADDR[/LEN]")]
    test_addresses: Vec<TestAddressWish>,
    /// How long to wait for `ipmp-ctl confirm`; 0: keep what was done without it
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    confirm: u64,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// When it is confirmed, change the files of the host's network software that would put the addresses on a member again
    /// after a reboot
    #[arg(long)]
    persist: bool,
    /// Return when it is confirmed or put back
    #[arg(long)]
    wait: bool,
    /// Configuration, for --dry-run without a daemon
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
}

/// `release`.
#[derive(Debug, Args)]
#[command(after_help = RELEASE_NOTES)]
pub(crate) struct ReleaseArgs {
    /// Group
    #[arg(value_name = "GROUP", required_unless_present = "all")]
    group: Option<String>,
    /// The member that gets everything
    #[arg(value_name = "IFACE", required_unless_present = "all")]
    interface: Option<String>,
    /// Every group, each to its first member that works
    #[arg(long, conflicts_with_all = ["group", "interface"])]
    all: bool,
    /// Even if the member does not work
    #[arg(short)]
    force: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Has the daemon adopt what interfaces hold.
pub(super) fn adopt(args: AdoptArgs, socket: &Path) -> anyhow::Result<()> {
    let AdoptArgs { group, mut interfaces, standby, test_addresses, confirm, dry_run, persist, wait, config } =
        args;
    for name in &standby {
        if !interfaces.contains(name) {
            interfaces.push(name.clone());
        }
    }
    let request = AdoptRequest {
        group,
        interfaces,
        standby,
        test_addresses,
        confirm_s: confirm,
        persist,
        dry_run: true,
    };
    let (steps, netns) = match ask(socket, &Request::Adopt(request.clone())) {
        Ok(Reply::Planned { steps, netns }) => (steps, Some(netns)),
        Ok(Reply::Refused { reason }) => bail!(reason),
        Ok(other) => return Err(output::misplaced(&other)),
        Err(ClientError::NotRunning { .. }) if dry_run => (local::plan(&request, &config)?, None),
        Err(error @ ClientError::NotRunning { .. }) => {
            bail!(
                "{error} Start it first (`ipmp-ctl daemon`, or its service); a configuration without groups is enough for it"
            )
        }
        Err(error) => return Err(error.into()),
    };
    output::print(&steps)?;
    let survey = persist::look(&request.group, &request.interfaces, None, netns);
    output::print(&persist::found(&survey))?;
    if request.persist {
        persist::check_place(netns)?;
        persist::refuse(&survey)
            .context("without --persist it can be adopted all the same, but --persist is refused")?;
        output::print(&persist::to_do(&survey))?;
    } else if !survey.findings.is_empty() {
        output::print(&format!(
            "--persist, or `ipmp-ctl persist {}` later, keeps them from that\n",
            request.group
        ))?;
    }
    if dry_run {
        return output::print("nothing has been done (--dry-run)\n");
    }
    match ask(socket, &Request::Adopt(AdoptRequest { dry_run: false, ..request.clone() }))? {
        Reply::Moved { said, confirm_s, config } => {
            output::print(&(said.join("\n") + "\n"))?;
            if confirm_s == 0 {
                output::print("done; no confirmation is needed\n")?;
                let AdoptRequest { group, interfaces, persist, .. } = request;
                return if persist {
                    persist::carry_out(&group, &interfaces, &config, netns)
                } else {
                    Ok(())
                };
            }
            output::print(&format!(
                "confirm with `ipmp-ctl confirm` within {confirm_s} s, or everything is put back\n"
            ))?;
            if wait {
                conclude(ask(socket, &Request::Confirm { wait: true })?, "confirmed\n").map(drop)
            } else {
                Ok(())
            }
        }
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}

/// Confirms an adoption.
pub(super) fn confirm(socket: &Path) -> anyhow::Result<()> {
    let reply = ask(socket, &Request::Confirm { wait: false })?;
    let Some(Persist { group, members, config, netns }) =
        conclude(reply, "confirmed: the host stays as it is\n")?
    else {
        return Ok(());
    };
    persist::carry_out(&group, &members, &config, Some(netns)).with_context(|| {
        format!("the adoption is confirmed all the same, but it does not outlast a reboot until `ipmp-ctl persist {group}` succeeds")
    })
}

/// Has the daemon move what groups hold back to a member.
pub(super) fn release(args: &ReleaseArgs, socket: &Path) -> anyhow::Result<()> {
    let groups = match &args.group {
        Some(group) => vec![group.clone()],
        None => groups(socket)?,
    };
    for group in groups {
        let request = ReleaseRequest {
            group: group.clone(),
            interface: args.interface.clone(),
            force: args.force,
            dry_run: args.dry_run,
        };
        match ask(socket, &Request::Release(request))? {
            Reply::Planned { steps, .. } => output::print(&steps)?,
            Reply::Moved { said, config, .. } => {
                output::print(&(said.join("\n") + "\n"))?;
                output::print(&persist::put_back(&group, &config)?)?;
            }
            Reply::Refused { reason } => bail!(reason),
            other => return Err(output::misplaced(&other)),
        }
    }
    Ok(())
}

/// All groups of the daemon.
fn groups(socket: &Path) -> anyhow::Result<Vec<String>> {
    match ask(socket, &Request::Status)? {
        Reply::Status(status) => {
            let names = status.groups.into_iter().map(|group| group.group);
            Ok(names.filter(|name| !name.is_empty()).collect())
        }
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}

/// The end of an adoption. Returns what is to be done with it.
fn conclude(reply: Reply, done: &str) -> anyhow::Result<Option<Persist>> {
    match reply {
        Reply::Confirmed { persist } => output::print(done).map(|()| persist),
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}
