//! Targets that the operator names.

use std::{collections::BTreeMap, net::IpAddr};

use thiserror::Error;

use super::{
    Member,
    address::{Unfit, unfit},
    findings::{At, Findings},
    section::Section,
};

/// What is wrong with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TargetError {
    /// Not an address.
    #[error("is not an address; write the address of one system, without prefix length, as in \"192.0.2.1\"")]
    Malformed,
    /// Not the address of a host.
    #[error("{0}; give the address of one system on the link")]
    Unfit(Unfit),
    /// Out of reach of the link-local test addresses.
    #[error(
        "is not link-local; give the fe80:: address of that system: IPv6 probes use link-local addresses only"
    )]
    NotLinkLocal,
}

/// The target that `text` stands for.
pub(super) fn parse(text: &str) -> Result<IpAddr, TargetError> {
    let address: IpAddr = text.parse().map_err(|_| TargetError::Malformed)?;
    if let Some(unfit) = unfit(address) {
        return Err(TargetError::Unfit(unfit));
    }
    match address {
        IpAddr::V6(v6) if !v6.is_unicast_link_local() => Err(TargetError::NotLinkLocal),
        _ => Ok(address),
    }
}

/// Reads `targets` of a group.
pub(super) fn read(section: &Section<'_>, findings: &mut Findings) -> Vec<At<IpAddr>> {
    let mut targets = Vec::new();
    let mut first = BTreeMap::new();
    for At { value: text, line } in section.strings("targets", "192.0.2.1", findings).unwrap_or_default() {
        match parse(text) {
            Err(error) => section.error(line, format!("target {text:?} {error}"), findings),
            Ok(value) => {
                if let Some(earlier) = first.insert(value, line) {
                    let what = format!("target {value} given twice, first on line {earlier}; remove one");
                    section.error(line, what, findings);
                } else {
                    targets.push(At { value, line });
                }
            }
        }
    }
    targets
}

/// Warns of targets that no member can probe.
pub(super) fn warn_out_of_reach(
    section: &Section<'_>,
    targets: &[At<IpAddr>],
    members: &[Member],
    findings: &mut Findings,
) {
    let prefixes = || members.iter().flat_map(|member| member.test_addresses.v4()).map(|test| test.net);
    for &At { value, line } in targets {
        let IpAddr::V4(target) = value else { continue };
        if !prefixes().any(|prefix| prefix.contains(&target)) {
            let what = format!(
                "target {target} is in the subnet of no test address: no member can probe it; give the members \
                 test addresses in its subnet"
            );
            findings.warn(line, &section.subject, what);
        }
    }
}
