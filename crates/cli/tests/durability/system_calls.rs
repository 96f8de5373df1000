//! Killed at chosen system calls of the store: as it enters the N-th write, and the N-th sync.
//!
//! strace counts the calls of each thread and sends the signal. A moment that `kill` at random hits once in a thousand
//! years, such as between the pages of one commit, is hit here every time.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::kill::{Chance, setting};
use crate::ledger::Clients;
use crate::oracle;
use crate::program::{Program, Project, signal};
use crate::target::{self, Target};

const WRITE: &str = "pwrite64";
/// Which of the two SQLite uses is a matter of how it was built.
const SYNC: &str = "fsync,fdatasync";
/// On one data directory, under load.
const POINTS: u64 = 24;
/// The first start of all, which makes the files: each on a directory of its own.
const FIRST_STARTS: [(&str, u64); 6] = [
    (WRITE, 1),
    (WRITE, 2),
    (WRITE, 5),
    (SYNC, 1),
    (SYNC, 2),
    (SYNC, 3),
];
const CLIENTS: u64 = 8;
const DELIVERIES: usize = 12;
/// The counts are drawn below this: some fall into the start, most into the work after it.
const CALLS: u64 = 60;
const PATIENCE: Duration = Duration::from_secs(60);
const SIGKILL: i32 = 9;

/// `strace` in front of the server: the N-th such call of a thread is its last.
fn traced(project: &Project, call: &str, number: u64) -> Command {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"));
    strace
        .arg("-e")
        .arg(format!("inject={call}:signal=SIGKILL:when={number}"));
    strace.arg(env!("CARGO_BIN_EXE_segue"));
    project.command_under(strace)
}

/// Fails with what is missing when no process may be traced here.
fn check_strace() {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    let output = tried.expect("strace is installed: on Debian, apt-get install strace");
    assert!(
        output.status.success(),
        "strace may not trace here (ptrace is not permitted; a container needs --cap-add SYS_PTRACE): {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn start(project: &Project, call: &str, number: u64) -> Option<Program> {
    let mut command = traced(project, call, number);
    command.stderr(Stdio::null());
    match Program::try_start(command, &project.data) {
        Ok(program) => Some(program),
        Err(status) => {
            assert_eq!(
                status.signal(),
                Some(SIGKILL),
                "at {call} {number} it ended by itself"
            );
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_accepted_is_lost_when_the_server_is_killed_at_a_system_call() {
    check_strace();
    let points = setting("SEGUE_SYSCALL_POINTS", POINTS);
    let seed = setting("SEGUE_KILL_SEED", u64::from(std::process::id()));
    println!("SEGUE_KILL_SEED={seed}");
    let mut chance = Chance::of(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let notes = tempfile::tempdir().unwrap();
    let target = Target::start(&notes).await;
    let project = Project::new(&target::project(target.address));
    let clients = Clients::start(CLIENTS, notes.path());
    let (mut at_start, mut at_work) = (0, 0);
    // The first start is the other test's, and slow under strace.
    tokio::task::block_in_place(|| project.start().terminate());
    for point in 0..points {
        let call = if point.is_multiple_of(2) { WRITE } else { SYNC };
        let number = 1 + chance.below(CALLS);
        let Some(mut program) = tokio::task::block_in_place(|| start(&project, call, number))
        else {
            at_start += 1;
            continue;
        };
        clients.server.send_replace(Some(program.address));
        let since = Instant::now();
        while !program.has_ended() {
            // As much work as it takes to come to the call.
            if clients.permits.available_permits() == 0 {
                clients.permits.add_permits(DELIVERIES);
            }
            if since.elapsed() > PATIENCE {
                signal(server_under(&program), rustix::process::Signal::KILL);
                panic!("the server never comes to its {number}th {call}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        clients.server.send_replace(None);
        at_work += 1;
    }
    assert!(
        at_work > points / 4,
        "most of the points are under load: {at_work} of {points}"
    );
    let program = tokio::task::block_in_place(|| project.start());
    clients.server.send_replace(Some(program.address));
    let ledger = clients.finish().await;
    let found = oracle::check(&program.client(), &ledger, &target).await;
    println!(
        "killed at {points} system calls ({at_start} while it started, {at_work} at work): {} runs of {} accepted \
         answers, {} calls repeated, 0 lost, 0 doubled",
        found.runs, found.answers, found.repeated_calls
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_killed_leaves_nothing_that_stops_the_second() {
    check_strace();
    for (call, number) in FIRST_STARTS {
        let notes = tempfile::tempdir().unwrap();
        let target = Target::start(&notes).await;
        let project = Project::new(&target::project(target.address));
        let killed = tokio::task::block_in_place(|| start(&project, call, number));
        assert!(
            killed.is_none(),
            "a first start has {number} calls of {call}"
        );
        let program = tokio::task::block_in_place(|| project.start());
        let clients = Clients::start(1, notes.path());
        clients.permits.add_permits(3);
        clients.server.send_replace(Some(program.address));
        while clients.permits.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let ledger = clients.finish().await;
        let found = oracle::check(&program.client(), &ledger, &target).await;
        assert_eq!(found.runs, 3, "killed at {call} {number}");
    }
}

/// The process that strace traces.
fn server_under(strace: &Program) -> u32 {
    let path = format!("/proc/{0}/task/{0}/children", strace.id());
    let children = std::fs::read_to_string(path).unwrap();
    let first = children
        .split_whitespace()
        .next()
        .expect("strace runs the server");
    first.parse().unwrap()
}
