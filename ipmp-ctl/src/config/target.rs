//! Targets that the operator names.

use std::{collections::BTreeMap, net::IpAddr};

use thiserror::Error;

use super::{
    Member, TestAddresses,
    address::{DataAddresses, Unfit, unfit},
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

/// Warns of targets that no member can probe, and of test addresses that have nobody to probe.
pub(super) fn warn_out_of_reach(
    section: &Section<'_>,
    targets: &[At<IpAddr>],
    data: &DataAddresses,
    members: &[Member],
    findings: &mut Findings,
) {
    let tests = || members.iter().flat_map(|member| member.test_addresses.v4());
    let probes_v6 = members.iter().any(|member| member.test_addresses != TestAddresses::None)
        && (!data.complete || data.fit.iter().any(|data| data.net.addr().is_ipv6()));
    for &At { value, line } in targets {
        let what = match value {
            IpAddr::V4(target) if !tests().any(|test| test.net.contains(&target)) => format!(
                "target {target} is in the subnet of no test address: no member can probe it; give the members \
                 test addresses in its subnet"
            ),
            IpAddr::V6(target) if !probes_v6 => format!(
                "no member can probe target {target}: that takes an IPv6 data address of the group, and a member \
                 without `test-addresses = []`"
            ),
            _ => continue,
        };
        findings.warn(line, &section.subject, what);
    }
    let v4 = || {
        targets.iter().filter_map(|target| if let IpAddr::V4(v4) = target.value { Some(v4) } else { None })
    };
    if v4().next().is_none() {
        return;
    }
    for test in tests().filter(|test| !v4().any(|target| test.net.contains(&target))) {
        let (address, subnet) = (test.net.addr(), test.net.trunc());
        let what = format!(
            "test address {address} has nobody to probe: none of `targets` is in its subnet {subnet}; name one that is, \
             or give another test address"
        );
        findings.warn(test.line, &section.subject, what);
    }
}
