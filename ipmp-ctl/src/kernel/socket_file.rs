//! The file of a Unix socket that is about to be listened on.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt as _, net::UnixStream},
    path::Path,
};

/// What lay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or the socket of a process that is gone, which has been removed.
    Free,
    /// A socket on which somebody listens.
    Taken,
    /// Something that is no socket.
    Other,
}

/// Removes the socket of a process that is gone; everything else stays.
///
/// # Errors
/// What the kernel says to the removal.
pub fn clear(path: &Path) -> io::Result<Found> {
    let Ok(meta) = fs::symlink_metadata(path) else { return Ok(Found::Free) };
    if !meta.file_type().is_socket() {
        return Ok(Found::Other);
    }
    if UnixStream::connect(path).is_ok() {
        return Ok(Found::Taken);
    }
    fs::remove_file(path).map(|()| Found::Free)
}
