//! `stat -a`.

use std::net::IpAddr;

use ipmp_ctl::control::protocol::{AddressStatus, GroupStatus, Status};
use serde::Serialize;

use super::View;
use crate::cli::{names::Names, table::Field};

/// Data addresses.
pub(in crate::cli) struct Addresses;

impl View for Addresses {
    const KEY: &'static str = "addresses";

    type Line<'a> = AddressLine<'a>;

    fn fields<'a>() -> Vec<Field<AddressLine<'a>>> {
        vec![
            Field::new("ADDRESS", 26, |line: &AddressLine<'_>| line.names.of(line.address)),
            Field::new("STATE", 7, |line| line.state.to_owned()),
            Field::new("GROUP", 12, |line| line.group.to_owned()),
            Field::new("INBOUND", 12, |line| line.inbound.unwrap_or_default().to_owned()),
            Field::new("OUTBOUND", 23, |line| line.outbound.join(" ")),
        ]
    }

    fn lines<'a>(status: &'a Status, names: &'a Names) -> Vec<AddressLine<'a>> {
        let of_group = |group: &'a GroupStatus| {
            group.addresses.iter().map(|address| AddressLine::new(group, address, names))
        };
        status.groups.iter().flat_map(of_group).collect()
    }

    fn addresses(status: &Status) -> Vec<IpAddr> {
        status.groups.iter().flat_map(|group| &group.addresses).map(|address| address.address).collect()
    }
}

/// A data address.
#[derive(Serialize)]
pub(in crate::cli) struct AddressLine<'a> {
    address: IpAddr,
    state: &'a str,
    group: &'a str,
    inbound: Option<&'a str>,
    outbound: &'a [String],
    #[serde(skip)]
    names: &'a Names,
}

impl<'a> AddressLine<'a> {
    fn new(group: &'a GroupStatus, address: &'a AddressStatus, names: &'a Names) -> Self {
        Self {
            address: address.address,
            state: &address.state,
            group: &group.group,
            inbound: address.inbound.as_deref(),
            outbound: &address.outbound,
            names,
        }
    }
}
