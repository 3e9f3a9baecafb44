//! A host that runs is adopted: the addresses and routes of its NICs move to a new group, and back if nobody confirms.
//!
//! What is decided and what is done are apart. [`plan`] makes a plan of what the host holds and what is asked, or says all
//! that is in the way; it touches nothing. The [driver](crate::driver) carries it out.
//!
//! **The way back** ([`way_back`]) is a file beside the configuration, written before anything is moved: what the NICs held,
//! and which text is the configuration's. While it is there the host is to be brought back to that state: when the time to
//! confirm is over, when the gateway does not answer, when a daemon starts and finds it, when somebody takes the group down.
//! Bringing the host back ([`undo`]) looks at what there is and puts what is missing, so it may begin at any moment of the
//! adoption, or of an undoing that was killed. To confirm is to remove the file: one system call, before which the host is
//! to be the old one, and after which it is the new one. A release is the same way, walked at once.
//!
//! No connection is lost because at every moment the host has each address, and a route to each destination, by an interface
//! that works: what moves is put at its new place before it is taken from the old one.

pub mod document;
pub mod files;
pub mod local;
pub mod plan;
pub mod request;
pub mod undo;
pub mod way_back;
