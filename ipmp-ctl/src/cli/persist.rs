//! `persist`, and the same for `adopt --persist`, `confirm` and `release`.

use std::{
    fs,
    net::Ipv6Addr,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use ipmp_ctl::{
    adopt::files::Files,
    config::Config,
    persist::{self, Member, Subject, Survey, record, tree::Tree},
};

use super::{DEFAULT_CONFIG, output};

const NOTES: &str = "\
It looks at systemd-networkd, NetworkManager and ifupdown, where they run or are enabled, and at netplan, which writes files for
the first two. Members are left alone by them; what was set up for a member besides its addresses (a DHCP client, name
servers) is set up for the group interface. Nothing that cannot be changed safely is changed: it is named, with file and line.
The services are told nothing; they read their files when they are next started.

What was there is kept beside the configuration (ipmp.toml.persisted). --undo puts it back, and so does `ipmp-ctl release`.
`ipmp-ctl adopt --persist` does the same when the adoption is confirmed.

Examples:
  ipmp-ctl persist ipmp0 --dry-run
  ipmp-ctl persist ipmp0
  ipmp-ctl persist ipmp0 --undo";

/// `persist`.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct PersistArgs {
    /// Group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Put back what was changed
    #[arg(long)]
    undo: bool,
    /// Only say what would be done
    #[arg(long, conflicts_with = "undo")]
    dry_run: bool,
    /// Configuration with the members of the group
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
}

/// Keeps other network software from putting addresses on members.
pub(super) fn persist(args: &PersistArgs) -> anyhow::Result<()> {
    let PersistArgs { group, undo, dry_run, config } = args;
    if *undo {
        let said = put_back(group, config)?;
        let nothing = format!("nothing was changed for group {group}\n");
        return output::print(if said.is_empty() { &nothing } else { &said });
    }
    check_place(None)?;
    let text = fs::read_to_string(config).with_context(|| format!("reading {}", config.display()))?;
    let (present, _) = Config::parse(&text, config)?;
    let Some(of_group) = present.groups.iter().find(|present| present.name == *group) else {
        bail!("{}: it has no group {group}", config.display());
    };
    let members: Vec<_> = of_group.members.iter().map(|member| member.name.clone()).collect();
    let survey = look(group, &members, of_group.ipv6_token, None);
    if survey.findings.is_empty() {
        return output::print(&format!(
            "nothing that runs here or is enabled (systemd-networkd, NetworkManager, ifupdown) puts addresses on {}\n",
            members.join(", ")
        ));
    }
    output::print(&found(&survey))?;
    refuse(&survey)?;
    if *dry_run {
        return output::print(&format!("{}nothing has been done (--dry-run)\n", to_do(&survey)));
    }
    carry_out(group, &members, config, None)
}

/// What puts addresses on these interfaces at the next start. Nothing in a network namespace of which the files of this host know
/// nothing.
/// `netns`: inode of that of the daemon, if there is one.
pub(super) fn look(
    group: &str,
    members: &[String],
    ipv6_token: Option<Ipv6Addr>,
    netns: Option<u64>,
) -> Survey {
    if !is_ours(netns) {
        return Survey::default();
    }
    let mac = |name: &String| fs::read_to_string(format!("/sys/class/net/{name}/address")).ok();
    let member =
        |name: &String| Member { name: name.clone(), mac: mac(name).map(|mac| mac.trim().to_owned()) };
    persist::survey(
        &tree(),
        &Subject { group: group.to_owned(), members: members.iter().map(member).collect(), ipv6_token },
    )
}

/// What was found, for people; empty if that is nothing.
pub(super) fn found(survey: &Survey) -> String {
    listed("at its next start this would be done to members:", &survey.findings)
}

/// Refuses a network namespace that the files of this host are not about. `netns`: inode of that of the daemon.
pub(super) fn check_place(netns: Option<u64>) -> anyhow::Result<()> {
    if !is_ours(netns) {
        bail!(
            "the files of this host are about another network namespace than this group's, so none of them is to be changed"
        );
    }
    Ok(())
}

/// What would be changed, for people.
pub(super) fn to_do(survey: &Survey) -> String {
    listed("against that:", &survey.edits)
}

/// Refuses what cannot be changed safely, or at all.
pub(super) fn refuse(survey: &Survey) -> anyhow::Result<()> {
    if !survey.obstacles.is_empty() {
        bail!(
            "this cannot be changed safely; nothing has been changed:\n  {}",
            survey.obstacles.join("\n  ")
        );
    }
    Ok(record::try_out(&tree(), &survey.edits)?)
}

/// Changes it.
pub(super) fn carry_out(
    group: &str,
    members: &[String],
    config: &Path,
    netns: Option<u64>,
) -> anyhow::Result<()> {
    let (present, _) = Config::load(config)?;
    let ipv6_token = present.group(group).and_then(|group| group.ipv6_token);
    let survey = look(group, members, ipv6_token, netns);
    refuse(&survey)?;
    record::apply(&tree(), &Files::new(config), group, &survey.edits)?;
    let done: Vec<_> =
        survey.edits.iter().map(|edit| format!("{}: {}", edit.path.display(), edit.purpose)).collect();
    output::print(&listed("written, to be read when the service is next started:", &done))
}

/// Puts back what was changed for a group. Says what became of it.
pub(super) fn put_back(group: &str, config: &Path) -> anyhow::Result<String> {
    let said = record::undo(&tree(), &Files::new(config), group)?;
    Ok(said.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat())
}

fn tree() -> Tree {
    Tree::new(Path::new("/"))
}

/// Whether this network namespace is that of the host's own services, and of the daemon. Who may not know takes it for that.
fn is_ours(daemon: Option<u64>) -> bool {
    let of = |process: &str| fs::metadata(format!("/proc/{process}/ns/net")).map(|about| about.ino());
    let Ok(own) = of("thread-self") else { return true };
    of("1").ok().is_none_or(|first| first == own) && daemon.is_none_or(|daemon| daemon == own)
}

fn listed(title: &str, lines: &[impl ToString]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<_> = lines.iter().map(|line| format!("  {}\n", line.to_string())).collect();
    format!("{title}\n{}", lines.concat())
}
