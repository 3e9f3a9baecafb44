//! The eBPF object inside this binary, and one load of it.

use std::path::Path;

use aya::{
    Ebpf, EbpfLoader, include_bytes_aligned,
    programs::{Program as AnyProgram, ProgramError, SchedClassifier, Xdp},
};
use ipmp_common::layout::names;

/// What the build put there: `cargo xtask build-ebpf`.
static OBJECT: &[u8] =
    include_bytes_aligned!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bpf/ipmp-ebpf.o"));

/// Which program of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `group_egress`.
    GroupEgress,
    /// `member_ingress`.
    MemberIngress,
    /// `member_probe`, of XDP, in a driver.
    MemberProbe,
    /// `member_generic`, the same for generic XDP.
    MemberGeneric,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::GroupEgress => "group_egress",
            Self::MemberIngress => "member_ingress",
            Self::MemberProbe => "member_probe",
            Self::MemberGeneric => "member_generic",
        }
    }
}

/// Constants of one load. Each hook has a load of its own, so that the verifier can fold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constants {
    /// Seed of the group's flow hash.
    pub hash_seed: u64,
    /// Interface index of the group interface.
    pub group_ifindex: u32,
    /// Slot of the member, for the programs of members.
    pub slot: u16,
    /// Whether unicast IP stays on the member.
    pub receive_on_member: bool,
    /// Whether the load is for the peer of the group interface.
    pub behind: bool,
    /// What the programs log: 0 nothing to 5 every packet. A level that is off costs nothing.
    pub trace_level: u8,
}

/// Why the object could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The object or its maps.
    #[error("loading the packet path (program {program}): {source}")]
    Object {
        /// Name of the program.
        program: &'static str,
        /// What aya says.
        source: aya::EbpfError,
    },
    /// The verifier, or lack of privilege.
    #[error("the kernel refused the packet path (program {program}): {}", last_lines(source))]
    Refused {
        /// Name of the program.
        program: &'static str,
        /// What aya says, verifier's log included.
        source: ProgramError,
    },
    /// The object is not the one this binary was built for.
    #[error("the packet path has no program {program}: rebuild with `cargo xtask build`")]
    Missing {
        /// Name of the program.
        program: &'static str,
    },
}

/// The end of the verifier's log: where it says what it minds.
fn last_lines(error: &ProgramError) -> String {
    const LINES: usize = 15;
    if let ProgramError::LoadError { io_error, verifier_log } = error {
        let log = verifier_log.to_string();
        let lines: Vec<_> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LINES)..];
        return format!("{io_error}\n{}", tail.join("\n"));
    }
    error.to_string()
}

/// Loads the object over the maps pinned in `maps` (made there by the first load) and has the kernel verify `program`.
pub fn load(program: Program, constants: Constants, maps: &Path) -> Result<Ebpf, LoadError> {
    let name = program.name();
    let receive_on_member = u32::from(constants.receive_on_member);
    let behind = u32::from(constants.behind);
    let slot = u32::from(constants.slot);
    let mut loader = EbpfLoader::new();
    // No field relocations are used, and reading the kernel's BTF takes ten times as long as all the rest.
    loader.btf(None);
    loader
        .override_global("HASH_SEED", &constants.hash_seed, true)
        .override_global("GROUP_IFINDEX", &constants.group_ifindex, true)
        .override_global("SLOT", &slot, true)
        .override_global("RECEIVE_ON_MEMBER", &receive_on_member, true)
        .override_global("BEHIND", &behind, true)
        .override_global(aya_log::LEVEL, &constants.trace_level, true);
    for map in names::ALL {
        loader.map_pin_path(map, maps.join(map));
    }
    let mut object = loader.load(OBJECT).map_err(|source| LoadError::Object { program: name, source })?;
    verify(&mut object, program)?.map_err(|source| LoadError::Refused { program: name, source })?;
    Ok(object)
}

fn verify(object: &mut Ebpf, program: Program) -> Result<Result<(), ProgramError>, LoadError> {
    match program {
        Program::GroupEgress | Program::MemberIngress => {
            classifier(object, program).map(SchedClassifier::load)
        }
        Program::MemberProbe | Program::MemberGeneric => xdp(object, program).map(Xdp::load),
    }
}

/// The program in a loaded object, one of TC.
pub fn classifier(object: &mut Ebpf, program: Program) -> Result<&mut SchedClassifier, LoadError> {
    find(object, program)
}

/// The program in a loaded object, one of XDP.
pub fn xdp(object: &mut Ebpf, program: Program) -> Result<&mut Xdp, LoadError> {
    find(object, program)
}

fn find<'a, T>(object: &'a mut Ebpf, program: Program) -> Result<&'a mut T, LoadError>
where
    &'a mut T: TryFrom<&'a mut AnyProgram>,
{
    let name = program.name();
    object
        .program_mut(name)
        .and_then(|found| found.try_into().ok())
        .ok_or(LoadError::Missing { program: name })
}
