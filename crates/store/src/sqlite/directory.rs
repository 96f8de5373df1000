//! The data directory: private to one process, on a local disk, with a reserve for when the disk is full.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation};

use crate::StoreError;

const DATABASE: &str = "segue.db";
const LOCK: &str = "segue.lock";
const RESERVE: &str = "segue.reserve";

/// File systems that promise neither locks nor syncs that we could build on.
const NETWORK_FILE_SYSTEMS: [(u32, &str); 6] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
];

/// A directory that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// The operating system's lock lives as long as this.
    _lock: File,
    reserve_bytes: u64,
}

impl Directory {
    pub(super) fn claim(path: &Path, reserve_bytes: u64) -> Result<Self, StoreError> {
        let unusable = |reason: String| StoreError::Unusable {
            directory: path.display().to_string(),
            reason,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| unusable(error.to_string()))?;
        if let Some(kind) =
            network_file_system(path).map_err(|error| unusable(error.to_string()))?
        {
            return Err(unusable(format!(
                "it is on a network file system ({kind}), which does not keep what it says it has written; use a local disk"
            )));
        }
        let lock = private(&path.join(LOCK))
            .map_err(|error| unusable(format!("cannot write in it: {error}")))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(StoreError::InUse {
                    directory: path.display().to_string(),
                });
            }
            Err(error) => return Err(unusable(format!("cannot lock it: {error}"))),
        }
        let directory = Self {
            path: path.to_owned(),
            _lock: lock,
            reserve_bytes,
        };
        let is_new = !directory.database().exists();
        // SQLite gives its other files the mode of this one.
        private(&directory.database())
            .map_err(|error| unusable(format!("cannot write the database: {error}")))?;
        directory
            .rewrite_log()
            .map_err(|error| unusable(format!("cannot write the log: {error}")))?;
        if is_new {
            directory
                .sync()
                .map_err(|error| unusable(error.to_string()))?;
        }
        directory.hold_reserve();
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Writes the log that is there once more, synced.
    ///
    /// When a sync failed, the operating system still shows what it has not written, and the next sync of the same file
    /// says all is well: new commits would stand on records that a power cut takes away.
    fn rewrite_log(&self) -> io::Result<()> {
        let log = self.path.join(format!("{DATABASE}-wal"));
        match log.metadata() {
            Ok(there) if there.len() > 0 => {}
            _ => return Ok(()),
        }
        let copy = self.path.join(format!("{DATABASE}-wal.new"));
        let mut written = private(&copy)?;
        written.set_len(0)?;
        io::copy(&mut File::open(&log)?, &mut written)?;
        written.sync_all()?;
        std::fs::rename(copy, log)?;
        self.sync()
    }

    /// Makes the names of new files durable.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        match self.path.canonicalize()?.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }

    /// Takes space that is given up when the disk is full, so that what goes on can be written down.
    /// Without success there is just no reserve.
    pub(super) fn hold_reserve(&self) {
        if self.reserve_bytes == 0 {
            return;
        }
        let held = private(&self.path.join(RESERVE)).and_then(|file| {
            Ok(rustix::fs::fallocate(
                &file,
                FallocateFlags::empty(),
                0,
                self.reserve_bytes,
            )?)
        });
        if held.is_err() {
            self.release_reserve();
        }
    }

    pub(super) fn release_reserve(&self) {
        // Not there: then there is nothing to give up.
        let _ = std::fs::remove_file(self.path.join(RESERVE));
    }

    /// Whether the disk has room for the reserve and as much again.
    pub(super) fn has_room(&self) -> bool {
        rustix::fs::statvfs(&self.path).is_ok_and(|disk| {
            disk.f_bavail.saturating_mul(disk.f_frsize) >= self.reserve_bytes.saturating_mul(2)
        })
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn network_file_system(path: &Path) -> io::Result<Option<&'static str>> {
    // The magic numbers have 32 bits; the field's type differs between machines.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let found = rustix::fs::statfs(path)?.f_type as u32;
    Ok(NETWORK_FILE_SYSTEMS
        .iter()
        .find(|(magic, _)| *magic == found)
        .map(|(_, name)| *name))
}
