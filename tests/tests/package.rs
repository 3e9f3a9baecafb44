//! The Debian package, in a Debian with a systemd: installed, upgraded, removed and purged.

use std::{env, path::PathBuf};

use ipmp_tests::{
    Debian, Ping, Topology, ctl,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    plan, skip,
    stream::Stream,
};

/// The variable that names the package.
const PACKAGE: &str = "IPMP_PACKAGE";

/// Where it lies in the Debian.
const DEB: &str = "/root/ipmp.deb";

/// Makes a package of a later version of it.
const NEXT: &str = "\
    dpkg-deb --raw-extract /root/ipmp.deb /root/next && sed -i 's/^Version: .*/&.1/' /root/next/DEBIAN/control && \
    dpkg-deb --build /root/next /root/next.deb";

/// Everything whose name is ours, but what package managers write down.
const TRACES: &str = "\
    find / -xdev -name '*ipmp*' -not -path '/root/*' -not -path '/var/log/*'; \
    find /run /sys/fs/bpf -name '*ipmp*' -not -path '/run/log/*' -not -path '/run/systemd/*'";

/// A Debian on the topology's first host in which the package is installed and its daemon idles.
fn installed(topology: &Topology) -> Option<Debian> {
    let Some(package) = env::var_os(PACKAGE).map(PathBuf::from) else {
        skip::not_run("there is no package here: `cargo xtask test` makes one on Debian");
        return None;
    };
    let debian = Debian::boot(topology.host())?;
    debian.copy(&package, DEB);
    debian.text("dpkg --install /root/ipmp.deb");
    Some(debian)
}

/// The same with the topology's group.
fn with_group(topology: &Topology) -> Option<Debian> {
    let debian = installed(topology)?;
    debian.write("/etc/ipmp/ipmp.toml", topology.hosts[0].group().to_string().as_bytes());
    debian.text("systemctl reload ipmp");
    for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
        Ping::to(peer).from(data).until_answered(topology.host());
        Ping::to(data).until_answered(topology.peer());
    }
    Some(debian)
}

#[test]
fn an_installed_package_runs_a_daemon_that_waits_for_groups() {
    let topology = Topology::new().build();
    let Some(debian) = installed(&topology) else { return };
    assert_eq!(debian.text("systemctl is-active ipmp"), "active\n");
    assert_eq!(debian.text("systemctl is-enabled ipmp"), "enabled\n");
    assert_eq!(
        debian.text("stat --format '%a %U:%G' /run/ipmp /run/ipmp/control.sock"),
        "755 root:ipmp\n666 root:ipmp\n"
    );
    for file in [
        "/usr/share/man/man1/ipmp-ctl-stat.1.gz",
        "/usr/share/man/man5/ipmp.toml.5.gz",
        "/usr/share/bash-completion/completions/ipmp-ctl",
        "/usr/share/doc/ipmp/copyright",
        "/usr/share/doc/ipmp/examples/two-nics.toml",
    ] {
        // Smallest systems leave documents out when they unpack.
        assert!(debian.text("dpkg --listfiles ipmp").lines().any(|line| line == file), "{file}");
    }
    debian.text("ipmp-ctl check");
    let rated = debian.run("systemd-analyze security --offline=true --threshold=29 ipmp.service");
    assert!(rated.status.success(), "{}", ctl::describe(&rated));
}

#[test]
fn nobody_may_look_a_member_of_the_group_may_follow_and_root_may_change() {
    let topology = Topology::new().build();
    let Some(debian) = with_group(&topology) else { return };
    debian.text("adduser --quiet --disabled-password --gecos '' --home /tmp --no-create-home follower");
    debian.text("adduser --quiet follower ipmp");
    let by = |user: &str, command: &str| {
        let uid = if user == "root" {
            String::new()
        } else {
            format!("--reuid {user} --regid {user} --init-groups")
        };
        let output = debian.run(&format!("timeout --preserve-status 2 setpriv {uid} ipmp-ctl {command}"));
        ctl::text(&output)
    };
    debian.text("adduser --quiet --disabled-password --gecos '' --home /tmp --no-create-home stranger");
    for user in ["root", "follower", "stranger"] {
        assert!(by(user, "stat -g").contains("ipmp0"), "{user}: {}", by(user, "stat -g"));
        assert!(by(user, "events").contains("daemon-started"), "{user}: {}", by(user, "events"));
        let followed = by(user, "events --follow");
        assert_eq!(followed.contains("daemon-started"), user != "stranger", "{user}: {followed}");
    }
    for command in ["offline e0", "reload", "down ipmp0"] {
        assert!(by("follower", command).contains("only root"), "{command}");
    }
}

