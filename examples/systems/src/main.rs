//! `demo-systems`: the systems of the examples as a program.
//!
//! Prints one line of JSON with the addresses once everything listens, then serves until it is interrupted or terminated.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use systems::{Options, Ports, Rate, Running, RunningOne, System};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The systems that the examples talk to, on 127.0.0.1.
#[derive(Debug, Parser)]
#[command(name = "demo-systems", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Folder for databases and mails [default: keep everything in memory].
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// How many answers a second the enrichment service gives.
    #[arg(long, global = true, default_value_t = 5)]
    enrichment_rate: u32,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All of them.
    All(AllPorts),
    /// Contacts and sequences.
    Crm(Port),
    /// Facts about companies, with a rate limit.
    Enrichment(Port),
    /// Incoming webhooks.
    Chat(Port),
    /// Payments and their ledger.
    Bank(Port),
    /// People, budgets, articles and orders.
    Procurement(Port),
    /// An SMTP server and its HTTP view.
    Mail(MailPorts),
}

#[derive(Args, Debug)]
struct AllPorts {
    /// 0 picks free ports for all of them [default: 7301 to 7306, SMTP 7325].
    #[arg(long, value_parser = ["0"])]
    port: Option<String>,
}

#[derive(Args, Debug)]
struct Port {
    /// 0 picks a free one [default: the port that the examples name].
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Args, Debug)]
struct MailPorts {
    /// Port of the HTTP view; 0 picks a free one [default: 7306].
    #[arg(long)]
    port: Option<u16>,
    /// Port of the SMTP server; 0 picks a free one [default: 7325, or 0 with `--port 0`].
    #[arg(long)]
    smtp_port: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                message += &format!(": {error}");
                cause = error.source();
            }
            // With standard error closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Registered before anything is announced, so that a signal sent right after the announcement is not lost.
    let interrupted = signal(SignalKind::interrupt())?;
    let terminated = signal(SignalKind::terminate())?;
    let (system, ports) = arguments.what.system_and_ports();
    let options = Options {
        data: arguments.data,
        ports,
        enrichment_rate: Rate {
            count: arguments.enrichment_rate,
            ..Rate::default()
        },
        ..Options::default()
    };
    match system {
        None => {
            let running = systems::start(options).await?;
            announce(&all_addresses(&running))?;
            either(interrupted, terminated).await;
            running.stop().await;
        }
        Some(system) => {
            let running = systems::start_one(system, options).await?;
            announce(&one_address(&running))?;
            either(interrupted, terminated).await;
            running.stop().await;
        }
    }
    Ok(())
}

impl What {
    /// The one system to start, or none for all; and where everything shall listen.
    fn system_and_ports(&self) -> (Option<System>, Ports) {
        let demo = Ports::demo();
        let with = |system, ports| (Some(system), ports);
        match self {
            What::All(AllPorts { port: Some(_) }) => (None, Ports::default()),
            What::All(AllPorts { port: None }) => (None, demo),
            What::Crm(Port { port }) => with(
                System::Crm,
                Ports {
                    crm: port.unwrap_or(demo.crm),
                    ..demo
                },
            ),
            What::Enrichment(Port { port }) => with(
                System::Enrichment,
                Ports {
                    enrichment: port.unwrap_or(demo.enrichment),
                    ..demo
                },
            ),
            What::Chat(Port { port }) => with(
                System::Chat,
                Ports {
                    chat: port.unwrap_or(demo.chat),
                    ..demo
                },
            ),
            What::Bank(Port { port }) => with(
                System::Bank,
                Ports {
                    bank: port.unwrap_or(demo.bank),
                    ..demo
                },
            ),
            What::Procurement(Port { port }) => with(
                System::Procurement,
                Ports {
                    procurement: port.unwrap_or(demo.procurement),
                    ..demo
                },
            ),
            What::Mail(MailPorts { port, smtp_port }) => {
                let smtp = smtp_port
                    .or(port.filter(|port| *port == 0))
                    .unwrap_or(demo.smtp);
                with(
                    System::Mail,
                    Ports {
                        mail: port.unwrap_or(demo.mail),
                        smtp,
                        ..demo
                    },
                )
            }
        }
    }
}

fn all_addresses(running: &Running) -> Value {
    json!({
        "ready": true,
        "crm": format!("http://{}", running.crm),
        "enrichment": format!("http://{}", running.enrichment),
        "chat": format!("http://{}", running.chat),
        "bank": format!("http://{}", running.bank),
        "procurement": format!("http://{}", running.procurement),
        "mail": format!("http://{}", running.mail),
        "smtp": running.smtp.to_string(),
    })
}

fn one_address(running: &RunningOne) -> Value {
    let mut line = json!({ "ready": true });
    line[running.system.name()] = json!(format!("http://{}", running.http));
    if let Some(smtp) = running.smtp {
        line["smtp"] = json!(smtp.to_string());
    }
    line
}

fn announce(line: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

async fn either(mut interrupted: Signal, mut terminated: Signal) {
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
}
