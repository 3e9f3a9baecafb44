//! Settings of members and of the group interface that the group needs otherwise than they are, and their old values.
//!
//! The old value is saved before the new one is written, in a store that outlives the daemon ([`SavedStore`]). It is put
//! back only if the setting still has the value that we wrote.

mod store;

use std::io;

use super::{ifreq, sysctl};

pub use self::store::{MemoryStore, SavedStore, SavedValue, SettingKey};

/// A setting that we change. The numbers are part of the layout of the pinned store: never give one a new meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Setting {
    /// `ipv4/conf/*/arp_ignore`: a member answers ARP for its own addresses only.
    ArpIgnore = 1,
    /// `ipv4/conf/*/arp_announce`: ARP requests speak for an address of their own interface only.
    ArpAnnounce = 2,
    /// `ipv4/conf/*/rp_filter`: strict checking would drop what the group's addresses get by a member.
    RpFilter = 3,
    /// `ipv6/conf/*/accept_ra`: no addresses and routes on members from router advertisements.
    AcceptRa = 4,
    /// `IFF_ALLMULTI`: a member passes on the multicast that the group joined.
    AllMulticast = 5,
    /// Whether the member has the dummy IPv4 address: see [`super::addresses::dummy`], which keeps its note here.
    DummyAddress = 6,
    /// `IFF_UP`: a member that was down when the group found it was brought up ([`bring_up`]).
    AdminUp = 7,
}

impl Setting {
    /// Every setting.
    pub const ALL: [Self; 7] = [
        Self::ArpIgnore,
        Self::ArpAnnounce,
        Self::RpFilter,
        Self::AcceptRa,
        Self::AllMulticast,
        Self::DummyAddress,
        Self::AdminUp,
    ];

    /// The setting of this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| *setting as u32 == number)
    }

    fn name(self) -> &'static str {
        match self {
            Self::ArpIgnore => "arp_ignore",
            Self::ArpAnnounce => "arp_announce",
            Self::RpFilter => "rp_filter",
            Self::AcceptRa => "accept_ra",
            Self::AllMulticast => "allmulticast",
            Self::DummyAddress => "dummy address",
            Self::AdminUp => "administrative state",
        }
    }
}

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A member's.
    Member,
    /// The group interface's.
    Group,
}

impl Role {
    fn settings(self) -> &'static [Setting] {
        match self {
            Self::Member => &[
                Setting::ArpIgnore,
                Setting::ArpAnnounce,
                Setting::RpFilter,
                Setting::AcceptRa,
                Setting::AllMulticast,
            ],
            Self::Group => &[Setting::ArpAnnounce],
        }
    }
}

/// A setting could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {setting} of interface {ifname}: {source}", setting = .setting.name())]
pub struct SettingsError {
    verb: &'static str,
    setting: Setting,
    ifname: String,
    source: io::Error,
}

/// Makes the settings of an interface what the group needs, and says which it had to change. Called again (on a slow
/// timer: udev and `sysctl --system` put their own values back) it repairs what was changed since; the old value stays
/// the one of the first time. Takes the lock of the network stack if allmulticast is off.
pub fn apply(
    role: Role,
    ifname: &str,
    ifindex: u32,
    store: &mut dyn SavedStore,
) -> Result<Vec<Setting>, SettingsError> {
    let mut changed = Vec::new();
    for &setting in role.settings() {
        let fail = |verb| move |source| SettingsError { verb, setting, ifname: ifname.to_owned(), source };
        let Some(present) = read(setting, ifname).map_err(fail("read"))? else { continue };
        let Some(wanted) = wanted(setting, present).map_err(fail("read"))? else { continue };
        if present == wanted {
            continue;
        }
        let key = SettingKey { ifindex, setting };
        if store.get(key).is_none() {
            let saved = SavedValue { old: present, ours: wanted };
            store.put(key, saved).map_err(fail("save the old value of"))?;
        }
        write(setting, ifname, wanted).map_err(fail("change"))?;
        changed.push(setting);
    }
    Ok(changed)
}

