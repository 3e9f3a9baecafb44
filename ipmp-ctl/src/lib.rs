//! The controller of IPMP for Linux: a daemon that decides what the packet path of each group does, and the commands that
//! ask it.
//!
//! ```text
//!   kernel (edge)              driver (the loop)              engine (pure)
//!   netlink, carrier poll ──>  Event ──────────────────────>  members, group state, plan
//!                              Action <─────────────────────  one assignment, announcements, notices
//!   announcer, group link <──  carry out ──> dataplane: diff, maps, programs, pins
//! ```
//!
//! A tour, from the outside in:
//!
//! * [`daemon`] goes from the command line to the loop; [`config`] is the file, validated whole.
//! * [`driver`] is the loop and all that happens at run time; it has no policy. [`control`] is its socket.
//! * [`engine`] is the policy: no socket, no clock, no thread. Events and the time go in, actions come out.
//! * [`dataplane`] holds the packet path: how an [assignment](engine::assignment::Assignment) gets into the maps, how
//!   programs get to their places, what survives the daemon.
//! * [`metrics`] shows the same status to Prometheus.
//! * [`kernel`] is the edge: links, addresses, settings, sysfs, packets of our own.
//! * [`link_check`] proves that the members of a group share one link.
//! * [`cut`] tells whom a group that goes down would cut off.
//! * [`adopt`] moves a running host into a group and back.
//! * [`down`] takes away what a daemon left; [`state_file`] tells it where, and the next daemon what was known.
//! * [`journal`] is what happened, and [`hook_program`] tells a program of the operator's about it; [`scribe`] writes both files beside the loop. [`service`] talks to the service manager.

pub mod adopt;
pub mod config;
pub mod control;
pub mod cut;
pub mod daemon;
pub mod dataplane;
pub mod down;
pub mod driver;
pub mod engine;
pub mod hook_program;
pub mod journal;
pub mod kernel;
pub mod link_check;
pub mod metrics;
pub mod persist;
pub mod scribe;
pub mod service;
pub mod state_file;
