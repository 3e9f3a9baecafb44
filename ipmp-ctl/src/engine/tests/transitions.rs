//! Every transition of a member's state and of the active set (SOLARIS 10.3), as a table that people can read.
//!
//! `transitions.txt` has a line for each state that a group of up to three members can come into and each event there,
//! equal members counted once. A changed rule is a changed line: `UPDATE=1 cargo test -p ipmp-ctl --lib transitions`
//! writes the table anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use super::super::{
    action::Cause,
    event::MemberIndex,
    fixture::{group, link},
    member::{Member, MemberState, OfflineBy, Probed},
    offline::Refusal,
    roster::Roster,
};
use crate::config;

const HEAD: &str = "\
# Each member is two letters. Its role:
#   a active    s standby
# Its state:
#   U in use             N in use, with nobody to probe
#   I INACTIVE           J INACTIVE, with nobody to probe
#   F failed, no link    S failed, silent          K failed, silent, and kept in use for want of a better one
#   O offline            D offline, no link        Q offline, was silent
#   - absent             M absent, offline when it returns
# Members are judged by their link alone, but those that are silent. What concerns one member only stands with a group of
# one, what concerns two with a group of two: groups of three have neither silent members nor such without targets.
#
# before | member and event | after, and where that differs: | after with failback = false
";

/// A member: its role and state, as in the table.
type Letters = (char, char);

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    LinkDown,
    LinkUp,
    FallsSilent,
    Answers,
    LosesTargets,
    FindsTargets,
    Leaves,
    Returns,
    Offline,
    OfflineForced,
    Online,
    BecomesStandby,
    BecomesActive,
    /// The failure detection time has passed since the first member of a silent group answered.
    TimePasses,
}

impl Event {
    const ALL: [Self; 14] = [
        Self::LinkDown,
        Self::LinkUp,
        Self::FallsSilent,
        Self::Answers,
        Self::LosesTargets,
        Self::FindsTargets,
        Self::Leaves,
        Self::Returns,
        Self::Offline,
        Self::OfflineForced,
        Self::Online,
        Self::BecomesStandby,
        Self::BecomesActive,
        Self::TimePasses,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::LinkDown => "link down",
            Self::LinkUp => "link up",
            Self::FallsSilent => "falls silent",
            Self::Answers => "answers again",
            Self::LosesTargets => "no targets",
            Self::FindsTargets => "targets found",
            Self::Leaves => "leaves",
            Self::Returns => "returns",
            Self::Offline => "offline",
            Self::OfflineForced => "offline -f",
            Self::Online => "online",
            Self::BecomesStandby => "standby set",
            Self::BecomesActive => "standby cleared",
            Self::TimePasses => "time passes",
        }
    }

    /// Whether it can happen to the member `index` of `state`.
    fn concerns(self, state: &[Letters], index: MemberIndex) -> bool {
        let (role, letter) = state[index];
        let is = |letters: &str| letters.contains(letter);
        let (alone, few) = (state.len() == 1, state.len() < 3);
        match self {
            Self::LinkDown => is("UNIJSK") || (alone && is("O")),
            Self::LinkUp => is("FD"),
            Self::FallsSilent | Self::LosesTargets => few && is("UI"),
            Self::Answers => is("SK"),
            Self::FindsTargets => is("NJ"),
            Self::Leaves => is("UNIJSK") || (few && is("F")) || (alone && is("ODQ")),
            Self::Returns => is("-M"),
            Self::Offline => is("UNIJ") || (few && is("FSK")) || (alone && is("-OQ")),
            Self::OfflineForced => offline_refused(state, index),
            Self::Online => is("ODQM") || (alone && is("U")),
            Self::BecomesStandby => {
                is("UNIJ") && role == 'a' && state.iter().filter(|(role, _)| *role == 'a').count() > 1
            }
            Self::BecomesActive => is("UNIJ") && role == 's',
            Self::TimePasses => {
                let works = |(_, letter): &Letters| "UNIJ".contains(*letter);
                is("K") && state.iter().any(works) && state.iter().position(|(_, l)| *l == 'K') == Some(index)
            }
        }
    }
}

/// Whether `offline` is refused, and `offline -f` is not.
fn offline_refused(state: &[Letters], index: MemberIndex) -> bool {
    Event::Offline.concerns(state, index)
        && after(state, index, Event::Offline, true) == Err(Refusal::NoOther)
}

/// A member of a group that is in the midst of its life.
fn member((role, letter): Letters, index: MemberIndex) -> Member {
    let state = match letter {
        'U' | 'I' => MemberState::Running,
        'N' | 'J' => MemberState::NoTargets,
        'F' | 'S' | 'K' => MemberState::Failed,
        'O' | 'D' | 'Q' | 'M' => MemberState::Offline(OfflineBy::Administrator),
        _ => MemberState::Init,
    };
    let is = |letters: &str| letters.contains(letter);
    Member {
        state,
        inactive: is("IJ"),
        kept: is("K"),
        cause: if is("SKQ") { Some(Cause::Probes) } else { is("FD").then_some(Cause::Link) },
        probed: match letter {
            'S' | 'K' => Probed::Yes,
            'N' | 'J' => Probed::NoTargets,
            _ => Probed::No,
        },
        testable: is("SKQ"),
        link: (!is("-M")).then(|| crate::engine::event::Link { carrier: !is("FD"), ..link(index) }),
        arrival: index as u64,
        ..Member::new(role == 's', 100)
    }
}

