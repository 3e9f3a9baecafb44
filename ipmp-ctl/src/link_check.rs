//! The same-link check: every member of a group broadcasts a frame, and all others must hear it.
//!
//! It needs no daemon and does not disturb one. Frames carry a random number, so that checks of several hosts at once do not
//! take each other's for their own.

mod frame;
mod verdict;

use std::{
    io,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use self::frame::Frame;
pub use self::verdict::{Finding, Heard, Severity, judge};
use crate::{
    config::{Config, Group},
    kernel::{ethtool, ifreq, link_socket::LinkSocket, random::Random},
};

/// Frames that each member sends at most: one may be lost.
const TRIES: u32 = 3;

/// Time for one of them.
const TRY: Duration = Duration::from_millis(300);

/// What comes back to its sender comes later than what others hear.
const RETURN: Duration = Duration::from_millis(50);

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkCheckError {
    /// Not root.
    #[error("the same-link check needs CAP_NET_RAW: run it as root")]
    Privilege,
    /// The kernel gave no random number.
    #[error("asking the kernel for a random number: {0}")]
    Random(io::Error),
    /// Sockets could not be waited for.
    #[error("waiting for frames: {0}")]
    Wait(io::Error),
}

/// A member that can be checked.
struct Speaker<'a> {
    name: &'a str,
    socket: LinkSocket,
}

/// Checks all groups of a configuration in this network namespace, one after the other.
///
/// # Errors
/// It cannot be done at all. What is found, members that cannot be checked included, is no error here.
pub fn check(config: &Config) -> Result<Vec<Finding>, LinkCheckError> {
    let mut random = Random::new();
    let mut findings = Vec::new();
    for group in &config.groups {
        let nonce = random.number().map_err(LinkCheckError::Random)?;
        findings.extend(check_group(group, nonce)?);
    }
    Ok(findings)
}

fn check_group(group: &Group, nonce: u64) -> Result<Vec<Finding>, LinkCheckError> {
    let (mut speakers, mut mute) = (Vec::new(), Vec::new());
    for member in &group.members {
        match open(&member.name)? {
            Ok(socket) => speakers.push(Speaker { name: &member.name, socket }),
            Err(why) => mute.push((member.name.as_str(), why)),
        }
    }
    let heard = listen(group, nonce, &speakers)?;
    let names: Vec<_> = speakers.iter().map(|speaker| speaker.name).collect();
    Ok(judge(&group.name, &names, &heard, &mute))
}

/// The socket of a member, or why it can say nothing.
fn open(name: &str) -> Result<Result<LinkSocket, String>, LinkCheckError> {
    let mute = |why: &str| Ok(Err(why.to_owned()));
    match ifreq::admin_up(name) {
        Err(_) => return mute("it is absent"),
        Ok(false) => return mute("it is administratively down"),
        Ok(true) => {}
    }
    if matches!(ethtool::glink(name), Ok(false)) {
        return mute("it has no carrier");
    }
    match LinkSocket::open(name) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Err(LinkCheckError::Privilege),
        other => Ok(other.map_err(|error| error.to_string())),
    }
}

/// Lets every member speak, until all have heard all, or the tries are used up.
fn listen(group: &Group, nonce: u64, speakers: &[Speaker<'_>]) -> Result<Heard, LinkCheckError> {
    let mut heard = Heard::new(speakers.len());
    for _ in 0..TRIES {
        for speaker in speakers {
            let frame = Frame { nonce, group: &group.name, member: speaker.name };
            // One that goes down now is not heard, and that is said.
            drop(speaker.socket.broadcast(&frame.to_bytes()));
        }
        let end = Instant::now() + TRY;
        let mut until = end;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            wait(speakers, left)?;
            for (listener, speaker) in speakers.iter().enumerate() {
                // As many as there can be of ours; a flood of others must not keep us here.
                for _ in 0..2 * speakers.len() {
                    let Ok(Some(payload)) = speaker.socket.receive() else { break };
                    let from = Frame::of(&payload)
                        .filter(|frame| (frame.nonce, frame.group) == (nonce, &group.name));
                    let from = from.and_then(|frame| speakers.iter().position(|it| it.name == frame.member));
                    if let Some(from) = from {
                        heard.note(listener, from);
                    }
                }
            }
            if until == end && heard.all() {
                until = end.min(Instant::now() + RETURN);
            }
        }
        if heard.all() {
            break;
        }
    }
    Ok(heard)
}

fn wait(speakers: &[Speaker<'_>], left: Duration) -> Result<(), LinkCheckError> {
    let mut fds: Vec<_> =
        speakers.iter().map(|speaker| PollFd::new(&speaker.socket, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(LinkCheckError::Wait(error.into())),
    }
}
