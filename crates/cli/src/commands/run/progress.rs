//! What a run does, while it does it: one line for each task that starts or ends, on standard error.

use std::convert::Infallible;
use std::time::Duration;

use runtime::{HistoryEntry, LiveEvent, RuntimeError};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::terminal::{Ink, Terminal, plain};
use crate::timeline::{self, TaskLine};

/// The history is read at most so often: each read folds it from its beginning.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Records read at once.
const RECORDS: u32 = 1_000;
/// Entries kept to tell a task's end with its start; older ones are let go, and their ends are told without a time.
const ENTRIES_MAX: usize = 20_000;

pub struct Progress<'a, R> {
    terminal: &'a Terminal,
    run: String,
    /// Reads the history from a record on, at most so many records.
    read: R,
    is_silent: bool,
    entries: Vec<timeline::Entry>,
    next_record: u64,
    looked_at: Instant,
}

impl<'a, R: Fn(u64, u32) -> Result<Vec<HistoryEntry>, RuntimeError>> Progress<'a, R> {
    pub fn new(terminal: &'a Terminal, run: String, is_silent: bool, read: R) -> Self {
        Self {
            terminal,
            run,
            read,
            is_silent,
            entries: Vec::new(),
            next_record: 1,
            looked_at: Instant::now(),
        }
    }

    /// Shows what happens until the caller has enough of it.
    pub async fn follow(&mut self, live: &mut Receiver<LiveEvent>) -> Infallible {
        loop {
            match live.recv().await {
                Ok(event) if event.run.to_string() != self.run => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return std::future::pending().await,
            }
            tokio::time::sleep_until(self.looked_at + LOOK_EVERY).await;
            self.show();
            self.looked_at = Instant::now();
        }
    }

    /// Shows what is new.
    pub fn show(&mut self) {
        // What cannot be read is told with the run's end.
        while let Ok(page) = (self.read)(self.next_record, RECORDS)
            && let Some(last) = page.last().filter(|_| !self.is_silent)
        {
            self.next_record = last.seq + 1;
            let new = page
                .iter()
                .map(|entry| serde_json::to_value(entry).unwrap_or_default());
            let shown = self.entries.len();
            self.entries.extend(new);
            self.tell(shown);
            if self.entries.len() > ENTRIES_MAX {
                self.entries.clear();
            }
        }
    }

    fn tell(&self, shown: usize) {
        let tasks = timeline::tasks(&self.entries);
        for entry in &self.entries[shown..] {
            if let Some(line) = self.line(entry, &tasks) {
                self.terminal.note(line);
            }
        }
    }

    fn line(&self, entry: &timeline::Entry, tasks: &[TaskLine]) -> Option<String> {
        let paint = self.terminal.note_paint();
        let at = timeline::time(&entry["at"]);
        let name = entry["name"].as_str()?;
        let id = entry["data"]["id"].as_u64();
        let task = tasks.iter().find(|task| Some(task.id) == id);
        let indent = "  ".repeat(task.map_or(0, |task| task.depth));
        let took = || {
            let task = task.filter(|task| task.ended_at == Some(at));
            task.map_or(String::new(), |task| timeline::length(task.started_at, at))
        };
        let (mark, detail) = match entry["event"].as_str()? {
            "taskStarted" => (paint.on(Ink::Cyan, "·"), String::new()),
            "taskCompleted" => (paint.on(Ink::Green, "✓"), took()),
            "taskFaulted" => (
                paint.on(Ink::Red, "✗"),
                timeline::error(&entry["data"]["error"]),
            ),
            "taskSkipped" => (paint.on(Ink::Dim, "-"), "skipped".to_owned()),
            "attemptStarted" => (
                paint.on(Ink::Yellow, "↻"),
                format!("retry {}", entry["data"]["attempt"]),
            ),
            _ => return None,
        };
        let line = format!(
            "{indent}{mark} {}  {}",
            plain(name),
            paint.on(Ink::Dim, &plain(&detail))
        );
        Some(line.trim_end().to_owned())
    }
}
