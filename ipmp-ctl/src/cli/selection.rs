//! Which fields `-o` selects.

use anyhow::bail;
use clap::error::ErrorKind;

use super::{table::Field, usage};

#[cfg(test)]
mod tests;

/// The fields to show.
pub(super) struct Selection<'a, R> {
    /// In the order to show them.
    pub(super) fields: Vec<&'a Field<R>>,
    /// Names that are no field of the view.
    pub(super) ignored: Vec<String>,
}

/// Selects `wanted` among `fields`: by name in any case, or `all`; those of ipmpstat if nothing is wanted. A program,
/// which relies on their order (`parsable`), must name known ones, and not `all`, which grows with versions.
pub(super) fn select<'a, R>(
    fields: &'a [Field<R>],
    wanted: &[String],
    parsable: bool,
) -> anyhow::Result<Selection<'a, R>> {
    if wanted.is_empty() {
        return Ok(Selection {
            fields: fields.iter().filter(|field| field.by_default).collect(),
            ignored: Vec::new(),
        });
    }
    let mut selection = Selection { fields: Vec::new(), ignored: Vec::new() };
    for name in wanted {
        if name.eq_ignore_ascii_case("all") {
            if parsable {
                let text = "the output fields must be named in parsable mode: `all` is not possible";
                return Err(usage("stat", ErrorKind::InvalidValue, text).into());
            }
            selection.fields.extend(fields);
        } else if let Some(field) = fields.iter().find(|field| name.eq_ignore_ascii_case(field.name)) {
            selection.fields.push(field);
        } else if parsable {
            return Err(
                usage("stat", ErrorKind::InvalidValue, format!("unknown output field '{name}'")).into()
            );
        } else {
            selection.ignored.push(name.clone());
        }
    }
    if selection.fields.is_empty() {
        let known = fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
        bail!("no valid output fields: choose among {known}");
    }
    Ok(selection)
}