/// Brings a member up that the group finds down, and says whether it did. Done once, when the member appears: from then on
/// down means that an administrator wants it down.
pub fn bring_up(ifname: &str, ifindex: u32, store: &mut dyn SavedStore) -> Result<bool, SettingsError> {
    let setting = Setting::AdminUp;
    let fail = |verb| move |source| SettingsError { verb, setting, ifname: ifname.to_owned(), source };
    if read(setting, ifname).map_err(fail("read"))? == Some(1) {
        return Ok(false);
    }
    let saved = SavedValue { old: 0, ours: 1 };
    store.put(SettingKey { ifindex, setting }, saved).map_err(fail("save the old value of"))?;
    write(setting, ifname, 1).map_err(fail("change"))?;
    Ok(true)
}

/// Puts back what [`apply`] changed, where it is still as we left it. Goes on past errors and returns them. The dummy
/// address is not among it.
pub fn restore(ifname: &str, ifindex: u32, store: &mut dyn SavedStore) -> Vec<SettingsError> {
    let mut errors = Vec::new();
    for setting in Setting::ALL.into_iter().filter(|setting| *setting != Setting::DummyAddress) {
        let key = SettingKey { ifindex, setting };
        let Some(saved) = store.get(key) else { continue };
        let outcome = match read(setting, ifname) {
            Ok(Some(present)) if present == saved.ours => write(setting, ifname, saved.old),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        match outcome {
            Err(source) if !is_gone(&source) => {
                errors.push(SettingsError { verb: "restore", setting, ifname: ifname.to_owned(), source });
            }
            _ => store.remove(key),
        }
    }
    errors
}

/// Forgets the old values of an interface that is gone, before another one gets its index.
pub fn forget(ifindex: u32, store: &mut dyn SavedStore) {
    for setting in Setting::ALL {
        store.remove(SettingKey { ifindex, setting });
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ENODEV)
}

/// The value that the group needs; `None`: whatever it is will do.
fn wanted(setting: Setting, present: u32) -> io::Result<Option<u32>> {
    Ok(match setting {
        Setting::ArpIgnore | Setting::AllMulticast => Some(1),
        Setting::ArpAnnounce => Some(2),
        Setting::AcceptRa => Some(0),
        Setting::DummyAddress | Setting::AdminUp => None,
        Setting::RpFilter => wanted_rp_filter(sysctl::read("ipv4/conf/all/rp_filter")?, present),
    })
}

/// The kernel uses the larger of both. Strict (1) must become loose (2); off must stay off, and loose is loose.
fn wanted_rp_filter(all: u32, member: u32) -> Option<u32> {
    (all.max(member) == 1).then_some(2)
}

fn path(setting: Setting, ifname: &str) -> String {
    let family = if setting == Setting::AcceptRa { "ipv6" } else { "ipv4" };
    sysctl::of_interface(family, ifname, setting.name())
}

/// The present value; `None` if this host does not have the setting at all.
fn read(setting: Setting, ifname: &str) -> io::Result<Option<u32>> {
    match setting {
        Setting::AllMulticast => ifreq::all_multicast(ifname).map(|on| Some(u32::from(on))),
        Setting::DummyAddress => Ok(None),
        Setting::AdminUp => ifreq::admin_up(ifname).map(|up| Some(u32::from(up))),
        // An interface with an MTU below 1280, and a host without IPv6, have no IPv6 settings.
        Setting::AcceptRa => match sysctl::read(&path(setting, ifname)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        },
        _ => sysctl::read(&path(setting, ifname)).map(Some),
    }
}

fn write(setting: Setting, ifname: &str, value: u32) -> io::Result<()> {
    match setting {
        Setting::AllMulticast => ifreq::set_all_multicast(ifname, value != 0),
        Setting::DummyAddress => Ok(()),
        Setting::AdminUp => ifreq::set_admin_up(ifname, value != 0),
        _ => sysctl::write(&path(setting, ifname), value),
    }
}

#[cfg(test)]
mod tests;
