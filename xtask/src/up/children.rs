//! The programs we started: their output on our screen, and their end tied to ours.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take to stop after it was asked to.
const STOP_WITHIN: Duration = Duration::from_secs(35);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Programs in order of start. Dropped, it stops them, the last one first.
pub struct Children {
    started: Vec<(&'static str, Child)>,
    /// Set by Ctrl-C and SIGTERM.
    stop: Arc<AtomicBool>,
}

impl Children {
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        Self {
            started: Vec::new(),
            stop,
        }
    }

    /// Starts a program; each line it prints appears on our screen behind its name.
    pub fn start(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        // Its own process group: Ctrl-C reaches us alone, and we stop the programs in order.
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", crate::command::spelled(command)))?;
        show(
            name,
            child.stdout.take().expect("asked for as a pipe above"),
        );
        show(
            name,
            child.stderr.take().expect("asked for as a pipe above"),
        );
        self.started.push((name, child));
        Ok(())
    }

    pub fn is_told_to_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// An error as soon as one of the programs has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        for (name, child) in &mut self.started {
            if let Some(status) = child.try_wait()? {
                bail!("`{name}` ended with {status}");
            }
        }
        Ok(())
    }

    /// Returns when `is_ready`; an error when that takes too long, a program dies, or we are told to stop.
    pub fn wait_for(
        &mut self,
        within: Duration,
        what: &str,
        is_ready: impl Fn() -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        while !is_ready() {
            self.check_alive()?;
            if self.is_told_to_stop() {
                bail!("stopped while waiting for {what}");
            }
            if Instant::now() > deadline {
                bail!("{what} did not answer within {within:?}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Asks each program to stop and waits for it; one that does not is killed, and we say so.
    pub fn stop(&mut self) {
        while let Some((name, mut child)) = self.started.pop() {
            if !stop_politely(&mut child) {
                eprintln!("`{name}` did not stop within {STOP_WITHIN:?} and was killed");
                // Errors mean that it has just ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}

fn stop_politely(child: &mut Child) -> bool {
    if matches!(child.try_wait(), Ok(Some(_))) {
        return true;
    }
    // An error means that it has just ended; the wait below sees that.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let deadline = Instant::now() + STOP_WITHIN;
    while Instant::now() < deadline {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    false
}

fn show(name: &'static str, output: impl Read + Send + 'static) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            println!("{name:8} | {}", String::from_utf8_lossy(&line));
        }
    });
}

#[cfg(test)]
mod tests;
