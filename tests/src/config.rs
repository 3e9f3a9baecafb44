//! Text of a configuration file.

use std::fmt::{Display, Write};

use crate::plan;

/// One group, written as the configuration file has it.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    name: String,
    lines: Vec<String>,
    members: Vec<(String, Vec<String>)>,
    by_link_local: bool,
}

impl GroupConfig {
    /// A group without members. Flap damping is off, since tests pull cables more often than twice a minute.
    pub fn new(name: &str) -> Self {
        let lines = vec!["link-ups-per-minute = 0".to_owned()];
        Self { name: name.to_owned(), lines, members: Vec::new(), by_link_local: false }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With these data addresses, each with its prefix length, instead of any before.
    #[must_use]
    pub fn addresses(self, addresses: impl IntoIterator<Item = impl Display>) -> Self {
        let list: Vec<_> = addresses.into_iter().map(|address| format!("\"{address}\"")).collect();
        self.line(&format!("addresses = [{}]", list.join(", ")))
    }

    /// With another key of the group, such as `receive = "member"`, instead of any line with the same key.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        let key = |line: &str| line.split('=').next().map(|key| key.trim().to_owned());
        self.lines.retain(|present| key(present) != key(line));
        self.lines.push(line.to_owned());
        self
    }

    /// With these members more, active and link-based.
    #[must_use]
    pub fn members(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for name in names {
            self = self.member(name.as_ref(), &[]);
        }
        self
    }

    /// With the IPv4 test address of the plan for each member of the IPMP host `host`.
    #[must_use]
    pub fn tested(mut self, host: usize) -> Self {
        for (index, (_, lines)) in self.members.iter_mut().enumerate() {
            lines.push(format!("test-addresses = [\"{}\"]", plan::test_v4(host, index)));
        }
        self
    }

    /// With members probed from their link-local addresses, where nothing else is said.
    #[must_use]
    pub fn tested_by_link_local(mut self) -> Self {
        self.by_link_local = true;
        self
    }

    /// With exactly these targets.
    #[must_use]
    pub fn targets(self, targets: impl IntoIterator<Item = impl Display>) -> Self {
        let list: Vec<_> = targets.into_iter().map(|target| format!("\"{target}\"")).collect();
        self.line(&format!("targets = [{}]", list.join(", ")))
    }

    /// With this member, or these keys of a member that it has already.
    #[must_use]
    pub fn member(mut self, name: &str, lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| (*line).to_owned());
        match self.members.iter_mut().find(|(member, _)| member == name) {
            Some((_, present)) => present.extend(lines),
            None => self.members.push((name.to_owned(), lines.collect())),
        }
        self
    }
}

impl Display for GroupConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "[group.{}]", self.name)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        for (member, lines) in &self.members {
            // A dot, as in the name of a VLAN, would begin another key.
            let quote = if member.contains('.') { "\"" } else { "" };
            writeln!(f, "\n[group.{}.member.{quote}{member}{quote}]", self.name)?;
            for line in lines {
                writeln!(f, "{line}")?;
            }
            if !self.by_link_local && !lines.iter().any(|line| line.starts_with("test-addresses")) {
                writeln!(f, "test-addresses = []")?;
            }
        }
        f.write_char('\n')
    }
}
