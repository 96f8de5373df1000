//! A disk for tests that forgets what was not synced, fails on demand, or lies about syncs. Only with the feature `faults`.
//!
//! It lies between SQLite and the operating system: real files are written as ever, and beside them a model is kept of what
//! would be left after a power cut. SQLite's interface for this (VFS) is C, so this one file needs `unsafe`: the tables of
//! functions are copied from SQLite's own with a few entries replaced, and each file's memory is SQLite's with our pointer
//! behind it.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

/// The model of the disk, shared by all files opened through it.
pub struct FaultyDisk {
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Model>,
    fault: Option<(u64, Fault)>,
    /// Writes, truncations and syncs so far.
    operations: u64,
    is_lying: bool,
}

/// What goes wrong, at one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operation fails with an error of the device. After a sync that failed, what it should have synced is lost.
    Broken,
    /// There is no space. At a sync it is as `Broken`.
    Full,
    /// There is space for half of the write only.
    Short,
    /// As `Broken`, and so is everything after it.
    Gone,
}

#[derive(Default)]
struct Model {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// What a disk writes whole.
const SECTOR_BYTES: usize = 512;

impl FaultyDisk {
    /// Makes the disk known to SQLite under this name, for ever: a test uses each name once.
    #[must_use]
    pub fn register(name: &str) -> Arc<Self> {
        let disk = Arc::new(Self {
            name: name.to_owned(),
            state: Mutex::default(),
        });
        let c_name = CString::new(name).expect("a name has no zero byte");
        // SAFETY: the default VFS lives as long as the process, and the copy (which is leaked, so that SQLite may keep
        // the pointer) serves the same functions with the same `pAppData`.
        unsafe {
            let inner = ffi::sqlite3_vfs_find(std::ptr::null());
            let mut vfs = *inner;
            vfs.zName = c_name.into_raw();
            vfs.pNext = std::ptr::null_mut();
            vfs.szOsFile =
                offset_of_file(inner) + c_int::try_from(size_of::<*mut File>()).expect("small");
            vfs.xOpen = Some(open);
            vfs.xDelete = Some(delete);
            let shim = Box::leak(Box::new(Shim {
                vfs,
                inner,
                disk: Arc::clone(&disk),
            }));
            let code = ffi::sqlite3_vfs_register(&raw mut shim.vfs, 0);
            assert_eq!(code, ffi::SQLITE_OK, "registering a VFS");
        }
        disk
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operation with this number (from 1) fails.
    pub fn fail(&self, operation: u64, fault: Fault) {
        self.state().fault = Some((operation, fault));
    }

    /// From now on a sync does nothing, and says it was done.
    pub fn lie(&self) {
        self.state().is_lying = true;
    }

    /// Forgets what the files held, for a disk that is only used because it does not wait for the real one.
    pub fn forget(&self) {
        self.state().files.clear();
    }

    /// Writes, truncations and syncs so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Writes to `directory` what would be left if the power went now: what was synced, and of the rest what `chance`
    /// picks, sector by sector. It is given numbers that count up, and says whether a piece made it to the disk.
    pub fn cut_power(
        &self,
        directory: &Path,
        mut chance: impl FnMut(u64) -> bool,
    ) -> std::io::Result<()> {
        let state = self.state();
        let mut piece = 0;
        for (path, model) in &state.files {
            let mut left = model.synced.clone();
            for change in &model.pending {
                match change {
                    Change::Write { at, bytes } => {
                        for (sector, bytes) in bytes.chunks(SECTOR_BYTES).enumerate() {
                            piece += 1;
                            if chance(piece) {
                                write(&mut left, at + sector * SECTOR_BYTES, bytes);
                            }
                        }
                    }
                    Change::Truncate(length) => {
                        piece += 1;
                        if chance(piece) {
                            left.truncate(*length);
                        }
                    }
                }
            }
            let name = Path::new(path).file_name().expect("a database has a name");
            std::fs::write(directory.join(name), left)?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts the operation; the fault, when it is this one's turn.
    fn next(&mut self) -> Option<Fault> {
        self.operations += 1;
        let (operation, fault) = self.fault?;
        let is_its_turn =
            operation == self.operations || (fault == Fault::Gone && operation < self.operations);
        is_its_turn.then_some(fault)
    }

    fn model(&mut self, path: &str) -> &mut Model {
        self.files.entry(path.to_owned()).or_default()
    }
}

fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if at == file.len() {
        // As below; most writes go to the end, and filling with zeros first is slow without optimisation.
        return file.extend_from_slice(bytes);
    }
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

/// SQLite hands a pointer to the first field to our functions, which makes it one to the whole.
#[repr(C)]
struct Shim {
    vfs: ffi::sqlite3_vfs,
    inner: *mut ffi::sqlite3_vfs,
    disk: Arc<FaultyDisk>,
}

/// One open file. A pointer to it lies behind the memory of the inner VFS's file.
struct File {
    /// The inner functions with ours in their places; the file points to it.
    methods: ffi::sqlite3_io_methods,
    inner: *const ffi::sqlite3_io_methods,
    inner_bytes: c_int,
    disk: Arc<FaultyDisk>,
    path: String,
}

/// Where our pointer lies: behind the inner file, at a whole multiple of a pointer's size.
unsafe fn offset_of_file(inner: *mut ffi::sqlite3_vfs) -> c_int {
    let size = c_int::try_from(size_of::<*mut File>()).expect("small");
    // SAFETY: the caller gives a live VFS.
    let bytes = unsafe { (*inner).szOsFile };
    (bytes + size - 1) / size * size
}

/// The files that live on, and whose loss matters. Temporary ones have no name; shared memory does not come this way.
const KEPT: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is the first field of the shim that `register` leaked; `file` has `szOsFile` bytes, of which the inner
    // VFS uses the first ones only; `name` is a C string when the file is one of `KEPT`.
    unsafe {
        let shim = &*vfs.cast::<Shim>();
        let inner_open = (*shim.inner).xOpen.expect("every VFS opens");
        let code = inner_open(shim.inner, name, file, flags, out_flags);
        if code != ffi::SQLITE_OK || flags & KEPT == 0 || name.is_null() {
            return code;
        }
        let path = CStr::from_ptr(name).to_string_lossy().into_owned();
        let there = std::fs::read(&path).unwrap_or_default();
        let mut state = shim.disk.state();
        state.files.entry(path.clone()).or_insert_with(|| Model {
            synced: there,
            pending: Vec::new(),
        });
        drop(state);
        let inner = (*file).pMethods;
        let mut methods = *inner;
        methods.xClose = Some(close);
        methods.xWrite = Some(write_file);
        methods.xTruncate = Some(truncate);
        methods.xSync = Some(sync);
        let inner_bytes = offset_of_file(shim.inner);
        let disk = Arc::clone(&shim.disk);
        let ours = Box::into_raw(Box::new(File {
            methods,
            inner,
            inner_bytes,
            disk,
            path,
        }));
        file.byte_offset(inner_bytes as isize)
            .cast::<*mut File>()
            .write(ours);
        (*file).pMethods = &raw const (*ours).methods;
        code
    }
}

/// Our part of a file that `open` made ours.
unsafe fn ours<'a>(file: *mut ffi::sqlite3_file) -> &'a File {
    // SAFETY: only files that point to our methods come here, and these are the first field of `File`.
    unsafe {
        &*(*file)
            .pMethods
            .byte_sub(std::mem::offset_of!(File, methods))
            .cast::<File>()
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `ours` came from a box in `open`, and nobody uses a file after it was closed.
    unsafe {
        let inner_bytes = ours(file).inner_bytes;
        let ours = Box::from_raw(
            file.byte_offset(inner_bytes as isize)
                .cast::<*mut File>()
                .read(),
        );
        (*file).pMethods = ours.inner;
        (*ours.inner).xClose.expect("every file closes")(file)
    }
}

unsafe extern "C" fn write_file(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite gives `length` bytes.
    unsafe {
        let ours = ours(file);
        let mut state = ours.disk.state();
        let (length, code) = match state.next() {
            None => (length, ffi::SQLITE_OK),
            Some(Fault::Broken | Fault::Gone) => return ffi::SQLITE_IOERR_WRITE,
            Some(Fault::Full) => return ffi::SQLITE_FULL,
            Some(Fault::Short) => (length / 2, ffi::SQLITE_FULL),
        };
        let written =
            std::slice::from_raw_parts(bytes.cast::<u8>(), length.cast_unsigned() as usize)
                .to_vec();
        let at_usize = usize::try_from(at).expect("a place in a file");
        state.model(&ours.path).pending.push(Change::Write {
            at: at_usize,
            bytes: written,
        });
        // With the lock held, so that the model never knows more or less than the file.
        match (*ours.inner).xWrite.expect("every file writes")(file, bytes, length, at) {
            ffi::SQLITE_OK => code,
            error => error,
        }
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: as for all methods.
    unsafe {
        let ours = ours(file);
        let mut state = ours.disk.state();
        if state.next().is_some() {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        let kept = usize::try_from(length).expect("a length");
        state.model(&ours.path).pending.push(Change::Truncate(kept));
        (*ours.inner).xTruncate.expect("every file truncates")(file, length)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: as for all methods.
    unsafe {
        let ours = ours(file);
        let mut state = ours.disk.state();
        if state.next().is_some() {
            // As Linux does: the pages are marked clean, and the next sync says all is well.
            state.model(&ours.path).pending.clear();
            return ffi::SQLITE_IOERR_FSYNC;
        }
        if !state.is_lying {
            let model = state.model(&ours.path);
            for change in std::mem::take(&mut model.pending) {
                match change {
                    Change::Write { at, bytes } => write(&mut model.synced, at, &bytes),
                    Change::Truncate(length) => model.synced.truncate(length),
                }
            }
        }
        drop(state);
        // The model is what counts here, so the real sync may be left out: tests run many.
        let _ = flags;
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_directory: c_int,
) -> c_int {
    // SAFETY: `vfs` is our shim, `name` a C string.
    unsafe {
        let shim = &*vfs.cast::<Shim>();
        shim.disk
            .state()
            .files
            .remove(&*CStr::from_ptr(name).to_string_lossy());
        (*shim.inner).xDelete.expect("every VFS deletes")(shim.inner, name, sync_directory)
    }
}
