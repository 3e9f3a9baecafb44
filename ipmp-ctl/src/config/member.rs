//! `[group.NAME.member.INTERFACE]`.

use super::{
    Member, address::DataAddresses, findings::Findings, name::check_interface, section::Section, test_address,
};

/// `priority` where nothing is said.
const PRIORITY: u8 = 100;

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
            .integer("priority", 0..=255, " (higher comes first)", findings)
            .map_or(PRIORITY, |priority| priority.value),
    }
}

fn weight(section: &Section<'_>, findings: &mut Findings) -> Option<u32> {
    let remedy = " (to carry nothing while others work: standby = true)";
    section.integer("weight", 1..=1000, remedy, findings).map(|weight| weight.value)
}
