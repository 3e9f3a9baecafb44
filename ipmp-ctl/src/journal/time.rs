//! Moments for people.

use std::mem::MaybeUninit;

/// Microseconds since 1970 as RFC 3339 has it, in local time: `2026-11-23T04:05:06.000007+01:00`.
pub fn local(time_us: u64) -> String {
    let (seconds, micros) = (time_us / 1_000_000, time_us % 1_000_000);
    let seconds = libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX);
    let mut broken = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both are places of the right type, and the function writes no more than the second.
    let known = unsafe { !libc::localtime_r(&raw const seconds, broken.as_mut_ptr()).is_null() };
    // SAFETY: all zero is a value of the type, and the function has written one, if anything.
    let tm = unsafe { broken.assume_init() };
    if !known {
        return format!("{seconds}.{micros:06}");
    }
    let offset = tm.tm_gmtoff / 60;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}{}{:02}:{:02}",
        tm.tm_year + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        if offset < 0 { '-' } else { '+' },
        offset.abs() / 60,
        offset.abs() % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_date_time_microseconds_and_offset() {
        let text = local(1_795_403_106_000_007);
        assert_eq!(text.len(), "2026-11-23T04:05:06.000007+01:00".len(), "{text}");
        assert!(text.starts_with("2026-11-2") && text[19..].starts_with(".000007"), "{text}");
    }
}
