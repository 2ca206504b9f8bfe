use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file that only its owner may read, and makes it if it is not there: states, and what is as private as they
/// are.
///
/// # Errors
///
/// The file system's.
pub fn private_file(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
