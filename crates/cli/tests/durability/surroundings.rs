//! Bad surroundings: a full disk, one that cannot be written, a directory in use, data that is damaged or too new.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::oracle;
use crate::program::{Program, Project, is_root};
use crate::target::{self, Target};

const DELIVER: &str = "/hooks/load/deliveries";
/// Filled to the last byte more than once, so it must not take long.
const DISK: &str = "size=48m";
/// After space returns deliveries are taken again within this time (G14).
const HEALED_WITHIN: Duration = Duration::from_secs(10);

/// A small disk that only some processes see: a mount in a namespace of its own, which ends with its holder.
struct SmallDisk {
    holder: Child,
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts over the directory, which must be there.
    fn mount(at: &Path, options: &str) -> Self {
        let mut command = Command::new("unshare");
        command.args(Self::namespaces());
        let script = "mount -t tmpfs -o \"$1\" none \"$2\" && echo mounted && read -r _";
        command.args(["sh", "-c", script, "sh", options]).arg(at);
        let mut holder = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare is there");
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(
            line, "mounted\n",
            "a small disk cannot be mounted here: this needs root with CAP_SYS_ADMIN, or user namespaces"
        );
        Self {
            holder,
            at: at.to_owned(),
        }
    }

    fn namespaces() -> &'static [&'static str] {
        if is_root() {
            &["--mount"]
        } else {
            &["--map-root-user", "--mount"]
        }
    }

    /// A command that sees the disk.
    fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg("--target")
            .arg(self.holder.id().to_string())
            .arg("--mount");
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(program);
        command
    }

    /// The mounted directory as this process sees it.
    fn path(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.at.strip_prefix("/").unwrap())
    }

    /// Writes until there is no space left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.path().join("filler")).unwrap();
        let (block, small) = ([0_u8; 1 << 16], [0_u8; 512]);
        while file.write_all(&block).is_ok() {}
        while file.write_all(&small).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Delivers, and keeps the run that was named for each accepted delivery.
struct Sender<'a> {
    program: &'a Program,
    ledger: Ledger,
}

impl<'a> Sender<'a> {
    fn new(program: &'a Program) -> Self {
        Self {
            program,
            ledger: Ledger {
                runs: BTreeMap::new(),
                answers: 0,
            },
        }
    }

