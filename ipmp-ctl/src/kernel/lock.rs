//! A file or directory that one process at a time may have.

use std::{fs::File, io};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// Locks `file` (flock) for as long as it is open. `false` if another process has it.
pub fn take(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_free_again_when_the_file_is_closed() {
        let path = std::env::temp_dir().join(format!("ipmp-lock-{}", std::process::id()));
        let open = || File::create(&path).unwrap();
        let holder = open();
        assert!(take(&holder).unwrap());
        assert!(!take(&open()).unwrap());
        drop(holder);
        assert!(take(&open()).unwrap());
        std::fs::remove_file(path).unwrap();
    }
}
