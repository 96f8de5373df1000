//! The built program on a folder of its own: started, killed, started again on the same data.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The server is up, or down, within this time even on a busy machine in a debug build.
const PATIENCE: Duration = Duration::from_secs(60);

/// A project folder, with its data in `data`, beside it.
pub struct Project {
    folder: PathBuf,
    /// Removed at the end, when it is ours.
    _temporary: Option<tempfile::TempDir>,
    /// Where the data is; not always within the folder.
    pub data: PathBuf,
}

impl Project {
    /// Files by their path in the folder, and what is in them.
    pub fn new(files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let data = folder.path().join(".segue");
        Self {
            folder: folder.path().to_owned(),
            _temporary: Some(folder),
            data,
        }
    }

    /// A folder that is there.
    pub fn at(folder: &Path, data: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            _temporary: None,
            data: data.to_owned(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// `segue up`, not started yet.
    pub fn command(&self) -> Command {
        self.command_under(Command::new(env!("CARGO_BIN_EXE_segue")))
    }

    /// The same for a command line that begins with something else and ends with our program.
    pub fn command_under(&self, mut command: Command) -> Command {
        command
            .arg("up")
            .arg(self.path())
            .arg("--data")
            .arg(&self.data);
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--no-watch",
            "--log-level",
            "warn",
        ]);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    pub fn start(&self) -> Program {
        Program::start(self.command(), &self.data)
    }
}

/// A process that serves.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    pub token: String,
}

impl Program {
    /// Starts the command, and returns when it is ready.
    pub fn start(command: Command, data: &Path) -> Self {
        match Self::try_start(command, data) {
            Ok(program) => program,
            Err(status) => panic!("the server ended as it started: {status}"),
        }
    }

    /// Starts the command; how it ended, when it did so before it was ready.
    pub fn try_start(mut command: Command, data: &Path) -> Result<Self, ExitStatus> {
        // What a killed process left behind names an address where nobody is.
        let _ = std::fs::remove_file(data.join("address"));
        let mut child = command.spawn().unwrap();
        let since = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Err(status);
            }
            if let Some(address) = address_in(data) {
                let token = std::fs::read_to_string(data.join("owner-token")).unwrap();
                return Ok(Self {
                    child,
                    address,
                    token: token.trim().to_owned(),
                });
            }
            if since.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("the server is not ready after {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process itself, or what it started (when it is strace, the server).
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How it ended by itself.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// As an operator stops it.
    pub fn terminate(mut self) -> ExitStatus {
        signal(self.child.id(), rustix::process::Signal::TERM);
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "the server stops when it is told to"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// True when it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn client(&self) -> Client {
        Client {
            http: http(),
            address: self.address,
            token: self.token.clone(),
        }
    }
}

impl Drop for Program {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(process: u32, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(process.cast_signed()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

fn address_in(data: &Path) -> Option<SocketAddr> {
    let text = std::fs::read_to_string(data.join("address")).ok()?;
    // Written whole or not at all as far as a reader can tell: the line end comes last.
    text.strip_suffix('\n')?
        .strip_prefix("http://")?
        .parse()
        .ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test talks to the server it started"
)]
pub fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(PATIENCE).no_proxy();
    builder.build().unwrap()
}

/// Asks a server about its runs, as its owner.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub address: SocketAddr,
    token: String,
}

impl Client {
    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Only the status; none when nobody answers.
    pub async fn status(&self, path: &str) -> Option<u16> {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let answer = request.bearer_auth(&self.token).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// Delivers to a webhook, as somebody who has no token.
    pub async fn deliver(&self, path: &str, id: &str, body: String) -> Answer {
        let answer = self.try_deliver(path, id, body).await;
        answer.expect("the server answers")
    }

    /// [`Client::deliver`]; none when no answer came.
    pub async fn try_deliver(
        &self,
        path: &str,
        id: &str,
        body: impl Into<reqwest::Body>,
    ) -> Option<Answer> {
        let request = self.http.post(format!("http://{}{path}", self.address));
        let request = request
            .header("x-delivery-id", id)
            .header("content-type", "application/json");
        let answer = request.body(body).send().await.ok()?;
        Some(Answer::of(answer).await)
    }

    /// Every run there is.
    pub async fn runs(&self) -> Vec<Value> {
        let (mut runs, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/runs?limit=1000{after}")).await;
            runs.extend(page["runs"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return runs,
            }
        }
    }

    /// Returns when no run is open.
    pub async fn all_ended(&self) {
        let since = Instant::now();
        let mut left = usize::MAX;
        loop {
            let path = "/api/v1/runs?limit=1000&status=pending,running,waiting,suspended";
            let open = self.get(path).await["runs"].as_array().unwrap().clone();
            if open.is_empty() {
                return;
            }
            assert!(
                since.elapsed() < PATIENCE * 5,
                "{} runs (before: {left}) do not end, such as {}",
                open.len(),
                open[0]
            );
            left = open.len();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub content_type: Option<String>,
    /// From `location`.
    pub run: Option<String>,
    /// As text when it is not JSON.
    pub body: Value,
}

impl Answer {
    pub async fn of(answer: reqwest::Response) -> Self {
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let (retry_after, content_type) = (header("retry-after"), header("content-type"));
        let run = header("location").and_then(|path| Some(path.rsplit_once('/')?.1.to_owned()));
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            status,
            retry_after,
            content_type,
            run,
            body,
        }
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
