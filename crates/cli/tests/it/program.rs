//! The built program: started with a clean environment, its output in hand.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a command left.
#[derive(Debug)]
pub struct Left {
    pub code: i32,
    pub out: String,
    pub notes: String,
}

impl Left {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A command with nothing of the tester's environment that could change it.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEGUE_") {
            command.env_remove(name);
        }
    }
    command.args(args).env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub fn segue(args: &[&str]) -> Left {
    finish(command(args), "")
}

/// Runs a command to its end with this on standard input.
pub fn finish(mut command: Command, input: &str) -> Left {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read it may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Left {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        notes: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with files in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// `text` with this folder's name as `FOLDER`.
    pub fn hide(&self, text: &str) -> String {
        text.replace(self.0.path().to_str().unwrap(), "FOLDER")
    }
}

/// A server that is stopped with the test.
pub struct Up {
    child: Child,
    out: BufReader<ChildStdout>,
    notes: BufReader<std::process::ChildStderr>,
    pub banner: Value,
    data: String,
}

impl Up {
    /// Starts `segue up` on a free port and returns when it answers.
    pub fn start(folder: &Folder) -> Self {
        Self::start_with(folder, |_| {})
    }

    pub fn start_with(folder: &Folder, change: impl FnOnce(&mut Command)) -> Self {
        let data = folder.text("data");
        let project = folder.text("");
        let mut command = command(&["--json", "up", &project, "--data", &data]);
        command.env("SEGUE_LISTEN", "127.0.0.1:0");
        change(&mut command);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut notes = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let banner = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut why = String::new();
            notes.read_to_string(&mut why).unwrap();
            panic!("the server did not start: {why}")
        });
        Self {
            child,
            out,
            notes,
            banner,
            data,
        }
    }

    pub fn url(&self) -> &str {
        self.banner["url"].as_str().unwrap()
    }

    /// A command that talks to this server.
    pub fn ask(&self, args: &[&str]) -> Left {
        self.ask_with(args, "")
    }

    pub fn ask_with(&self, args: &[&str], input: &str) -> Left {
        let mut command = command(args);
        command.args(["--data", &self.data]);
        finish(command, input)
    }

    /// The answer of a command that must succeed.
    pub fn answer(&self, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        let left = self.ask(&all);
        assert_eq!(left.code, 0, "{left:?}");
        if left.out.is_empty() {
            Value::Null
        } else {
            left.json()
        }
    }

    /// Reads the log until a line has this in it; returns what was read.
    pub fn log_until(&mut self, part: &str) -> String {
        let mut read = String::new();
        while !read.contains(part) {
            let bytes = self.notes.read_line(&mut read).unwrap();
            assert!(bytes > 0, "the log ended without `{part}`: {read}");
        }
        read
    }

    /// Asks it to end; exit code and the rest of what it wrote.
    pub fn terminate(mut self) -> Left {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        let (mut out, mut notes) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.notes.read_to_string(&mut notes).unwrap();
        Left {
            code: self.child.wait().unwrap().code().unwrap_or(-1),
            out,
            notes,
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that goes on until something happens.
pub struct Going {
    child: Child,
    lines: BufReader<Box<dyn std::io::Read>>,
}

impl Going {
    /// Starts it; `lines` are those of its standard error when `is_noted`, else of its standard output.
    pub fn start(mut command: Command, is_noted: bool) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: Box<dyn std::io::Read> = match is_noted {
            true => Box::new(child.stderr.take().unwrap()),
            false => Box::new(child.stdout.take().unwrap()),
        };
        let lines = BufReader::new(lines);
        Self { child, lines }
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Exit code and the rest of its lines.
    pub fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), rest)
    }
}

/// Posts JSON and returns the status and the whole answer.
pub fn post(url: &str, path: &str, body: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a website that delivers to the server under test"
    )]
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of what this process makes is this process's user.
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

pub fn exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().exists()
}

/// Whether `text` has all of these, in this order.
pub fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => panic!("`{part}` is not there, or not in its place: {text}"),
        }
    }
}

pub fn with_env(mut command: Command, variables: &[(&str, impl AsRef<OsStr>)]) -> Command {
    for (name, value) in variables {
        command.env(name, value);
    }
    command
}
