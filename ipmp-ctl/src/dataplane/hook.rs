//! A program at its place: attached by a TCX link where the kernel has them (6.6), by a clsact filter elsewhere; or at a
//! driver ([`xdp`]).
//!
//! A TCX link is pinned, so it outlives the daemon, and a new daemon replaces the program in it in one step. A filter
//! outlives the daemon by itself and is found again by its priority and handle.

use std::{
    ffi::{CStr, CString},
    path::{Path, PathBuf},
};

use aya::{
    Ebpf,
    programs::{
        LinkOrder, ProgramError, SchedClassifier, TcAttachType,
        links::{FdLink, LinkError, PinnedLink},
        tc::{NlOptions, SchedClassifierLink, TcAttachOptions, TcError, TcHandle, qdisc_add_clsact},
    },
};

use super::{
    link_info,
    object::{LoadError, Program, classifier},
};

pub mod xdp;

/// How programs are attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AttachBy {
    /// TCX links, or clsact filters where the kernel has no TCX.
    Auto,
    /// TCX links.
    Tcx,
    /// clsact filters.
    Clsact,
}

/// A place for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Egress of the group interface, after all others.
    GroupEgress,
    /// Ingress of the group interface's peer, before all others.
    PeerIngress,
    /// Ingress of the member in this slot, before all others.
    MemberIngress(u16),
    /// The driver of the member in this slot.
    MemberDriver(u16, xdp::Mode),
}

impl Place {
    /// Name of the pinned link.
    pub fn pin_name(self) -> String {
        match self {
            Self::GroupEgress => "link-egress".to_owned(),
            Self::PeerIngress => "link-peer".to_owned(),
            Self::MemberIngress(slot) => format!("link-slot-{slot}"),
            // A link cannot change its mode.
            Self::MemberDriver(slot, mode) => format!("{}-slot-{slot}", mode.as_str()),
        }
    }

    /// Which program belongs there.
    pub const fn program(self) -> Program {
        match self {
            Self::GroupEgress | Self::PeerIngress => Program::GroupEgress,
            Self::MemberIngress(_) => Program::MemberIngress,
            Self::MemberDriver(_, mode) => mode.program(),
        }
    }

    /// The slot of a member's program.
    pub const fn slot(self) -> Option<u16> {
        match self {
            Self::GroupEgress | Self::PeerIngress => None,
            Self::MemberIngress(slot) | Self::MemberDriver(slot, _) => Some(slot),
        }
    }

    const fn direction(self) -> TcAttachType {
        match self {
            Self::GroupEgress => TcAttachType::Egress,
            Self::PeerIngress | Self::MemberIngress(_) | Self::MemberDriver(..) => TcAttachType::Ingress,
        }
    }

    fn order(self) -> LinkOrder {
        match self {
            Self::GroupEgress => LinkOrder::last(),
            Self::PeerIngress | Self::MemberIngress(_) | Self::MemberDriver(..) => LinkOrder::first(),
        }
    }

    /// Priority of the filter: 1 is first, and few filters come after `0xffff`.
    const fn priority(self) -> u16 {
        match self {
            Self::GroupEgress => 0xffff,
            Self::PeerIngress | Self::MemberIngress(_) | Self::MemberDriver(..) => 1,
        }
    }
}

/// Handle of our filters at their priority.
const HANDLE: TcHandle = TcHandle::new(0, 0x1b);

/// Why a program could not be attached or detached.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It could not be attached.
    #[error("{interface}: attaching the packet path: {source}")]
    Attach {
        /// The interface.
        interface: String,
        /// What aya says.
        source: ProgramError,
    },
    /// The interface takes no XDP program.
    #[error("{interface}: probe-hook {mode}: {source}")]
    Refused {
        /// The interface.
        interface: String,
        /// What the configuration asks for.
        mode: &'static str,
        /// Why.
        source: Box<xdp::Refusal>,
    },
    /// The link could not be pinned: the path would end with the daemon.
    #[error("{interface}: pinning the packet path at {}: {source}", path.display())]
    Pin {
        /// The interface.
        interface: String,
        /// Where.
        path: PathBuf,
        /// What aya says.
        source: aya::pin::PinError,
    },
    /// The old link could not be taken over.
    #[error("{interface}: taking over the packet path pinned at {}: {source}", path.display())]
    Adopt {
        /// The interface.
        interface: String,
        /// Where.
        path: PathBuf,
        /// What aya says.
        source: LinkError,
    },
    /// The pin of a link could not be removed.
    #[error("{interface}: removing the packet path pinned at {}: {source}", path.display())]
    Unpin {
        /// The interface.
        interface: String,
        /// Where.
        path: PathBuf,
        /// What the kernel says.
        source: std::io::Error,
    },
}

