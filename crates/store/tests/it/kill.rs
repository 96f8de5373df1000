//! A process that is killed loses no unit that it had an answer for, and leaves no half one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use store::Store;
use store::sqlite::SqliteStore;

use crate::whole::{check, options, whole_unit};

const DIRECTORY: &str = "STORE_TEST_KILLED_IN";
const FIRST: &str = "STORE_TEST_KILLED_FROM";
const CYCLES: u32 = 20;
/// Numbers of one process.
const SPAN: u32 = 20_000;
const IN_FLIGHT: u32 = 16;

#[test]
fn what_was_answered_outlives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut answered = BTreeSet::new();
    for cycle in 0..CYCLES {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::the_process_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, directory.path())
            .env(FIRST, (cycle * SPAN).to_string())
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
        assert!(answered.len() as u32 > cycle, "the process got answers");
        let store = SqliteStore::open(directory.path(), options()).unwrap();
        store.close();
    }
    let last = *answered.last().expect("there were answers");
    check(directory.path(), &answered, 0..last + SPAN).unwrap();
}

/// Not a test of its own: the one above starts it, and kills it.
#[test]
#[ignore = "started by what_was_answered_outlives_a_kill"]
fn the_process_that_is_killed() {
    let (Ok(directory), Ok(first)) = (std::env::var(DIRECTORY), std::env::var(FIRST)) else {
        return;
    };
    let first: u32 = first.parse().unwrap();
    let store = SqliteStore::open(directory, options()).unwrap();
    let (done, answers) = mpsc::channel();
    let submit = |number: u32| {
        let done = done.clone();
        store.submit(
            whole_unit(number),
            Box::new(move |answer| done.send(answer.map(|_| number)).unwrap()),
        );
    };
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
