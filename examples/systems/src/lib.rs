//! The outside world of the examples: real programs on loopback that keep what they are sent.
//!
//! A CRM, a company-enrichment service, a chat, a mail server, a bank and a procurement system. They stand in for systems
//! that Segue's users have; nothing of Segue is in here, so that what a test finds in them has really crossed a socket.
//! Every HTTP system records each request it receives and can be told to fail (see [`front`]).
//! One test or one program starts all of them with [`start`], or a single one with [`start_one`].

pub mod bank;
pub mod chat;
pub mod crm;
pub mod enrichment;
pub mod mail;
pub mod procurement;

mod database;
mod front;
mod idempotency;
mod page;
mod problem;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use enrichment::Rate;
pub use mail::Login;

/// What the CRM expects as `authorization: Bearer ...`.
pub const CRM_TOKEN: &str = "crm-demo-token";
/// What the enrichment service expects as `x-api-key: ...` or `authorization: Bearer ...`.
pub const ENRICHMENT_KEY: &str = "enrichment-demo-key";
/// What the bank expects as `authorization: Bearer ...`.
pub const BANK_TOKEN: &str = "bank-demo-token";
/// What the procurement system expects as `authorization: Bearer ...`.
pub const PROCUREMENT_TOKEN: &str = "procurement-demo-token";

/// How to start the systems. The default suits a test: free ports, nothing left on disk.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder for databases and mails; without one everything is kept in memory.
    pub data: Option<PathBuf>,
    pub ports: Ports,
    /// How many answers the enrichment service gives in which time.
    pub enrichment_rate: Rate,
    /// What a mail client must present; without one anybody on loopback may send.
    pub smtp_login: Option<Login>,
}

/// The port of each system on 127.0.0.1; 0 lets the operating system choose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub crm: u16,
    pub enrichment: u16,
    pub chat: u16,
    pub bank: u16,
    pub procurement: u16,
    /// The HTTP view of the mails.
    pub mail: u16,
    pub smtp: u16,
}

impl Ports {
    /// The ports that the connections of the examples name.
    pub fn demo() -> Self {
        Self {
            crm: 7301,
            enrichment: 7302,
            chat: 7303,
            bank: 7304,
            procurement: 7305,
            mail: 7306,
            smtp: 7325,
        }
    }
}

/// Which system to start alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Crm,
    Enrichment,
    Chat,
    Bank,
    Procurement,
    /// The mail server, with its HTTP view.
    Mail,
}

impl System {
    pub const ALL: [System; 6] = [
        System::Crm,
        System::Enrichment,
        System::Chat,
        System::Bank,
        System::Procurement,
        System::Mail,
    ];

    pub fn name(self) -> &'static str {
        match self {
            System::Crm => "crm",
            System::Enrichment => "enrichment",
            System::Chat => "chat",
            System::Bank => "bank",
            System::Procurement => "procurement",
            System::Mail => "mail",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address} for `{system}`")]
    Listen {
        system: &'static str,
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("cannot open the database of `{system}`")]
    Database {
        system: &'static str,
        source: rusqlite::Error,
    },
    #[error("cannot use the folder `{}`", folder.display())]
    Folder {
        folder: PathBuf,
        source: std::io::Error,
    },
}

/// All systems, listening. Dropping it stops them too, without waiting.
#[derive(Debug)]
pub struct Running {
    pub crm: SocketAddr,
    pub enrichment: SocketAddr,
    pub chat: SocketAddr,
    pub bank: SocketAddr,
    pub procurement: SocketAddr,
    /// The HTTP view of the mails.
    pub mail: SocketAddr,
    pub smtp: SocketAddr,
    tasks: Tasks,
}

impl Running {
    /// Stops accepting, gives requests in progress five seconds, and returns when all is closed.
    pub async fn stop(self) {
        self.tasks.stop().await;
    }
}

/// One system, listening. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct RunningOne {
    pub system: System,
    pub http: SocketAddr,
    /// Only the mail server has one.
    pub smtp: Option<SocketAddr>,
    tasks: Tasks,
}