#[test]
fn an_upgrade_changes_the_daemon_and_loses_no_packet() {
    let topology = Topology::new().build();
    let Some(debian) = with_group(&topology) else { return };
    debian.text(NEXT);
    let before = debian.text("systemctl show --property MainPID --value ipmp");
    let server = EchoServer::start(topology.host(), (plan::data(0)[0], 7).into());
    let connections = Connections::open(topology.peer(), server.address(), 4);
    let to = (plan::data(0)[0], 4000).into();
    let stream = Stream::start(topology.peer(), plan::peer(0)[0], topology.host(), to, 500);
    stream.until_received(100);

    debian.text("dpkg --install /root/next.deb");

    assert_ne!(debian.text("systemctl show --property MainPID --value ipmp"), before, "another daemon runs");
    assert_eq!(debian.text("ipmp-ctl stat -g -P -o state"), "ok\n");
    stream.until_received(100);
    connections.until_all_progress();
    let report = stream.finish();
    assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0), "{report}");
}

#[test]
fn a_package_is_removed_with_the_addresses_back_on_a_member_and_purged_without_a_trace() {
    let topology = Topology::new().build();
    let Some(debian) = with_group(&topology) else { return };
    let server = EchoServer::start(topology.host(), (plan::data(0)[0], 7).into());
    let connections = Connections::open(topology.peer(), server.address(), 4);

    debian.text("dpkg --remove ipmp");

    connections.until_all_progress();
    for data in plan::data(0) {
        let shown = topology.host().ip(&format!("-o addr show to {data}"));
        assert!(shown.contains(": e0 ") || shown.contains(": e1 "), "{data} is on a member: {shown}");
        Ping::to(data).until_answered(topology.peer());
    }
    assert!(!topology.host().ip("-o link").contains("ipmp0"), "{}", topology.host().ip("-o link"));
    assert!(!debian.does("systemctl cat ipmp"), "the unit is gone");
    assert!(!debian.does("test -e /run/ipmp -o -e /sys/fs/bpf/ipmp"), "{}", debian.text(TRACES));
    debian.text("test -e /etc/ipmp/ipmp.toml");

    debian.text("dpkg --purge ipmp");

    assert_eq!(debian.text(TRACES), "");
    assert!(!debian.does("getent group ipmp"));
    connections.until_all_progress();
}

#[test]
fn a_package_whose_groups_cannot_be_released_stays_and_says_what_to_do() {
    let topology = Topology::new().build();
    let Some(debian) = with_group(&topology) else { return };
    // A release that fails, whatever for.
    debian.text(
        "mv /usr/bin/ipmp-ctl /usr/bin/ipmp-ctl.real && \
         printf '#!/bin/sh\\n[ \"$1\" = release ] && exit 1\\nexec -a ipmp-ctl /usr/bin/ipmp-ctl.real \"$@\"\\n' >/usr/bin/ipmp-ctl && \
         sed -i 's,#!/bin/sh,#!/bin/bash,' /usr/bin/ipmp-ctl && chmod 755 /usr/bin/ipmp-ctl",
    );
    let refused = debian.run("dpkg --remove ipmp");
    assert!(!refused.status.success());
    let said = ctl::text(&refused);
    assert!(said.contains("nothing was removed") && said.contains("ipmp-ctl down GROUP"), "{said}");
    eventually("the daemon runs", SOON, || {
        holds(debian.does("systemctl is-active ipmp"), || debian.text("journalctl --no-pager --unit ipmp"))
    });
    assert_eq!(debian.text("ipmp-ctl stat -g -P -o state"), "ok\n");
    assert!(debian.text("dpkg-query --show --showformat '${db:Status-Status}' ipmp").contains("installed"));
    Ping::to(plan::data(0)[0]).until_answered(topology.peer());
}
