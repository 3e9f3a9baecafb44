//! What the frames say.

/// What every frame begins with.
const MAGIC: [u8; 8] = *b"IPMPlink";

/// Who speaks, in which check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Of this check alone.
    pub(super) nonce: u64,
    /// The group.
    pub(super) group: &'a str,
    /// The member.
    pub(super) member: &'a str,
}

impl<'a> Frame<'a> {
    /// As sent: magic, nonce, and both names with their lengths before them.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &self.nonce.to_be_bytes()].concat();
        for name in [self.group, self.member] {
            // Names of interfaces have 15 characters at most.
            bytes.push(name.len() as u8);
            bytes.extend(name.as_bytes());
        }
        bytes
    }

    /// What a payload says; `None` if it is none of ours.
    pub(super) fn of(payload: &'a [u8]) -> Option<Self> {
        let rest = payload.strip_prefix(&MAGIC)?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (group, rest) = name(rest)?;
        let (member, _) = name(rest)?;
        Some(Self { nonce: u64::from_be_bytes(*nonce), group, member })
    }
}

fn name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(length.into())?;
    Some((std::str::from_utf8(name).ok()?, rest))
}

#[cfg(test)]
mod tests;