impl RunningOne {
    /// Stops accepting, gives requests in progress five seconds, and returns when all is closed.
    pub async fn stop(self) {
        self.tasks.stop().await;
    }
}

/// Starts every system; when this returns, all of them accept connections.
///
/// Errors: a port is taken, or the data folder cannot be used. What was already started is stopped again.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let mut tasks = Tasks::new();
    let crm = start_into(System::Crm, &options, &mut tasks).await?.http;
    let enrichment = start_into(System::Enrichment, &options, &mut tasks)
        .await?
        .http;
    let chat = start_into(System::Chat, &options, &mut tasks).await?.http;
    let bank = start_into(System::Bank, &options, &mut tasks).await?.http;
    let procurement = start_into(System::Procurement, &options, &mut tasks)
        .await?
        .http;
    let mail = start_into(System::Mail, &options, &mut tasks).await?;
    let smtp = mail
        .smtp
        .expect("the mail server was asked for, and it always has one");
    Ok(Running {
        crm,
        enrichment,
        chat,
        bank,
        procurement,
        mail: mail.http,
        smtp,
        tasks,
    })
}

/// Starts a single system; see [`start`].
pub async fn start_one(system: System, options: Options) -> Result<RunningOne, StartError> {
    let mut tasks = Tasks::new();
    let addresses = start_into(system, &options, &mut tasks).await?;
    Ok(RunningOne {
        system,
        http: addresses.http,
        smtp: addresses.smtp,
        tasks,
    })
}

struct Addresses {
    http: SocketAddr,
    smtp: Option<SocketAddr>,
}

async fn start_into(
    system: System,
    options: &Options,
    tasks: &mut Tasks,
) -> Result<Addresses, StartError> {
    if let Some(folder) = &options.data {
        std::fs::create_dir_all(folder).map_err(|source| StartError::Folder {
            folder: folder.clone(),
            source,
        })?;
    }
    let data = options.data.as_deref();
    let (router, port) = match system {
        System::Crm => (crm::router(data)?, options.ports.crm),
        System::Enrichment => (
            enrichment::router(data, options.enrichment_rate)?,
            options.ports.enrichment,
        ),
        System::Chat => (chat::router(data)?, options.ports.chat),
        System::Bank => (bank::router(data)?, options.ports.bank),
        System::Procurement => (procurement::router(data)?, options.ports.procurement),
        System::Mail => {
            let (router, receiver) = mail::open(data, options.smtp_login.clone())?;
            let (listener, smtp) = serve::listen("smtp", options.ports.smtp).await?;
            let (http_listener, http) = serve::listen("mail", options.ports.mail).await?;
            tasks.add(receiver.serve(listener, tasks.stopped()));
            tasks.add(serve::http(http_listener, router, tasks.stopped()));
            return Ok(Addresses {
                http,
                smtp: Some(smtp),
            });
        }
    };
    let (listener, http) = serve::listen(system.name(), port).await?;
    tasks.add(serve::http(listener, router, tasks.stopped()));
    Ok(Addresses { http, smtp: None })
}

/// How long requests in progress (some wait on purpose) may go on once the systems are told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What runs in the background, and the switch that ends it.
#[derive(Debug)]
struct Tasks {
    stop: watch::Sender<bool>,
    handles: Vec<JoinHandle<()>>,
}

impl Tasks {
    fn new() -> Self {
        Self {
            stop: watch::Sender::new(false),
            handles: Vec::new(),
        }
    }

    fn add(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.handles.push(tokio::spawn(work));
    }

    fn stopped(&self) -> serve::Stopped {
        serve::Stopped::new(self.stop.subscribe())
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
        for mut handle in self.handles {
            // A task that panicked has already reported itself; the others must still be waited for.
            if tokio::time::timeout_at(deadline, &mut handle)
                .await
                .is_err()
            {
                handle.abort();
            }
        }
    }
}
