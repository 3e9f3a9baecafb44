//! IPv6 extension headers.

use super::{Around, next_protocol};

/// An IPv6 extension header other than the fragment header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its protocol number: 0 hop-by-hop, 43 routing, 51 authentication, 60 destination options, 135 mobility, ...
    pub kind: u8,
    /// Everything behind the length byte.
    pub body: Vec<u8>,
    /// Protocol number of what follows.
    pub next_header: Option<u32>,
    /// The length byte.
    pub length: Option<u32>,
}

/// An extension header of `kind` whose `body` is padded with zeros to the next possible length.
pub fn extension(kind: u8, body: &[u8]) -> Extension {
    let unit = if kind == AUTHENTICATION { 4 } else { 8 };
    let minimum = if kind == AUTHENTICATION { 12 } else { 8 };
    let mut body = body.to_vec();
    body.resize((body.len() + 2).next_multiple_of(unit).max(minimum) - 2, 0);
    Extension { kind, body, next_header: None, length: None }
}

const AUTHENTICATION: u8 = 51;

/// A hop-by-hop header that holds one `PadN`.
pub fn hop_by_hop() -> Extension {
    extension(0, &[1, 4, 0, 0, 0, 0])
}

/// A routing header of type 2 with no segments left.
pub fn routing() -> Extension {
    extension(43, &[2, 0, 0, 0, 0, 0])
}

/// A destination options header that holds one `PadN` of `length` bytes.
pub fn destination_options(length: u8) -> Extension {
    let mut body = vec![0; usize::from(length) + 2];
    (body[0], body[1]) = (1, length);
    extension(60, &body)
}

/// An authentication header, whose length counts in units of four bytes.
pub fn authentication() -> Extension {
    extension(AUTHENTICATION, &[0; 22])
}

impl Extension {
    /// With this next header number, whatever is inside.
    #[must_use]
    pub fn next_header(mut self, protocol: u8) -> Self {
        self.next_header = Some(protocol.into());
        self
    }

    /// With this length byte, right or wrong.
    #[must_use]
    pub fn length(mut self, length: u8) -> Self {
        self.length = Some(length.into());
        self
    }

    /// Bytes of a header of `kind` with this length byte.
    pub(super) fn size(kind: u8, length: u8) -> usize {
        if kind == AUTHENTICATION { (usize::from(length) + 2) * 4 } else { (usize::from(length) + 1) * 8 }
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let size = self.body.len() + 2;
        let computed = if self.kind == AUTHENTICATION { size / 4 - 2 } else { size / 8 - 1 };
        let mut bytes =
            vec![next_protocol(self.next_header, around), self.length.unwrap_or(computed as u32) as u8];
        bytes.extend(&self.body);
        bytes
    }
}

/// An IPv6 fragment header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Identification.
    pub id: u32,
    /// Fragment offset in units of 8 bytes.
    pub offset: u16,
    /// The three bits behind the offset: 1 more fragments follow.
    pub flags: u8,
    /// Protocol number of what follows.
    pub next_header: Option<u32>,
}

/// A fragment header of the packet `id`: `offset` in units of 8 bytes, and whether more follow.
pub fn fragment(id: u32, offset: u16, more: bool) -> Fragment {
    Fragment { id, offset, flags: u8::from(more), next_header: None }
}

impl Fragment {
    /// With this next header number, whatever is inside: every fragment names the protocol of the first.
    #[must_use]
    pub fn next_header(mut self, protocol: u8) -> Self {
        self.next_header = Some(protocol.into());
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = vec![next_protocol(self.next_header, around), 0];
        bytes.extend((self.offset << 3 | u16::from(self.flags & 7)).to_be_bytes());
        bytes.extend(self.id.to_be_bytes());
        bytes
    }
}
