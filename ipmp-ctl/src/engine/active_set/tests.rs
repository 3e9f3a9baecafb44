use super::*;
use crate::engine::{fixture::link, member::MemberState};

/// Members by their flags, as in `A` active, `S` standby in use, `i` INACTIVE, `s` standby INACTIVE, `f` failed,
/// `d` failed standby, `-` absent.
fn members(flags: &str) -> Vec<Member> {
    let member = |(index, flag): (usize, char)| Member {
        standby: matches!(flag, 'S' | 's' | 'd'),
        inactive: matches!(flag, 'i' | 's'),
        link: (flag != '-').then(|| link(index)),
        state: match flag {
            '-' => MemberState::Init,
            'f' | 'd' => MemberState::Failed,
            _ => MemberState::Running,
        },
        ..Member::default()
    };
    flags.chars().enumerate().map(member).collect()
}

fn flags(members: &[Member]) -> String {
    let flag = |member: &Member| match (member.state, member.standby, member.inactive) {
        (MemberState::Init, ..) => '-',
        (MemberState::Failed, true, _) => 'd',
        (MemberState::Failed, false, _) => 'f',
        (_, true, true) => 's',
        (_, true, false) => 'S',
        (_, false, true) => 'i',
        (_, false, false) => 'A',
    };
    members.iter().map(flag).collect()
}

#[test]
fn a_member_that_works_again_joins_by_the_rules() {
    use Entry::{Online, Repair, Start};
    for (before, index, entry, failback, after, why) in [
        ("AAd", 2, Start, true, "AAs", "a standby is not needed while all others work"),
        ("Afd", 2, Start, true, "AfS", "a standby stands in for a failed member"),
        ("A-d", 2, Start, true, "A-S", "a standby stands in for an absent member"),
        ("AAd", 2, Repair, false, "AAs", "the failback policy does not concern a standby"),
        ("Afd", 2, Repair, false, "AfS", "the failback policy does not concern a standby"),
        ("d", 0, Start, true, "S", "a group of standby members alone uses one"),
        ("Sd", 1, Start, true, "Ss", "a group of standby members alone uses one"),
        ("AfS", 1, Repair, true, "AAs", "a standby steps down for a repaired member"),
        ("AfS", 1, Online, true, "AAs", "a standby steps down for a member back online"),
        ("AfS", 1, Online, false, "AAs", "what was taken offline comes back without failback too"),
        ("AfSS", 1, Repair, true, "AASs", "one standby steps down, not all"),
        ("ffS", 0, Repair, true, "AfS", "a standby stays while it is still needed"),
        ("AfA", 1, Repair, true, "AAA", "no standby, nobody steps down"),
        ("AfS", 1, Repair, false, "AiS", "without failback a repaired member waits"),
        (
            "AfA",
            1,
            Repair,
            false,
            "AiA",
            "without failback a repaired member waits, even if fewer are active",
        ),
        ("ff", 1, Repair, false, "fA", "in a failed group a repaired member is used"),
        ("ffd", 1, Repair, false, "fAd", "in a failed group a repaired member is used"),
    ] {
        let mut members = members(before);
        enter(&mut members, index, entry, failback);
        members[index].state = MemberState::Running;
        assert_eq!(flags(&members), after, "{why}: {before}, {index} {entry:?}, failback {failback}");
    }
}

#[test]
fn a_first_start_without_failback_makes_nobody_step_down() {
    let mut members = members("AfS");
    assert_eq!(enter(&mut members, 1, Entry::Start, false), None);
    members[1].state = MemberState::Running;
    assert_eq!(flags(&members), "AAS");
}

#[test]
fn an_idle_standby_is_activated_first_then_any_idle_member() {
    for (flags, expected) in [
        ("Ais", Some(2)),
        ("Aiss", Some(2)),
        ("AiSf", Some(1)),
        ("fid", Some(1)),
        ("AAS", None),
        ("AAd", None),
        ("A-", None),
    ] {
        assert_eq!(replacement(&members(flags)), expected, "{flags}");
    }
}
