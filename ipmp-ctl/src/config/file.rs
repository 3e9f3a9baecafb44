//! The top level of the file.

use std::{net::SocketAddr, path::Path};

use toml::de::DeTable;

use super::{
    Config, MetricsListener, OnEvent, across,
    findings::{At, Findings},
    group::{self, Inherited},
    keys::Scope,
    section::Section,
    subject::Subject,
};

/// Reads a whole document. The result counts only if there are no problems among the findings.
pub(super) fn read(document: &DeTable<'_>, file: &Path, findings: &mut Findings) -> Config {
    let section = Section::new(Scope::File, Subject::File, 1, document, findings);
    let inherited = Inherited::default().overridden_by(&section, findings);
    let drafts: Vec<_> = section
        .tables("group", findings)
        .into_iter()
        .map(|(name, table)| {
            let subject = Subject::Group(name.to_owned());
            let group = Section::new(Scope::Group, subject, table.line, table.value, findings);
            group::read(name, &group, inherited, findings)
        })
        .collect();
    if drafts.is_empty() {
        findings.warn(1, &Subject::File, "no groups, so there is nothing to do; add [group.NAME]");
    }
    across::check(&drafts, findings);
    Config {
        file: file.to_owned(),
        groups: drafts.into_iter().map(|draft| draft.group).collect(),
        track_interfaces_only_with_groups: section
            .boolean("track-interfaces-only-with-groups", findings)
            .unwrap_or(true),
        metrics: metrics(&section, findings),
        on_event: on_event(&section, findings),
    }
}

fn metrics(section: &Section<'_>, findings: &mut Findings) -> Option<MetricsListener> {
    let At { value: text, line } = section.string("metrics", "127.0.0.1:9477", findings)?;
    if text.starts_with('/') && !text.contains('\0') {
        return Some(MetricsListener::Unix(text.into()));
    }
    let address = text.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        let what = "is neither ADDRESS:PORT nor an absolute path; write as in \"127.0.0.1:9477\", \"[::1]:9477\" or \"/run/ipmp/metrics.sock\"";
        section.error(line, format!("`metrics` {text:?} {what}"), findings);
    }
    address.map(MetricsListener::Tcp)
}

fn on_event(section: &Section<'_>, findings: &mut Findings) -> Option<OnEvent> {
    let At { value: text, line } = section.string("on-event", "/usr/local/sbin/ipmp-event", findings)?;
    let program = Path::new(text);
    if !program.is_absolute() || text.contains('\0') {
        let what = "is not an absolute path; write as in \"/usr/local/sbin/ipmp-event\"";
        section.error(line, format!("`on-event` {text:?} {what}"), findings);
        return None;
    }
    Some(OnEvent { program: program.to_owned(), line })
}