fn letters(member: &Member) -> Letters {
    let letter = match member.state {
        MemberState::Running => {
            if member.inactive {
                'I'
            } else {
                'U'
            }
        }
        MemberState::NoTargets => {
            if member.inactive {
                'J'
            } else {
                'N'
            }
        }
        MemberState::Failed if member.is_kept() => 'K',
        MemberState::Failed => {
            if member.link_up() {
                'S'
            } else {
                'F'
            }
        }
        MemberState::Offline(_) if member.link.is_none() => 'M',
        MemberState::Offline(_) if !member.link_up() => 'D',
        MemberState::Offline(_) => {
            if member.cause == Some(Cause::Probes) {
                'Q'
            } else {
                'O'
            }
        }
        MemberState::Init => '-',
    };
    (if member.standby { 's' } else { 'a' }, letter)
}

/// The state after the event.
fn after(
    state: &[Letters],
    index: MemberIndex,
    event: Event,
    failback: bool,
) -> Result<Vec<Letters>, Refusal> {
    let roles: String = state.iter().map(|(role, _)| role).collect();
    let mut roster = Roster::new(&config::Group { failback, ..group(&roles) });
    for (index, &letters) in state.iter().enumerate() {
        *roster.member_mut(index).unwrap() = member(letters, index);
    }
    let (now, fdt) = (Instant::now(), Duration::from_secs(10));
    match event {
        Event::LinkDown => roster.set_carrier(index, false, now),
        Event::LinkUp => roster.set_carrier(index, true, now),
        Event::FallsSilent => {
            if (0..state.len()).any(|other| other != index && roster.members()[other].is_usable()) {
                roster.fail_by_probes(index);
            } else {
                roster.fail_group();
            }
            let member = roster.member_mut(index).unwrap();
            (member.probed, member.testable) = (Probed::Yes, true);
        }
        Event::Answers => roster.repair_by_probes(index),
        Event::LosesTargets => roster.set_probed(index, Probed::NoTargets),
        Event::FindsTargets => roster.set_probed(index, Probed::Yes),
        Event::Leaves => roster.remove_link(index),
        Event::Returns => roster.set_link(index, link(index), now),
        Event::Offline => roster.offline(index, false)?,
        Event::OfflineForced => roster.offline(index, true)?,
        Event::Online => roster.online(index)?,
        Event::BecomesStandby => roster.set_standby(index, true),
        Event::BecomesActive => roster.set_standby(index, false),
        Event::TimePasses => {
            roster.settle(fdt, now);
            roster.serve(now + fdt);
        }
    }
    roster.settle(fdt, now);
    let members = roster.members();
    let idle = members.iter().any(Member::is_usable) && !members.iter().any(Member::carries);
    assert!(!idle, "{} {event:?} {index}: a member works and nobody is in use", text(state));
    Ok(members.iter().map(letters).collect())
}

fn text(state: &[Letters]) -> String {
    state.iter().map(|(role, letter)| format!("{role}{letter}")).collect::<Vec<_>>().join(" ")
}

fn outcome(after: &Result<Vec<Letters>, Refusal>) -> String {
    match after {
        Ok(state) => text(state),
        Err(refusal) => format!("refused: {refusal:?}"),
    }
}

/// The state with equal members in one order.
fn sorted(mut state: Vec<Letters>) -> Vec<Letters> {
    state.sort_unstable();
    state
}

/// All lines of the table: whatever a group comes into from its start, with and without failback.
fn table() -> String {
    let starts = ["a", "aa", "as", "aaa", "aas", "ass"];
    let start = |roles: &str| -> Vec<Letters> {
        roles.chars().map(|role| (role, if role == 'a' { 'U' } else { 'I' })).collect()
    };
    let mut open: BTreeSet<_> = starts.iter().map(|roles| sorted(start(roles))).collect();
    let mut lines: BTreeMap<(usize, Vec<Letters>), String> = BTreeMap::new();
    while let Some(state) = open.pop_first() {
        let mut block = String::new();
        for index in (0..state.len()).filter(|&index| index == 0 || state[index] != state[index - 1]) {
            for event in Event::ALL.into_iter().filter(|event| event.concerns(&state, index)) {
                let [on, off] = [true, false].map(|failback| after(&state, index, event, failback));
                let what = format!("{} {}", index + 1, event.name());
                let before = text(&state);
                write!(block, "{before} | {what:<17} | {}", outcome(&on)).unwrap();
                if off != on {
                    write!(block, " | {}", outcome(&off)).unwrap();
                }
                block.push('\n');
                for next in [on, off].into_iter().flatten().map(sorted) {
                    if next != state && !lines.contains_key(&(next.len(), next.clone())) {
                        open.insert(next);
                    }
                }
            }
        }
        lines.insert((state.len(), state), block);
    }
    lines.into_values().collect()
}

#[test]
fn every_transition_is_as_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/tests/transitions.txt");
    let now = format!("{HEAD}{}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let changed: Vec<_> = before.lines().filter(|line| !now.lines().any(|other| other == *line)).collect();
    let new: Vec<_> = now.lines().filter(|line| !before.lines().any(|other| other == *line)).collect();
    assert!(
        before == now,
        "the rules have changed; if that is meant, run this test with UPDATE=1\n- {}\n+ {}",
        changed.join("\n- "),
        new.join("\n+ ")
    );
}
