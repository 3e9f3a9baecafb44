//! The program at a member's driver (XDP): attached by a pinned link, and what is said where it cannot be.
//!
//! Drivers may reset the interface when a program is put there, so it is never done unless asked for by name, and a new
//! daemon puts its program into the link of the old one, which resets nothing.

use std::path::Path;

use aya::{
    Ebpf,
    programs::{
        ProgramError,
        links::{FdLink, PinnedLink},
        xdp::{XdpError, XdpLink, XdpMode},
    },
};

use super::{HookError, index_of, usable_pin};
use crate::{
    config::ProbeHook,
    dataplane::object::{self, Program},
    kernel::{
        ethtool, ifreq,
        xdp_holder::{Holder, holder},
    },
};

/// Largest MTU that a driver without support for frames in several buffers is likely to take.
const USUAL_MTU: u32 = 1500;

/// Where in the interface the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// In the driver.
    Native,
    /// In the stack, for every driver: slower than no program.
    Generic,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Native, Self::Generic];

    /// What the configuration asks for; `None` for the TC hook alone.
    pub const fn of(hook: ProbeHook) -> Option<Self> {
        match hook {
            ProbeHook::Auto | ProbeHook::Tc => None,
            ProbeHook::Xdp => Some(Self::Native),
            ProbeHook::XdpGeneric => Some(Self::Generic),
        }
    }

    /// As in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "xdp",
            Self::Generic => "xdp-generic",
        }
    }

    /// Which program is for it.
    pub const fn program(self) -> Program {
        match self {
            Self::Native => Program::MemberProbe,
            Self::Generic => Program::MemberGeneric,
        }
    }

    const fn flags(self) -> XdpMode {
        match self {
            Self::Native => XdpMode::Driver,
            Self::Generic => XdpMode::Skb,
        }
    }
}

/// Why an interface takes no XDP program.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Somebody else's is there.
    #[error(
        "program {} ({}) is at its XDP hook already; detach that one, or set probe-hook to auto or tc",
        holder.id,
        if holder.name.is_empty() { "without name" } else { &holder.name }
    )]
    Held {
        /// The program.
        holder: Holder,
    },
    /// Large receive offload is on.
    #[error("{driver}; large receive offload is on, switch it off with `ethtool -K {interface} lro off`")]
    LargeReceive {
        /// The interface.
        interface: String,
        /// What the kernel says.
        driver: std::io::Error,
    },
    /// The MTU is above what the driver can do.
    #[error(
        "{driver}; its MTU is {mtu}, and many drivers refuse XDP above {USUAL_MTU}: lower it, or set probe-hook to auto or tc"
    )]
    Mtu {
        /// The MTU.
        mtu: u32,
        /// What the kernel says.
        driver: std::io::Error,
    },
    /// The driver has no XDP, or none in this state of the interface.
    #[error(
        "{driver}; its driver does not take an XDP program: set probe-hook to auto or tc, or to xdp-generic"
    )]
    Driver {
        /// What the kernel says.
        driver: std::io::Error,
    },
}

/// Puts the program of the loaded `object` at the driver of `interface`, taking over what is pinned at `pin`.
pub(super) fn attach(
    object: &mut Ebpf,
    interface: &str,
    pin: &Path,
    mode: Mode,
) -> Result<PinnedLink, HookError> {
    let program = object::xdp(object, mode.program())?;
    let attach_error = |source| HookError::Attach { interface: interface.to_owned(), source };
    let adopt_error =
        |source| HookError::Adopt { interface: interface.to_owned(), path: pin.to_owned(), source };
    if usable_pin(interface, pin)? {
        let old = PinnedLink::from_pin(pin).map_err(adopt_error)?;
        let link: XdpLink = FdLink::from(old).try_into().map_err(adopt_error)?;
        let id = program.attach_to_link(link).map_err(attach_error)?;
        let held = program.take_link(id).map_err(attach_error)?;
        return PinnedLink::from_pin(pin).inspect(|_| drop(held)).map_err(adopt_error);
    }
    let id = program.attach(interface, mode.flags()).map_err(|source| refused(interface, mode, source))?;
    // aya attaches without a link where the kernel refuses one: dropping that detaches it.
    let link = FdLink::try_from(program.take_link(id).map_err(attach_error)?).map_err(adopt_error)?;
    link.pin(pin).map_err(|source| HookError::Pin {
        interface: interface.to_owned(),
        path: pin.to_owned(),
        source,
    })
}

/// What the kernel's refusal means.
fn refused(interface: &str, mode: Mode, source: ProgramError) -> HookError {
    let Some(errno) = errno(&source) else {
        return HookError::Attach { interface: interface.to_owned(), source };
    };
    HookError::Refused {
        interface: interface.to_owned(),
        mode: mode.as_str(),
        source: Box::new(reason(interface, errno)),
    }
}

fn reason(interface: &str, errno: i32) -> Refusal {
    let driver = std::io::Error::from_raw_os_error(errno);
    // A program in the other mode is in the way too.
    if matches!(errno, libc::EBUSY | libc::EEXIST)
        && let Some(holder) = index_of(interface).and_then(|index| holder(index).ok().flatten())
    {
        return Refusal::Held { holder };
    }
    if ethtool::large_receive_offload(interface).unwrap_or(false) {
        return Refusal::LargeReceive { interface: interface.to_owned(), driver };
    }
    match ifreq::mtu(interface) {
        Ok(mtu) if mtu > USUAL_MTU => Refusal::Mtu { mtu, driver },
        _ => Refusal::Driver { driver },
    }
}

fn errno(error: &ProgramError) -> Option<i32> {
    match error {
        ProgramError::SyscallError(error) => error.io_error.raw_os_error(),
        ProgramError::XdpError(XdpError::NetlinkError(error)) => error.raw_os_error(),
        _ => None,
    }
}
