use super::{assert_problems, good};

#[test]
fn group_names_leave_room_for_the_peer_and_the_pins() {
    let named = |name: &str| format!("[group.{name}]\n[group.{name}.member.a]\n");
    assert_problems([
        (
            named("abcdefghijklmn"),
            &[
                "f.toml:1: group abcdefghijklmn: the name has 14 characters; shorten it to 13 at most (the interface NAME-p is made beside it)",
            ],
        ),
        (named("\"\""), &[r#"f.toml:1: group "": the name is empty; give it one of 1 to 13 characters"#]),
        (named("\"a/b\""), &["f.toml:1: group a/b: the name holds '/'; use letters, digits, `-` and `_`"]),
        (named("\"a b\""), &["f.toml:1: group a b: the name holds ' '; use letters, digits, `-` and `_`"]),
        (named("\"..\""), &["f.toml:1: group ..: the name holds '.'; use letters, digits, `-` and `_`"]),
        (
            named("\"ipmp.0\""),
            &["f.toml:1: group ipmp.0: the name holds '.'; use letters, digits, `-` and `_`"],
        ),
        (named("\"-p\""), &["f.toml:1: group -p: the name starts with `-`; start it with a letter"]),
        (named("default"), &["f.toml:1: group default: the name is reserved; choose another, as in ipmp0"]),
        (named("netns-1"), &["f.toml:1: group netns-1: the name is reserved; choose another, as in ipmp0"]),
    ]);
    assert_eq!(good(&named("abcdefghijklm")).0.groups[0].name, "abcdefghijklm");
}

#[test]
fn interface_names_are_those_of_the_kernel() {
    let named = |name: &str| format!("[group.g]\n[group.g.member.{name}]\n");
    assert_problems([
        (
            named("abcdefghijklmnop"),
            &[
                "f.toml:2: group g, member abcdefghijklmnop: the name has 16 bytes, interface names have 15 at most; see `ip link` for the right one",
            ],
        ),
        (
            named("\"\""),
            &[r#"f.toml:2: group g, member "": the name is empty; give it one of 1 to 15 characters"#],
        ),
        (
            named("\"eth0:1\""),
            &[
                "f.toml:2: group g, member eth0:1: the name holds ':', as no interface name does; see `ip link` for the right one",
            ],
        ),
        (
            named("\"a\\tb\""),
            &[
                r"f.toml:2: group g, member a\tb: the name holds '\t', as no interface name does; see `ip link` for the right one",
            ],
        ),
        (
            named("\"..\""),
            &["f.toml:2: group g, member ..: no interface is named so; see `ip link` for the right one"],
        ),
        (
            named("lo"),
            &[
                "f.toml:2: group g, member lo: the loopback interface cannot be a member; name an Ethernet interface, see `ip link`",
            ],
        ),
    ]);
    assert_eq!(good(&named("\"enp0s31f6.4094\"")).0.groups[0].members[0].name, "enp0s31f6.4094");
}

#[test]
fn a_group_has_some_members_and_an_active_one() {
    let many: Vec<String> = (0..65).map(|i| format!("[group.g.member.e{i}]\n")).collect();
    assert_problems([
        ("[group.g]\n".to_owned(), &["f.toml:1: group g: no members; add [group.g.member.INTERFACE]"]),
        (
            format!("[group.g]\n{}", many.concat()),
            &["f.toml:1: group g: 65 members; remove some: 64 at most"],
        ),
        (
            "[group.g]\nmember.a.standby = true\nmember.b.standby = true\n".to_owned(),
            &[
                "f.toml:1: group g: all members are standby, which leaves no home for a data address; remove `standby = true` from at least one",
            ],
        ),
    ]);
}
