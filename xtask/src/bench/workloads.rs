//! What is measured: the program over HTTP, and the runtime inside one process with a connector that costs nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::machine::{Limits, directory};
use super::{Figure, load};
use crate::command::{built, capture, program};
use crate::up::http;

const ADDRESS: &str = "127.0.0.1:7390";
const LOAD_FOR: Duration = Duration::from_secs(10);
const SEQUENCE_RUNS: usize = 300;

/// A pure sequence of 40 tasks, start to completed in one request.
pub fn sequence(limits: &Limits) -> Result<Vec<Figure>> {
    let tasks: String = (1..=40)
        .map(|number| format!("  - t{number}: {{ set: {{ n: '${{ (.n // 0) + 1 }}' }} }}\n"))
        .collect();
    let definition = format!(
        "document: {{ dsl: '1.0.3', namespace: bench, name: forty, version: '1.0.0' }}\ndo:\n{tasks}"
    );
    let server = Served::start(limits, &[("workflows/forty.yaml", &definition)])?;
    let token = server.token()?;
    let mut client = Client::connect()?;
    let path = "/api/v1/workflows/bench/forty/runs?wait=PT10S";
    let mut times = Vec::with_capacity(SEQUENCE_RUNS);
    for number in 0..SEQUENCE_RUNS + 20 {
        let began = Instant::now();
        let (status, body) = client.post(path, &token, "{\"n\": 0}")?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        ensure!(
            status == 200 && body.contains("completed"),
            "{status}: {body}"
        );
        if number >= 20 {
            times.push(took);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(vec![
        figure("median", times[times.len() / 2], "ms"),
        figure("p99", times[times.len() * 99 / 100], "ms"),
        figure("one fsync", limits.fsync.median_us / 1e3, "ms"),
    ])
}

const SOURCE: &str = "apiVersion: segue/v1
kind: Source
metadata: { namespace: bench, name: NAME }
spec:
  webhook: { verify: none REPLY }
  schema: { type: object, required: [email] }
  event: { type: bench.NAME }
";
const ON_EVENT: &str = "document: { dsl: '1.0.3', namespace: bench, name: NAME, version: '1.0.0' }
schedule: { on: { one: { with: { type: bench.NAME } } } }
input: { from: '.[0].data' }
do:
  - keep: { set: { email: '${ .email }', seen: true } }
";

pub fn accepted(limits: &Limits) -> Result<Vec<Figure>> {
    hook(limits, "accept", "")
}

pub fn replied(limits: &Limits) -> Result<Vec<Figure>> {
    hook(limits, "reply", ", reply: { wait: PT10S }")
}

fn hook(limits: &Limits, name: &str, reply: &str) -> Result<Vec<Figure>> {
    let source = SOURCE.replace("NAME", name).replace("REPLY", reply);
    let workflow = ON_EVENT.replace("NAME", name);
    let server = Served::start(
        limits,
        &[("workflows/w.yaml", &workflow), ("sources/s.yaml", &source)],
    )?;
    let url = format!("http://{ADDRESS}/hooks/bench/{name}");
    load::post_json(&url, Duration::from_secs(2))?;
    let load = load::post_json(&url, LOAD_FOR)?;
    ensure!(load.errors == 0, "{} answers were errors", load.errors);
    let share = 100.0 * load.requests_per_second / limits.echo.requests_per_second;
    let rss = server.resident_mb()?;
    Ok(vec![
        figure("rate", load.requests_per_second, "/s"),
        figure("of the echo", share, "%"),
        figure("p50", load.p50_ms, "ms"),
        figure("p99", load.p99_ms, "ms"),
        figure("resident after", rss, "MB"),
    ])
}

pub fn effects(limits: &Limits) -> Result<Vec<Figure>> {
    let result = inside(limits, &["effects", "40000", "256"])?;
    Ok(vec![
        figure("task records", number(&result, "task_records_per_s")?, "/s"),
        figure("runs", number(&result, "runs_per_s")?, "/s"),
        figure("resident", number(&result, "rss_mb")?, "MB"),
    ])
}

pub fn loop_of_effects(limits: &Limits) -> Result<Vec<Figure>> {
    let result = inside(limits, &["loop", "1000"])?;
    Ok(vec![
        figure("median", number(&result, "median_ms")?, "ms"),
        figure("worst of 9", number(&result, "max_ms")?, "ms"),
    ])
}

pub fn million_items(limits: &Limits) -> Result<Vec<Figure>> {
    let result = inside(limits, &["million", "1000000"])?;
    Ok(vec![
        figure("resident at most", number(&result, "rss_max_mb")?, "MB"),
        figure("took", number(&result, "seconds")?, "s"),
    ])
}

pub fn waiting_runs(limits: &Limits) -> Result<Vec<Figure>> {
    let result = inside(limits, &["waiting", "100000"])?;
    Ok(vec![
        figure("ready after", number(&result, "ready_s")?, "s"),
        figure("started", number(&result, "started_per_s")?, "/s"),
        figure("resident", number(&result, "rss_mb")?, "MB"),
    ])
}

pub fn idle(limits: &Limits) -> Result<Vec<Figure>> {
    let server = Served::start(
        limits,
        &[("workflows/w.yaml", &ON_EVENT.replace("NAME", "idle"))],
    )?;
    std::thread::sleep(Duration::from_secs(2));
    let (before, began) = (server.cpu_seconds()?, Instant::now());
    std::thread::sleep(Duration::from_secs(15));
    let share = 100.0 * (server.cpu_seconds()? - before) / began.elapsed().as_secs_f64();
    Ok(vec![
        figure("resident", server.resident_mb()?, "MB"),
        figure("of one core", share, "%"),
    ])
}

pub fn cold_start(limits: &Limits) -> Result<Vec<Figure>> {
    let mut times = Vec::new();
    for _ in 0..7 {
        let server = Served::start(
            limits,
            &[("workflows/w.yaml", &ON_EVENT.replace("NAME", "cold"))],
        )?;
        times.push(server.ready_after.as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(vec![
        figure("median of 7", times[3], "ms"),
        figure("worst", times[6], "ms"),
    ])
}

pub fn size(limits: &Limits) -> Result<Vec<Figure>> {
    let bytes = std::fs::metadata(built("segue", limits.is_optimised))?.len();
    Ok(vec![figure("file", bytes as f64 / 1e6, "MB")])
}

/// The program on an empty data directory, for as long as this lives.
struct Served {
    child: Child,
    data: PathBuf,
    ready_after: Duration,
}

impl Served {
    fn start(limits: &Limits, files: &[(&str, &str)]) -> Result<Self> {
        let folder = directory().join("project");
        let data = directory().join("data");
        for old in [&folder, &data] {
            if old.exists() {
                std::fs::remove_dir_all(old)?;
            }
        }
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            std::fs::write(path, text)?;
        }
        let mut command = program(built("segue", limits.is_optimised));
        command
            .arg("up")
            .arg(&folder)
            .args(["--listen", ADDRESS, "--data"])
            .arg(&data);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let child = command.spawn().context("cannot start segue")?;
        let mut server = Self {
            child,
            data,
            ready_after: Duration::ZERO,
        };
        while !http::get(ADDRESS, "/readyz", &[]).is_ok_and(|reply| reply.status == 200) {
            if let Some(status) = server.child.try_wait()? {
                bail!("segue ended with {status}");
            }
            ensure!(
                began.elapsed() < Duration::from_secs(30),
                "segue is not ready after 30 s"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = began.elapsed();
        Ok(server)
    }

    fn token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.data.join("owner-token"))?
            .trim()
            .to_owned())
    }

    fn resident_mb(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line
            .split_whitespace()
            .nth(1)
            .context("no number")?
            .parse::<f64>()?
            / 1e3)
    }

    fn cpu_seconds(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after = text.rsplit_once(')').context("no name")?.1;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        // Clock ticks are hundredths of a second on every Linux that people run.
        Ok(ticks / 100.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One kept connection.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect() -> Result<Self> {
        let stream = TcpStream::connect(ADDRESS)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    fn post(&mut self, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {ADDRESS}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("no status")?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, String::from_utf8(body)?))
    }
}

/// Runs a workload of the `bench` program, which prints one JSON object.
fn inside(limits: &Limits, arguments: &[&str]) -> Result<serde_json::Value> {
    let printed = capture(program(built("bench", limits.is_optimised)).args(arguments))?;
    let text = String::from_utf8(printed)?;
    let line = text.lines().last().context("bench printed nothing")?;
    Ok(serde_json::from_str(line)?)
}

fn number(result: &serde_json::Value, name: &str) -> Result<f64> {
    result[name]
        .as_f64()
        .with_context(|| format!("bench told no {name}: {result}"))
}

fn figure(name: &'static str, value: f64, unit: &'static str) -> Figure {
    Figure { name, value, unit }
}
