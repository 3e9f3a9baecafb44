//! The views of `stat`: what a line of each is, as a table and as JSON.

use std::net::IpAddr;

use ipmp_ctl::control::protocol::Status;
use serde::Serialize;

pub(super) use self::{addresses::Addresses, groups::Groups, interfaces::Interfaces, targets::Targets};
use super::{names::Names, table::Field};

mod addresses;
mod groups;
mod interfaces;
pub(super) mod probes;
mod targets;
#[cfg(test)]
mod tests;

/// A view.
pub(super) trait View {
    /// The key of the lines in the JSON object.
    const KEY: &'static str;

    /// A line. Serialised it is the object of `--json`, with `null` where the table has nothing.
    type Line<'a>: Serialize;

    /// Its fields: ipmpstat's in their order, then ours.
    fn fields<'a>() -> Vec<Field<Self::Line<'a>>>;

    /// All lines, in the order of `status`; what `names` knows is shown by its name in a table.
    fn lines<'a>(status: &'a Status, names: &'a Names) -> Vec<Self::Line<'a>>;

    /// The addresses that it shows.
    fn addresses(_status: &Status) -> Vec<IpAddr> {
        Vec::new()
    }
}

/// The name of a group; `None` for the interfaces without one.
fn named(group: &str) -> Option<&str> {
    (!group.is_empty()).then_some(group)
}

/// `0.42ms`.
fn milliseconds(micros: u64) -> String {
    format!("{:.2}ms", micros as f64 / 1e3)
}
