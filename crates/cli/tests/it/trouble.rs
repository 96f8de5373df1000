//! Data directories that cannot be used: exit code 3, a clear message, and nothing changed.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;

use super::program::{Folder, Up, command, finish, is_root, segue};

const GREET: &str = "
document: { dsl: '1.0.3', namespace: sales, name: greet, version: '1.0.0' }
do:
  - hello: { set: { said: hello } }
";
/// A user that owns nothing.
const NOBODY: u32 = 65_534;
/// Where SQLite's file format keeps the number of our newest migration.
const USER_VERSION_OFFSET: u64 = 60;

fn project() -> Folder {
    Folder::with(&[("workflows/greet.yaml", GREET)])
}

/// Starts a server on the folder's data, which must be refused.
fn refused(folder: &Folder) -> String {
    let (project, data) = (folder.text(""), folder.text("data"));
    let left = segue(&["up", &project, "--listen", "127.0.0.1:0", "--data", &data]);
    assert_eq!((left.code, &*left.out), (3, ""), "{left:?}");
    folder.hide(&left.notes)
}

/// A folder whose data was written and closed.
fn used() -> Folder {
    let folder = project();
    assert_eq!(Up::start(&folder).terminate().code, 0);
    folder
}

fn overwrite(folder: &Folder, offset: u64, bytes: &[u8]) -> Vec<u8> {
    let path = folder.path("data/segue.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
    drop(file);
    std::fs::read(path).unwrap()
}

#[test]
fn one_directory_has_one_server() {
    let folder = project();
    let up = Up::start(&folder);
    assert_eq!(
        refused(&folder),
        "error: the store's directory FOLDER/data is in use by another process
help: a server is running on it; ask that one: `segue runs --data FOLDER/data`\n"
    );
    // The first one goes on.
    assert_eq!(up.ask(&["start", "greet", "--wait"]).code, 0);
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let folder = used();
    let before = overwrite(&folder, USER_VERSION_OFFSET, &9_999_u32.to_be_bytes());
    let notes = refused(&folder);
    assert!(
        notes.contains("was written by a newer version (9999)"),
        "{notes}"
    );
    assert!(
        notes.contains("help: use the program that wrote it"),
        "{notes}"
    );
    assert_eq!(std::fs::read(folder.path("data/segue.db")).unwrap(), before);
}

#[test]
fn damaged_data_is_left_alone() {
    let folder = used();
    let before = overwrite(&folder, 0, &[0x5a; 4096]);
    let notes = refused(&folder);
    assert!(notes.contains("damaged"), "{notes}");
    assert!(notes.contains("help: nothing was changed"), "{notes}");
    assert_eq!(std::fs::read(folder.path("data/segue.db")).unwrap(), before);
}

#[test]
fn a_directory_that_may_not_be_written_is_named() {
    let folder = project();
    std::fs::create_dir(folder.path("data")).unwrap();
    let mode =
        |path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(folder.path("data"), 0o555);
    let (project, data) = (folder.text(""), folder.text("data"));
    let args = ["up", &project, "--listen", "127.0.0.1:0", "--data", &data];
    let mut up = command(&args);
    if is_root() {
        // Root may write everywhere, so somebody else tries, with a copy of the program that he can reach.
        let program = folder.path("segue");
        std::fs::copy(env!("CARGO_BIN_EXE_segue"), &program).unwrap();
        mode(folder.path(""), 0o755);
        up = std::process::Command::new(program);
        up.args(args).env_clear().uid(NOBODY).gid(NOBODY);
    }
    let left = finish(up, "");
    assert_eq!((left.code, &*left.out), (3, ""), "{left:?}");
    let notes = folder.hide(&left.notes);
    assert!(
        notes.starts_with("error: cannot use FOLDER/data: cannot write in it: Permission denied"),
        "{notes}"
    );
    assert!(notes.contains("help: choose a directory"), "{notes}");
    mode(folder.path("data"), 0o755);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let folder = project();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let left = segue(&["up", &folder.text(""), "--listen", &address]);
    assert_eq!(left.code, 3);
    assert!(
        left.notes.contains(&format!("cannot listen on {address}")),
        "{left:?}"
    );
}