/// A program at its place.
#[derive(Debug)]
pub struct Hook {
    interface: String,
    place: Place,
    pin: PathBuf,
    attachment: Attachment,
}

#[derive(Debug)]
enum Attachment {
    Tcx(PinnedLink),
    Filter,
    Driver(PinnedLink, xdp::Mode),
}

impl Hook {
    /// Attaches the loaded `object` to `interface`, taking over what an earlier daemon left at the same place.
    pub fn attach(
        object: &mut Ebpf,
        place: Place,
        interface: &str,
        pin: &Path,
        by: AttachBy,
    ) -> Result<Self, HookError> {
        if let Place::MemberDriver(_, mode) = place {
            let attachment = Attachment::Driver(xdp::attach(object, interface, pin, mode)?, mode);
            return Ok(Self { interface: interface.to_owned(), place, pin: pin.to_owned(), attachment });
        }
        let program = classifier(object, place.program())?;
        let attachment = match by {
            AttachBy::Tcx => attach_tcx(program, place, interface, pin)?,
            AttachBy::Clsact => attach_filter(program, place, interface)?,
            AttachBy::Auto => match attach_tcx(program, place, interface, pin) {
                Err(HookError::Attach { source, .. }) if is_unsupported(&source) => {
                    attach_filter(program, place, interface)?
                }
                other => other?,
            },
        };
        Ok(Self { interface: interface.to_owned(), place, pin: pin.to_owned(), attachment })
    }

    /// How it is attached, in a word.
    pub const fn kind(&self) -> &'static str {
        match self.attachment {
            Attachment::Tcx(_) => "tcx",
            Attachment::Filter => "clsact",
            Attachment::Driver(_, mode) => mode.as_str(),
        }
    }

    /// Where its link is pinned; `None` for a filter, which needs no pin.
    pub fn pin(&self) -> Option<&Path> {
        match &self.attachment {
            Attachment::Tcx(_) | Attachment::Driver(..) => Some(&self.pin),
            Attachment::Filter => None,
        }
    }

    /// Lets go of the program without touching its place, which another program has taken over.
    pub fn abandon(self) {
        if let Attachment::Tcx(link) | Attachment::Driver(link, _) = self.attachment {
            // Dropping the pinned link closes its descriptor; it removes no file.
            drop(FdLink::from(link));
        }
    }

    /// Takes the program away from its place. A link is let go of through its descriptor, which works also when the
    /// interface has moved to another network namespace.
    pub fn detach(self) -> Result<(), HookError> {
        match self.attachment {
            // Dropping what `unpin` gives closes the last descriptor.
            Attachment::Tcx(link) | Attachment::Driver(link, _) => match link.unpin() {
                // Whoever was about to replace it has taken the pin away.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(source) => Err(HookError::Unpin { interface: self.interface, path: self.pin, source }),
                Ok(_) => Ok(()),
            },
            Attachment::Filter => {
                detach_filter(&self.interface, self.place);
                Ok(())
            }
        }
    }
}

/// Takes away the filter at `place`, if there is one: a filter goes with its interface, so none is also fine.
pub fn detach_filter(interface: &str, place: Place) {
    if let Ok(link) =
        SchedClassifierLink::attached(interface, place.direction(), place.priority(), HANDLE, None)
    {
        // Dropping an owned link detaches it; aya ignores that there may be none.
        drop(link);
    }
}

/// Whether the kernel has no TCX.
fn is_unsupported(error: &ProgramError) -> bool {
    matches!(error, ProgramError::SyscallError(error)
        if matches!(error.io_error.raw_os_error(), Some(libc::EINVAL | libc::EOPNOTSUPP)))
}

