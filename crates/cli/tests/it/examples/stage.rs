//! One example on its stage: the systems on free ports, a copy of the folder that names those ports, and a server.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use systems::{Ports, Running};

use crate::program::{Folder, Left, Up};

/// Longer than any sample takes; what has not ended by then is a failed test.
const WAIT: &str = "PT30S";
const WAIT_MS: u64 = 30_000;
/// How long the examples wait before the first retry.
const RETRY_DELAY: &str = "milliseconds: 500\n";

pub struct Stage {
    // The server stops before the systems it talks to.
    up: Up,
    token: String,
    pub systems: Running,
    // What the systems run on.
    _threads: tokio::runtime::Runtime,
    folder: Folder,
}

impl Stage {
    /// The example with the secrets that its systems accept.
    pub fn of(example: &str) -> Self {
        let secrets = secrets(example);
        Self::with(example, &secrets, &[])
    }

    /// The example with retries that a test can sit through to the last one.
    pub fn hurried(example: &str) -> Self {
        let name = format!("workflows/{example}.yaml");
        let text = std::fs::read_to_string(source(example).join(&name)).unwrap();
        assert!(text.contains(RETRY_DELAY), "{example} waits otherwise");
        let text = text.replace(RETRY_DELAY, "milliseconds: 10\n");
        Self::with(example, &secrets(example), &[(&name, &text)])
    }

    /// The example with these secrets, as environment variables, and these files beside its own.
    pub fn with(example: &str, secrets: &BTreeMap<String, String>, more: &[(&str, &str)]) -> Self {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let systems = threads
            .block_on(systems::start(systems::Options::default()))
            .unwrap();
        let folder = Folder::with(&[]);
        copy(&source(example), "", &folder, &|text| {
            on_these_ports(text, &systems)
        });
        for (name, text) in more {
            folder.write(name, &on_these_ports(text, &systems));
        }
        let up = Up::start_with(&folder, |command| {
            command.envs(secrets);
        });
        let token = std::fs::read_to_string(folder.path("data/owner-token")).unwrap();
        Self {
            up,
            token: token.trim().to_owned(),
            systems,
            _threads: threads,
            folder,
        }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path("data")
    }

    pub fn ask(&self, args: &[&str]) -> Left {
        self.up.ask(args)
    }

    pub fn ask_with(&self, args: &[&str], input: &str) -> Left {
        self.up.ask_with(args, input)
    }

    /// A request to the server, with the owner's token.
    pub fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_as(method, path, "application/json", body)
    }

    pub fn call_as(&self, method: &str, path: &str, media_type: &str, body: &str) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", &*authorization),
            ("content-type", media_type),
        ];
        request(self.address(), method, path, &headers, body)
    }

    /// A request of somebody who has no token.
    pub fn call_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        request(self.address(), "POST", path, headers, body)
    }

    /// The run when it has ended.
    pub fn end_of(&self, run: &str) -> Value {
        let path = format!("/api/v1/runs/{run}?wait={WAIT}");
        let run = self.call("GET", &path, "").json(200);
        assert!(!run["endedAt"].is_null(), "it has not ended: {run:#}");
        run
    }

    /// Everything that happened in a run, oldest first.
    pub fn history(&self, run: &str) -> Vec<Value> {
        let path = format!("/api/v1/runs/{run}/history?limit=1000");
        let page = self.call("GET", &path, "").json(200);
        assert!(page["next"].is_null(), "there is more than one page");
        page["entries"].as_array().unwrap().clone()
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        let page = self.call("GET", "/api/v1/runs", "").json(200);
        page["runs"].as_array().unwrap().len()
    }

    /// Ends the server; exit code and what it wrote.
    pub fn terminate(self) -> (Left, Folder) {
        (self.up.terminate(), self.folder)
    }

    fn address(&self) -> &str {
        self.up.url().strip_prefix("http://").unwrap()
    }
}

/// What one of the systems answers to `path`; a credential only where it asks for one.
pub fn look(system: SocketAddr, path: &str, token: &str) -> Value {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", &*authorization)];
    request(&system.to_string(), "GET", path, &headers, "").json(200)
}

/// The mails to one person, when there are so many.
pub fn mails(mail: SocketAddr, to: &str, at_least: usize) -> Vec<Value> {
    let path = format!("/mails?to={to}&at_least={at_least}&wait_ms={WAIT_MS}");
    items(&look(mail, &path, ""))
}

/// How many requests a system was sent, by method and path.
pub fn requests(system: SocketAddr, method: &str, path: &str) -> Vec<Value> {
    items(&look(
        system,
        &format!("/_requests?method={method}&path={path}"),
        "",
    ))
}

/// Orders a system to fail, as its `/_faults` describes.
pub fn spoil(system: SocketAddr, fault: &Value) {
    let headers = [("content-type", "application/json")];
    let address = system.to_string();
    request(&address, "POST", "/_faults", &headers, &fault.to_string()).json(200);
}

pub fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().unwrap().clone()
}

/// The tasks that a run really started, by name, in order.
pub fn tasks(history: &[Value]) -> Vec<&str> {
    history
        .iter()
        .filter(|entry| entry["event"] == "taskStarted")
        .map(|entry| entry["name"].as_str().unwrap())
        .collect()
}

/// The samples of a folder of an example: name and content, in order of name.
pub fn samples(example: &str, folder: &str) -> Vec<(String, Value)> {
    let mut samples: Vec<_> = std::fs::read_dir(source(example).join(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect();
    samples.sort_by(|(one, _), (other, _)| one.cmp(other));
    samples
}

pub fn sample(example: &str, folder: &str, name: &str) -> Value {
    let mut all = samples(example, folder);
    let position = all.iter().position(|(known, _)| known == name);
    all.swap_remove(position.unwrap()).1
}

/// The variables of the example's `secrets.env`.
pub fn secrets(example: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(source(example).join("secrets.env")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Asserts that `found` has every member of `expected`, with these values.
#[track_caller]
pub fn assert_has(found: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "`{name}` of {found:#}");
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The run that the answer is about.
    #[track_caller]
    pub fn run(&self) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let location = lines.find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let (_, location) = location.unwrap_or_else(|| panic!("it names no run: {self:?}"));
        location.rsplit('/').next().unwrap().to_owned()
    }
}

fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    #[expect(
        clippy::disallowed_methods,
        reason = "a client of the server and of the systems under test"
    )]
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

fn source(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(example)
}

fn copy(from: &Path, name: &str, to: &Folder, change: &dyn Fn(&str) -> String) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().to_str().unwrap());
        let path = entry.path();
        // What a run of the example by hand may have left is not part of it.
        if name == "/.segue" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &name, to, change);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            to.write(name.trim_start_matches('/'), &change(&text));
        }
    }
}

fn on_these_ports(text: &str, systems: &Running) -> String {
    let demo = Ports::demo();
    let pairs = [
        (demo.crm, systems.crm),
        (demo.enrichment, systems.enrichment),
        (demo.chat, systems.chat),
        (demo.bank, systems.bank),
        (demo.procurement, systems.procurement),
        (demo.smtp, systems.smtp),
    ];
    // In two steps: a free port may be the demo port of another system.
    let mut text = text.to_owned();
    for (index, (port, _)) in pairs.iter().enumerate() {
        text = text
            .replace(
                &format!("127.0.0.1:{port}"),
                &format!("127.0.0.1:<{index}>"),
            )
            .replace(&format!("port: {port}"), &format!("port: <{index}>"));
    }
    for (index, (_, address)) in pairs.iter().enumerate() {
        text = text.replace(&format!("<{index}>"), &address.port().to_string());
    }
    text
}
