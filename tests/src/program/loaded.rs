//! A loaded program.

use aya::{
    Ebpf,
    programs::{ProgramInfo, TcAttachType, TestRun as _, TestRunOptions, tc::qdisc_add_clsact},
};
use ipmp_ctl::dataplane::object::{self, Program};

use crate::Netns;

/// Size of the kernel's `struct __sk_buff`.
const CONTEXT: usize = 192;

/// Where its `ifindex` is.
const IFINDEX: usize = 40;

/// A program that the kernel has verified.
pub struct Loaded {
    object: Ebpf,
    program: Program,
    ifindex: Option<u32>,
}

/// What a program says is to become of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `TC_ACT_UNSPEC`, `XDP_PASS`: on to the next program.
    Untouched,
    /// `TC_ACT_SHOT`, `XDP_DROP`.
    Dropped,
    /// `TC_ACT_REDIRECT`.
    Redirected,
    /// Anything else: never right.
    Other(u32),
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The verdict.
    pub verdict: Verdict,
    /// The packet afterwards.
    pub frame: Vec<u8>,
}

/// Bytes of the shortest frame that the kernel makes a packet of for a run, if it begins like this: it refuses frames
/// without a byte behind their Ethernet header, and those of IPv4 and IPv6 without their whole IP header.
pub fn smallest(frame: &[u8]) -> usize {
    match frame[12..14] {
        [0x08, 0x00] => 34,
        [0x86, 0xdd] => 54,
        _ => 15,
    }
}

impl Loaded {
    pub(super) const fn new(object: Ebpf, program: Program) -> Self {
        Self { object, program, ifindex: None }
    }

    /// Lets packets arrive at this interface of the network namespace of the thread that runs the program; without it,
    /// they arrive at its `lo`. The interface's MAC decides whose the packet is.
    #[must_use]
    pub fn arriving_at(mut self, ifindex: u32) -> Self {
        self.ifindex = Some(ifindex);
        self
    }

    /// Runs the program once over `frame`, which is no shorter than [`smallest`].
    pub fn run(&mut self, frame: &[u8]) -> Ran {
        let mut out = vec![0; frame.len() + 256];
        let mut context = [0; CONTEXT];
        let is_xdp = matches!(self.program, Program::MemberProbe | Program::MemberGeneric);
        let mut options = TestRunOptions::new();
        options.data_in = Some(frame);
        options.data_out = Some(&mut out);
        if let (Some(ifindex), false) = (self.ifindex, is_xdp) {
            context[IFINDEX..IFINDEX + 4].copy_from_slice(&ifindex.to_ne_bytes());
            options.ctx_in = Some(&context);
        }
        let result = match self.program {
            program @ (Program::MemberProbe | Program::MemberGeneric) => {
                object::xdp(&mut self.object, program).expect("it was loaded").test_run(options)
            }
            program => {
                object::classifier(&mut self.object, program).expect("it was loaded").test_run(options)
            }
        };
        let result = result.unwrap_or_else(|error| panic!("{:?} over {frame:02x?}: {error:?}", self.program));
        out.truncate(result.data_size_out as usize);
        let verdict = match (is_xdp, result.return_value) {
            (true, 1) => Verdict::Dropped,
            (true, 2) => Verdict::Untouched,
            (true, other) | (_, other @ (0 | 1)) => Verdict::Other(other),
            (_, 2) => Verdict::Dropped,
            (_, 7) => Verdict::Redirected,
            (_, u32::MAX) => Verdict::Untouched,
            (_, other) => Verdict::Other(other),
        };
        Ran { verdict, frame: out }
    }

    /// Attaches the program to an interface, for what a run cannot show. It stays there as long as the value.
    pub fn attach(&mut self, netns: &Netns, interface: &str, at: TcAttachType) {
        let program = object::classifier(&mut self.object, self.program).expect("it was loaded");
        netns
            .run(move || {
                // Without TCX it is a filter of this qdisc, which does no harm elsewhere.
                let _ = qdisc_add_clsact(interface);
                program.attach(interface, at).map(drop)
            })
            .unwrap_or_else(|error| panic!("{:?} at {interface}: {error}", self.program));
    }

    /// What the kernel knows of the program: its size, and what verifying it took.
    pub fn info(&mut self) -> ProgramInfo {
        let info = match self.program {
            program @ (Program::MemberProbe | Program::MemberGeneric) => {
                object::xdp(&mut self.object, program).expect("it was loaded").info()
            }
            program => object::classifier(&mut self.object, program).expect("it was loaded").info(),
        };
        info.expect("a loaded program has information")
    }
}