    /// The status, and the body of a refusal.
    async fn deliver(&mut self, number: u64, bytes: usize) -> (u16, Value) {
        let body = json!({ "number": number, "padding": "x".repeat(bytes) });
        let id = format!("d-{number}");
        let answer = self
            .program
            .client()
            .deliver(DELIVER, &id, body.to_string())
            .await;
        if let Some(run) = &answer.run
            && answer.status < 300
        {
            self.ledger.answers += 1;
            let runs = self.ledger.runs.entry(number).or_default();
            if !runs.contains(run) {
                runs.push(run.clone());
            }
        }
        if answer.status >= 500 {
            assert!(
                answer.retry_after.is_some(),
                "says when to come again: {}",
                answer.body
            );
        }
        (answer.status, answer.body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_keeps_and_heals() {
    let notes = tempfile::tempdir().unwrap();
    let target = Target::start(&notes).await;
    let mut project = Project::new(&target::project(target.address));
    std::fs::create_dir(&project.data).unwrap();
    let disk = SmallDisk::mount(&project.data, DISK);
    let command = project.command_under(disk.enter(env!("CARGO_BIN_EXE_segue")));
    // From here on the data is where this process sees it.
    project.data = disk.path();
    let program = Program::start(command, &project.data);
    let client = program.client();
    let mut sender = Sender::new(&program);
    let mut number = 0;
    for round in 0..3 {
        for _ in 0..5 {
            number += 1;
            assert_eq!(sender.deliver(number, 10).await.0, 202, "round {round}");
        }
        disk.fill();
        let refused = loop {
            number += 1;
            let (status, body) = sender.deliver(number, 100_000).await;
            match status {
                202 => continue,
                _ => break (status, body),
            }
        };
        assert_eq!(refused.0, 507, "{}", refused.1);
        assert_eq!(refused.1["type"], "/errors/disk-full", "{}", refused.1);
        assert!(
            refused.1["detail"]
                .as_str()
                .unwrap()
                .contains("disk is full"),
            "{}",
            refused.1
        );
        assert!(!client.runs().await.is_empty(), "reading goes on");
        disk.empty();
        let since = Instant::now();
        // The same delivery, which nothing is left of.
        while sender.deliver(number, 100_000).await.0 != 202 {
            assert!(since.elapsed() < HEALED_WITHIN, "takes deliveries again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    oracle::check(&client, &sender.ledger, &target).await;
    let ledger = sender.ledger;
    assert!(tokio::task::block_in_place(|| program.terminate()).success());
    let command = project_on(&project, &disk);
    let program = Program::start(command, &project.data);
    oracle::check(&program.client(), &ledger, &target).await;
}

/// The same project again, on the mounted disk.
fn project_on(project: &Project, disk: &SmallDisk) -> Command {
    let inside = Project::at(project.path(), &disk.at);
    inside.command_under(disk.enter(env!("CARGO_BIN_EXE_segue")))
}

/// Starts in vain: exit code 3, no panic, and these words.
fn check_refused(command: Command, words: &[&str]) {
    let mut command = command;
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let project = Project::new(&target::project(([127, 0, 0, 1], 9).into()));
    std::fs::create_dir(&project.data).unwrap();
    let disk = SmallDisk::mount(&project.data, "size=1m,ro");
    let command = project.command_under(disk.enter(env!("CARGO_BIN_EXE_segue")));
    check_refused(command, &["Read-only file system", ".segue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_is_refused_and_the_first_does_not_notice() {
    let notes = tempfile::tempdir().unwrap();
    let target = Target::start(&notes).await;
    let project = Project::new(&target::project(target.address));
    let program = project.start();
    let mut sender = Sender::new(&program);
    assert_eq!(sender.deliver(1, 10).await.0, 202);
    check_refused(project.command(), &["in use by another process", ".segue"]);
    assert_eq!(sender.deliver(2, 10).await.0, 202);
    oracle::check(&program.client(), &sender.ledger, &target).await;
}

/// A stopped server's data with one run in it.
async fn used(notes: &tempfile::TempDir) -> (Project, Target, Ledger) {
    let target = Target::start(notes).await;
    let project = Project::new(&target::project(target.address));
    let program = project.start();
    let mut sender = Sender::new(&program);
    assert_eq!(sender.deliver(1, 10).await.0, 202);
    oracle::check(&program.client(), &sender.ledger, &target).await;
    let ledger = sender.ledger;
    assert!(tokio::task::block_in_place(|| program.terminate()).success());
    (project, target, ledger)
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_newer_data_is_refused_and_left_as_it_is() {
    let notes = tempfile::tempdir().unwrap();
    let (project, target, ledger) = used(&notes).await;
    let path = project.data.join("segue.db");
    let good = std::fs::read(&path).unwrap();
    let cases: [(&str, fn(&mut Vec<u8>), &[&str]); 5] = [
        (
            "another kind of file",
            |data| data[..16].fill(b'x'),
            &["damaged", "segue.db"],
        ),
        (
            "half of it gone",
            |data| data.truncate(data.len() / 2),
            &["damaged"],
        ),
        (
            "the list of tables",
            |data| data[100..140].fill(0xff),
            &["damaged"],
        ),
        // SQLite's header holds the version of the data at byte 60.
        (
            "newer",
            |data| data[60..64].copy_from_slice(&999_u32.to_be_bytes()),
            &["newer version (999)"],
        ),
        (
            "another program's",
            |data| data[68..72].copy_from_slice(&7_u32.to_be_bytes()),
            &["not a database of this program"],
        ),
    ];
    for (name, spoil, words) in cases {
        let mut spoiled = good.clone();
        spoil(&mut spoiled);
        std::fs::write(&path, &spoiled).unwrap();
        println!("{name}");
        check_refused(project.command(), words);
        assert!(
            std::fs::read(&path).unwrap() == spoiled,
            "{name}: nothing was touched"
        );
    }
    std::fs::write(&path, &good).unwrap();
    let program = project.start();
    oracle::check(&program.client(), &ledger, &target).await;
}

/// Damage in the middle shows only when it is read: then the answer says so, and the rest goes on.
#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_middle_is_named_and_does_not_end_the_server() {
    let notes = tempfile::tempdir().unwrap();
    let (project, _target, _ledger) = used(&notes).await;
    let path = project.data.join("segue.db");
    let good = std::fs::read(&path).unwrap();
    let pages = good.len() / 4096;
    assert!(pages > 5);
    let (mut refused, mut served) = (0, 0);
    for page in 1..pages {
        let mut spoiled = good.clone();
        for byte in &mut spoiled[page * 4096..page * 4096 + 64] {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, &spoiled).unwrap();
        let mut command = project.command();
        let errors = tempfile::NamedTempFile::new().unwrap();
        command.stderr(errors.reopen().unwrap());
        let ended = match tokio::task::block_in_place(|| Program::try_start(command, &project.data))
        {
            Err(status) => Some(status),
            Ok(program) => {
                let client = program.client();
                let runs = client.status("/api/v1/runs").await;
                let workflows = client.status("/api/v1/workflows").await;
                match (runs, workflows) {
                    (Some(200 | 500), Some(200 | 500)) => None,
                    // The last thing before it serves is to read what it has.
                    (None, None) => Some(tokio::task::block_in_place(|| program.ended())),
                    other => panic!("page {page}: {other:?}"),
                }
            }
        };
        match ended {
            None => served += 1,
            Some(status) => {
                let said = std::fs::read_to_string(errors.path()).unwrap();
                assert_eq!(status.code(), Some(3), "page {page}: {said}");
                let is_named = ["damaged", "malformed"]
                    .iter()
                    .any(|word| said.contains(word));
                assert!(is_named, "page {page}: {said}");
                refused += 1;
            }
        }
        for name in ["segue.db-wal", "segue.db-shm"] {
            let _ = std::fs::remove_file(project.data.join(name));
        }
    }
    println!(
        "damage on each of {pages} pages: {refused} refused at the start, {served} served the rest"
    );
    assert!(refused > 0);
}
