//! What is broken.

use std::fmt;

use clap::ValueEnum;

use super::results::Event;

/// A class of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// The cable of the member is pulled: its carrier goes
    Carrier,
    /// The member is set administratively down
    AdminDown,
    /// The member's interface is deleted, and made anew for the repair
    Deleted,
    /// The switch port drops everything both ways; the carrier stays
    Silent,
    /// The switch port drops what the host sends; the carrier stays
    OneWayOut,
    /// The switch port drops what is sent to the host; the carrier stays
    OneWayIn,
    /// The cables of all members are pulled at once
    All,
    /// The switch loses its power and boots: all ports, and all that it had learned
    SwitchRestart,
    /// Flows come back to a member that works again, from others that work too: a planned move
    Failback,
    /// The same, from a standby that stood in for it
    StandbyStepDown,
    /// The member is taken offline by the administrator, and put back online: two planned moves
    Offline,
    /// The member's share becomes a tenth, and what it was again: two planned moves
    WeightChange,
}

/// What a system must be able to do to live through a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Look at carriers.
    Carrier,
    /// Find out that packets do not get through.
    Probes,
    /// Take in a member that was made anew.
    NewMember,
    /// Keep a member in reserve that carries flows only while another one is away.
    Standby,
    /// Take orders from the administrator that move flows between members.
    Orders,
}

impl Class {
    /// All, in the order in which they are measured and shown.
    pub(crate) const ALL: &[Self] = &[
        Self::Carrier,
        Self::AdminDown,
        Self::Deleted,
        Self::Silent,
        Self::OneWayOut,
        Self::OneWayIn,
        Self::All,
        Self::SwitchRestart,
        Self::Failback,
        Self::StandbyStepDown,
        Self::Offline,
        Self::WeightChange,
    ];

    /// Its name, as `--class` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Carrier => "carrier",
            Self::AdminDown => "admin-down",
            Self::Deleted => "deleted",
            Self::Silent => "silent",
            Self::OneWayOut => "one-way-out",
            Self::OneWayIn => "one-way-in",
            Self::All => "all",
            Self::SwitchRestart => "switch-restart",
            Self::Failback => "failback",
            Self::StandbyStepDown => "standby-step-down",
            Self::Offline => "offline",
            Self::WeightChange => "weight-change",
        }
    }

    /// Failure and repair in words.
    pub(crate) fn words(self) -> [&'static str; 2] {
        match self {
            Self::Carrier => ["cable of the member pulled", "cable put back"],
            Self::AdminDown => ["member set down", "member set up"],
            Self::Deleted => ["member deleted", "member made anew"],
            Self::Silent => ["switch port drops all, carrier stays", "port forwards again"],
            Self::OneWayOut => ["switch port drops what the host sends", "port forwards again"],
            Self::OneWayIn => ["switch port drops what the host is sent", "port forwards again"],
            Self::All => ["all cables pulled", "all cables put back"],
            Self::SwitchRestart => ["switch without power", "switch back, all ports dark until then"],
            Self::Failback => ["cable of the member pulled", "flows come back from members that work"],
            Self::StandbyStepDown => ["cable of the member pulled", "flows come back from a standby"],
            Self::Offline => ["member taken offline", "member put back online"],
            Self::WeightChange => ["weight of the member cut to a tenth", "weight as before"],
        }
    }

    /// What a system must be able to do to live through it.
    pub(crate) fn need(self) -> Need {
        match self {
            Self::Carrier | Self::AdminDown | Self::All | Self::SwitchRestart | Self::Failback => {
                Need::Carrier
            }
            Self::StandbyStepDown => Need::Standby,
            Self::Offline | Self::WeightChange => Need::Orders,
            Self::Deleted => Need::NewMember,
            Self::Silent | Self::OneWayOut | Self::OneWayIn => Need::Probes,
        }
    }

    /// What of it is measured.
    pub(crate) fn events(self) -> &'static [Event] {
        let only_repair = self.is_total() || matches!(self, Self::Failback | Self::StandbyStepDown);
        if only_repair { &[Event::Repair] } else { &[Event::Failure, Event::Repair] }
    }

    /// Whether it leaves no way to the link, so that only the time after the repair says something.
    pub(crate) fn is_total(self) -> bool {
        matches!(self, Self::All | Self::SwitchRestart)
    }

    /// Whether it is about moves from members that work, which should cost nothing; a failure before them is not measured.
    pub(crate) fn is_planned(self) -> bool {
        matches!(self, Self::Failback | Self::StandbyStepDown | Self::Offline | Self::WeightChange)
    }

    /// The rate of its streams, of the highest that is carried: planned moves are measured with something to spare.
    pub(crate) fn rate(self, highest: u32) -> u32 {
        if self.is_planned() { highest * 4 / 5 } else { highest }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
