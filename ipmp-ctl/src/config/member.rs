//! `[group.NAME.member.INTERFACE]`.

use super::{
    Member, address::DataAddresses, findings::Findings, name::check_interface, section::Section, test_address,
};

/// Reads the table of the member `name`.
pub(super) fn read(
    name: &str,
    section: &Section<'_>,
    data: &DataAddresses,
    findings: &mut Findings,
) -> Member {
    if let Err(error) = check_interface(name) {
        section.error(section.line, error, findings);
    }
    Member {
        name: name.to_owned(),
        line: section.line,
        test_addresses: test_address::read(section, data, findings),
        weight: weight(section, findings),
        standby: section.boolean("standby", findings).unwrap_or(false),
        priority: section
            .integer("priority", i32::MIN.into()..=i32::MAX.into(), "", findings)
            .and_then(|priority| priority.value.try_into().ok()),
    }
}

fn weight(section: &Section<'_>, findings: &mut Findings) -> Option<u32> {
    let remedy = "; a member that is to carry nothing while others work has standby = true";
    section.integer("weight", 1..=1000, remedy, findings).and_then(|weight| weight.value.try_into().ok())
}
