//! The interface identifier of addresses that are formed of router advertisements.

use std::net::Ipv6Addr;

use thiserror::Error;

use super::{
    findings::{At, Findings},
    section::Section,
};

/// Its lower half counts: an interface identifier has 64 bits (RFC 4291).
const IDENTIFIER: u128 = (1 << 64) - 1;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TokenError {
    /// Not an IPv6 address.
    #[error("is not an IPv6 address; write the lower half of one, as in \"::10\" or \"::5054:ff:fe12:3456\"")]
    Malformed,
    /// Its upper half is not zero.
    #[error("has more than the lower half of an address; leave out the prefix, which routers give: \"{0}\"")]
    Prefixed(Ipv6Addr),
    /// Nothing is left of it.
    #[error("is no identifier: give a number after ::, as in \"::10\"")]
    Zero,
}

/// The token that `text` stands for.
pub(super) fn parse(text: &str) -> Result<Ipv6Addr, TokenError> {
    let given: Ipv6Addr = text.parse().map_err(|_| TokenError::Malformed)?;
    let identifier = Ipv6Addr::from_bits(given.to_bits() & IDENTIFIER);
    if identifier.is_unspecified() {
        Err(TokenError::Zero)
    } else if identifier != given {
        Err(TokenError::Prefixed(identifier))
    } else {
        Ok(given)
    }
}

/// Reads `ipv6-token` of a group.
pub(super) fn read(section: &Section<'_>, findings: &mut Findings) -> Option<Ipv6Addr> {
    let At { value: text, line } = section.string("ipv6-token", "::10", findings)?;
    parse(text).map_err(|error| section.error(line, format!("`ipv6-token` {text:?} {error}"), findings)).ok()
}