fn attach_tcx(
    program: &mut SchedClassifier,
    place: Place,
    interface: &str,
    pin: &Path,
) -> Result<Attachment, HookError> {
    if let Some(link) = adopt(program, interface, pin)? {
        return Ok(Attachment::Tcx(link));
    }
    let attach_error = |source| HookError::Attach { interface: interface.to_owned(), source };
    let id = program
        .attach_with_options(interface, place.direction(), TcAttachOptions::TcxOrder(place.order()))
        .map_err(attach_error)?;
    let link = FdLink::try_from(program.take_link(id).map_err(attach_error)?).map_err(|source| {
        HookError::Adopt { interface: interface.to_owned(), path: pin.to_owned(), source }
    })?;
    link.pin(pin).map(Attachment::Tcx).map_err(|source| HookError::Pin {
        interface: interface.to_owned(),
        path: pin.to_owned(),
        source,
    })
}

/// Puts the program into the link pinned at `pin`. `None` if there is none, or its interface is gone: then the pin is
/// removed.
fn adopt(
    program: &mut SchedClassifier,
    interface: &str,
    pin: &Path,
) -> Result<Option<PinnedLink>, HookError> {
    let adopt_error =
        |source| HookError::Adopt { interface: interface.to_owned(), path: pin.to_owned(), source };
    if !usable_pin(interface, pin)? {
        return Ok(None);
    }
    let old = PinnedLink::from_pin(pin).map_err(adopt_error)?;
    let link: SchedClassifierLink = FdLink::from(old).try_into().map_err(adopt_error)?;
    let id = program
        .attach_to_link(link)
        .map_err(|source| HookError::Attach { interface: interface.to_owned(), source })?;
    // The program owns the link now; the pin keeps it attached, and another descriptor of it is what we hold.
    let held = program
        .take_link(id)
        .map_err(|source| HookError::Attach { interface: interface.to_owned(), source })?;
    let held = PinnedLink::from_pin(pin).inspect(|_| drop(held)).map_err(adopt_error)?;
    Ok(Some(held))
}

/// Whether a link of `interface` is pinned at `pin`. One whose interface is gone, or has moved away and come back as
/// another, is of no use: then the pin is removed.
fn usable_pin(interface: &str, pin: &Path) -> Result<bool, HookError> {
    if !pin.exists() {
        return Ok(false);
    }
    let found = link_info::pinned(pin).map(|link| link.ifindex);
    if found.is_some() && found == index_of(interface) {
        return Ok(true);
    }
    std::fs::remove_file(pin).map(|()| false).map_err(|source| HookError::Unpin {
        interface: interface.to_owned(),
        path: pin.to_owned(),
        source,
    })
}

fn attach_filter(
    program: &mut SchedClassifier,
    place: Place,
    interface: &str,
) -> Result<Attachment, HookError> {
    let attach_error = |source| HookError::Attach { interface: interface.to_owned(), source };
    match qdisc_add_clsact(interface) {
        Err(TcError::NetlinkError(error)) if error.raw_os_error() == Some(libc::EEXIST) => {}
        Err(error) => return Err(attach_error(error.into())),
        Ok(()) => {}
    }
    let options = NlOptions { priority: place.priority(), handle: HANDLE, classid: None };
    let id =
        match program.attach_with_options(interface, place.direction(), TcAttachOptions::Netlink(options)) {
            Err(ProgramError::TcError(TcError::NetlinkError(error)))
                if error.raw_os_error() == Some(libc::EEXIST) =>
            {
                // An earlier daemon's: replaced in place.
                let old = SchedClassifierLink::attached(
                    interface,
                    place.direction(),
                    place.priority(),
                    HANDLE,
                    None,
                )
                .map_err(|source| attach_error(TcError::IoError(source).into()))?;
                program.attach_to_link(old)
            }
            other => other,
        }
        .map_err(attach_error)?;
    let link = program.take_link(id).map_err(attach_error)?;
    // Dropping the link would remove the filter; it is found again by priority and handle.
    std::mem::forget(link);
    Ok(Attachment::Filter)
}

/// The index of an interface of this network namespace.
fn index_of(interface: &str) -> Option<u32> {
    let name = CString::new(interface).ok()?;
    // SAFETY: a string that ends in zero.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// The name of the interface with this index, if there is one in this network namespace.
pub fn name_of(ifindex: u32) -> Option<String> {
    let mut name = [0; libc::IF_NAMESIZE];
    // SAFETY: the buffer has the size that the function demands.
    let found = unsafe { libc::if_indextoname(ifindex, name.as_mut_ptr()) };
    if found.is_null() {
        return None;
    }
    // SAFETY: the function wrote a string that ends in zero.
    Some(unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned())
}
