//! `segue up`: serves a project folder until it is told to stop.

mod banner;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{ApiOptions, ConnectionLimits};
use runtime::{Options, Profile, Scope, Server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::arguments::Up;
use crate::config::{Config, Environment, LogFormat};
use crate::embedded::{self, ACTOR};
use crate::failure::{self, Failure};
use crate::findings::Report;
use crate::project::{self, File};
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{client, logging};
use banner::Banner;

/// Time for everything under way after the signal to stop: first for requests, the rest for calls.
const GRACE: Duration = Duration::from_secs(30);
const GRACE_REQUESTS: Duration = Duration::from_secs(10);

pub async fn perform(terminal: &Terminal, options: Up) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let loaded = Config::load(&options.folder, &environment, &options.settings)?;
    let config = loaded.config;
    logging::start(terminal, config.log, &config.log_level);
    for report in &loaded.warnings {
        for finding in &report.findings {
            tracing::warn!("{}", finding.message);
        }
    }
    let is_watching = config.profile == Profile::Development && !options.no_watch;
    // Before anything is opened: a folder that is not valid leaves everything as it was.
    let voice = Voice {
        terminal,
        log: config.log,
    };
    let files = checked(voice, &options.folder).await?;
    let listener = listen(&config).await?;
    let server = embedded::start(server_options(&config, &environment)).await?;
    let project = Project {
        voice,
        folder: &options.folder,
        config: &config,
        server: &server,
        scope: Scope::all(ACTOR),
        is_watching,
    };
    let served = serve(&project, listener, files).await;
    server.stop(GRACE.saturating_sub(GRACE_REQUESTS)).await;
    if served.is_ok() {
        tracing::info!("stopped");
    }
    served
}

/// Every file of the folder, all valid. Their warnings are shown.
async fn checked(voice: Voice<'_>, folder: &Path) -> Result<Vec<File>, Failure> {
    if !folder.is_dir() {
        return Err(Failure::user(format!(
            "there is no folder {}",
            folder.display()
        )));
    }
    let paths = project::project_files(folder)?;
    let files: Vec<File> = paths
        .iter()
        .map(|path| File::read(path))
        .collect::<Result<_, _>>()?;
    let mut reports = project::check(&files).await?;
    reports.retain(|report| !report.findings.is_empty());
    if reports.iter().any(Report::has_errors) {
        let failure = Failure::user(format!(
            "{} is not valid; nothing was started",
            folder.display()
        ));
        return Err(failure.with_reports(reports));
    }
    for report in &reports {
        voice.tell(report);
    }
    Ok(files)
}

/// Tells what happens after the start: with lines of the text for people, as events for a log that machines read.
#[derive(Clone, Copy)]
struct Voice<'a> {
    terminal: &'a Terminal,
    log: LogFormat,
}

impl Voice<'_> {
    fn tell(self, report: &Report) {
        match self.log {
            LogFormat::Human => self
                .terminal
                .note(report.render(self.terminal.note_paint())),
            LogFormat::Json => {
                for finding in &report.findings {
                    let (path, line, severity) = (&*report.path, finding.line, &*finding.severity);
                    tracing::warn!(path, line, severity, "{}", finding.message);
                }
            }
        }
    }

    fn tell_failure(self, failure: &Failure) {
        match self.log {
            LogFormat::Human => failure.tell(self.terminal),
            LogFormat::Json => {
                failure.reports.iter().for_each(|report| self.tell(report));
                tracing::error!("{}", failure.message);
            }
        }
    }
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let address = config.listen;
    if !address.ip().is_loopback() {
        tracing::warn!(
            "listening on {address}: whoever reaches this address can reach Segue; put something that speaks TLS in front"
        );
        if config.profile == Profile::Development {
            tracing::warn!(
                "the development profile lets workflows run shell commands; choose `--profile production` for a server that others reach"
            );
        }
    }
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::unavailable(format!("cannot listen on {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                failure.help("another program has it; choose one with `--listen 127.0.0.1:0`")
            }
            _ => failure,
        }
    })
}

fn server_options(config: &Config, environment: &Environment) -> Options {
    Options {
        data: Some(config.data.clone()),
        profile: config.profile,
        allowed_networks: config.allowed_networks.clone(),
        secret_directory: config.secrets_directory.clone(),
        secrets: environment.secrets(),
        retention: config.retention,
    }
}

/// What is served, and how.
struct Project<'a> {
    voice: Voice<'a>,
    folder: &'a Path,
    config: &'a Config,
    server: &'a Arc<Server>,
    scope: Scope,
    is_watching: bool,
}

async fn serve(
    project: &Project<'_>,
    listener: TcpListener,
    files: Vec<File>,
) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    let Project { config, server, .. } = *project;
    let is_replacing = config.profile == Profile::Development;
    let applied = server
        .apply_folder(&project.scope, project.folder, is_replacing)
        .await;
    applied.map_err(|error| failure::of_runtime(error, None))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::unavailable(format!("cannot listen: {error}")))?;
    let url = format!("http://{}", reachable(address));
    let address_file = AddressFile::write(&config.data, &url)?;
    Banner::of(project, &url)?.show(project.voice.terminal)?;

    let closing = CancellationToken::new();
    let api = ApiOptions {
        body_bytes_max: config.body_bytes_max,
        hosts: config.hosts.clone(),
        ..ApiOptions::default()
    };
    let limits = ConnectionLimits {
        grace: GRACE_REQUESTS,
        ..ConnectionLimits::default()
    };
    let router = api::router(server.clone(), api);
    let serving = tokio::spawn(api::serve_within(
        listener,
        router,
        limits,
        closing.clone().cancelled_owned(),
    ));
    let watching = async {
        if project.is_watching {
            watch::watch(project, files).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = stop.asked() => tracing::info!("stopping; ask again to stop at once"),
        () = watching => {}
    }
    drop(address_file);
    closing.cancel();
    tokio::select! {
        served = serving => match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::unavailable(format!("cannot serve: {error}"))),
            // Told by the panic hook.
            Err(_) => Err(Failure::unavailable("the HTTP side ended early")),
        },
        () = stop.asked() => Ok(()),
    }
}

/// An address of this machine where the listener answers.
fn reachable(mut address: std::net::SocketAddr) -> std::net::SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Tells the commands that are given the data directory where its server is. Removed at the end.
struct AddressFile(PathBuf);

impl AddressFile {
    fn write(data: &Path, url: &str) -> Result<Self, Failure> {
        let path = data.join(client::ADDRESS_FILE);
        std::fs::write(&path, format!("{url}\n"))
            .map_err(|error| Failure::file("write", &path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // Left behind it names a server that does not answer, and the commands say so.
        let _ = std::fs::remove_file(&self.0);
    }
}
