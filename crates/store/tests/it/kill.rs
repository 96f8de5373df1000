//! A process that is killed loses no unit that it had an answer for, and leaves no half one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;

use store::Store;
use store::sqlite::SqliteStore;

use crate::whole::{check, options, quick_directory, whole_unit};

const DIRECTORY: &str = "STORE_TEST_KILLED_IN";
const FIRST: &str = "STORE_TEST_KILLED_FROM";
const CYCLES: u32 = 20;
/// Numbers of one process.
const SPAN: u32 = 20_000;
const IN_FLIGHT: u32 = 16;

#[test]
fn what_was_answered_outlives_a_kill() {
    // The processes that this test starts are this test again, told where to write.
    if let (Ok(directory), Ok(first)) = (std::env::var(DIRECTORY), std::env::var(FIRST)) {
        return write_until_killed(Path::new(&directory), first.parse().unwrap());
    }
    let directory = quick_directory();
    let mut answered = BTreeSet::new();
    let mut submitted = Vec::new();
    for cycle in 0..CYCLES {
        let first = cycle * SPAN;
        let answered_before = answered.len();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::what_was_answered_outlives_a_kill",
                "--nocapture",
            ])
            .env(DIRECTORY, directory.path())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Lines of the test harness are among them; a line cut off by the kill is not an answer.
        let mut numbers = lines.map_while(Result::ok).filter_map(|line| {
            line.strip_prefix("answered ")?
                .strip_suffix('.')?
                .parse::<u32>()
                .ok()
        });
        // From "just opened" to "in the middle of a checkpoint".
        let before_kill = 1 + (cycle * 7_919) % 900;
        answered.extend(numbers.by_ref().take(before_kill as usize));
        child.kill().unwrap();
        answered.extend(numbers);
        child.wait().unwrap();
        let count = (answered.len() - answered_before) as u32;
        assert!(count >= before_kill, "the process got answers");
        assert!(count < SPAN - IN_FLIGHT, "it was killed, it did not end");
        // A unit is submitted after the answer to an earlier one was written.
        submitted.extend(first..first + IN_FLIGHT + count);
        let store = SqliteStore::open(directory.path(), options()).unwrap();
        store.close();
    }
    check(directory.path(), &answered, submitted).unwrap();
}

fn write_until_killed(directory: &Path, first: u32) {
    let store = SqliteStore::open(directory, options()).unwrap();
    let (done, answers) = sync_channel(IN_FLIGHT as usize);
    let submit = |number: u32| {
        let done = done.clone();
        store.submit(
            whole_unit(number),
            Box::new(move |answer| done.send(answer.map(|_| number)).unwrap()),
        );
    };
    // The harness may be in the middle of a line.
    std::io::stdout().write_all(b"\n").unwrap();
    for number in first..first + IN_FLIGHT {
        submit(number);
    }
    for next in first + IN_FLIGHT..first + SPAN {
        let number = answers.recv().unwrap().unwrap();
        std::io::stdout()
            .write_all(format!("answered {number}.\n").as_bytes())
            .unwrap();
        submit(next);
    }
}
