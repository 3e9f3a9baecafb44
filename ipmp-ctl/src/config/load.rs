//! A configuration file on disk.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::{ConfigErrors, Place, Problem};

/// Size beyond which a file is taken for something else, in bytes.
const LONGEST: u64 = 1 << 20;

/// The text of a file, or why there is none.
pub(super) fn text(file: &Path) -> Result<String, ConfigErrors> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| ConfigErrors::of_file(file, unreadable(&error)))?;
    if bytes.len() as u64 > LONGEST {
        let text =
            "larger than 1 MiB: not a configuration; name the right file with --config FILE".to_owned();
        return Err(ConfigErrors::of_file(file, text));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        ConfigErrors {
            problems: vec![Problem {
                place: Place { file: file.to_owned(), line: Some(line) },
                text: "not UTF-8 text; save the file as UTF-8".to_owned(),
            }],
        }
    })
}

/// What to say about a file that cannot be read.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file; write it, or name another with --config FILE".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "not readable: permission denied; run as root, or make the file readable".to_owned()
        }
        io::ErrorKind::IsADirectory => "a directory; name the file in it with --config FILE".to_owned(),
        _ => format!("not readable: {error}; name a readable file with --config FILE"),
    }
}
