//! The command line: commands, flags, and what `--help` says.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

const EXIT_CODES: &str = "Exit codes:
    0  done
    1  your problem: a definition or input is not valid, a run faulted, nothing by that name
    2  the command line is not valid
    3  unavailable: no server answers, or the data directory is in use, damaged or newer
  101  a bug in Segue";

/// Runs workflows in the CNCF Serverless Workflow language, durably, and says what ran, what failed and what is next.
#[derive(Debug, Parser)]
#[command(name = "segue", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Cli {
    /// Answer in JSON, one document a line; problems too, on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check definitions and resources, and show every problem with its place.
    Validate(Validate),
    /// Run one definition here and now: progress on standard error, the result on standard output.
    ///
    /// The development profile holds unless --profile says otherwise: calls may reach this machine, shell tasks may run.
    /// Secrets come from the environment: SEGUE_SECRET_CRM_TOKEN is the secret `crm-token`. What starts the workflow by
    /// itself (`schedule`) is left out.
    Run(Run),
    /// Serve a project folder: take its webhooks, run its workflows, answer over HTTP.
    ///
    /// The development profile holds unless --profile or segue.yaml says otherwise: calls may reach this machine, shell
    /// tasks may run, and files of the folder are taken up as they change.
    Up(Up),
    /// List runs, newest first.
    Runs(Runs),
    /// Show a run: what it is, its data, its tasks, what it waits for, why it failed, what to do next.
    Show(Show),
    /// Print what happened, in one run or in all.
    Logs(Logs),
    /// End a run; no further task of it starts.
    Cancel(Cancel),
    /// Hold a run until it is resumed.
    Suspend(OneRun),
    /// Let a suspended run go on.
    Resume(OneRun),
    /// Start a new run that goes on from a task of an ended one, with the data it had there.
    Retry(Retry),
    /// Say what became of an effect of which Segue cannot know.
    Resolve(Resolve),
    /// Start a run of a workflow.
    Start(Start),
    /// Publish a CloudEvent.
    Emit(Emit),
    /// Bring definitions and resources to the server.
    Apply(Apply),
    /// Keep, list or remove secrets. A value goes in and never comes out.
    #[command(subcommand)]
    Secret(Secret),
    /// List workflows: versions, what starts them, how their runs went.
    Workflows(Listed),
    /// List the sources that take deliveries, with their addresses.
    Sources(Listed),
    /// Print the description of the HTTP API (OpenAPI, JSON).
    Openapi,
    /// Print the completions for a shell.
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Files, or folders: of a project its workflows, connections, sources and segue.yaml, else every YAML and JSON file.
    #[arg(required = true, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Warnings are failures.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The input: JSON, @FILE, or - for standard input; an empty object when left out.
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub input: Option<String>,
    /// Keep the run in this directory; in memory only when left out.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    /// Also take up these connections, sources and other workflows.
    #[arg(long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub connections: Vec<PathBuf>,
    /// Cancel the run when it takes longer, such as 30s or PT1H.
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// development (the default here) or production.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Private networks that calls may reach, such as 10.0.0.0/8.
    #[arg(long = "allowed-network", value_name = "CIDR")]
    pub allowed_networks: Vec<String>,
    /// Do not show progress.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct Up {
    /// The project folder.
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    #[command(flatten)]
    pub settings: Settings,
    /// Do not look for changed files (the production profile never does).
    #[arg(long)]
    pub no_watch: bool,
}

/// The server's settings as flags; each stands above its environment variable, and that above segue.yaml.
#[derive(Debug, Default, Args)]
pub struct Settings {
    /// Address and port; port 0 takes a free one. Default: 127.0.0.1:7300.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where everything is kept. Default: .segue in the folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<String>,
    /// development or production. Default: development.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Private networks that calls may reach, such as 10.0.0.0/8; may be repeated.
    #[arg(long = "allowed-network", value_name = "CIDR")]
    pub allowed_networks: Vec<String>,
    /// A directory with one file for each secret, named as the secret.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub secrets_directory: Option<String>,
    /// How long ended runs are kept, such as P30D, or forever. Default: P30D.
    #[arg(long, value_name = "DURATION")]
    pub retention: Option<String>,
    /// Largest body of a request in bytes. Default: 5242880.
    #[arg(long, value_name = "BYTES")]
    pub body_bytes_max: Option<String>,
    /// Names by which browsers reach this server, beside localhost; may be repeated.
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// human or json. Default: human.
    #[arg(long, value_name = "FORMAT")]
    pub log: Option<String>,
    /// error, warn, info, debug or trace, also for single parts: info,runtime=debug. Default: info.
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// Which server a command talks to.
#[derive(Debug, Args)]
pub struct Target {
    /// Its address; when left out, what the data directory says, else http://127.0.0.1:7300.
    #[arg(long, env = "SEGUE_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// Its data directory, for the token and the address, when SEGUE_TOKEN is not set. Default: .segue.
    #[arg(long, env = "SEGUE_DATA", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    #[arg(skip = Token::from_environment())]
    pub token: Token,
}

/// A token out of `SEGUE_TOKEN`; never shown.
#[derive(Clone, Default)]
pub struct Token(pub Option<String>);

impl Token {
    fn from_environment() -> Self {
        let token = std::env::var("SEGUE_TOKEN").ok();
        Self(token.filter(|token| !token.is_empty()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

const RUN_HELP: &str = "The run's id, or at least 6 characters of its start or end";

#[derive(Debug, Args)]
pub struct Runs {
    #[command(flatten)]
    pub target: Target,
    #[arg(long)]
    pub namespace: Option<String>,
    #[arg(long)]
    pub workflow: Option<String>,
    /// One or several with commas: faulted,waiting.
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Part of the summary or of the workflow's name.
    #[arg(long)]
    pub text: Option<String>,
    /// Created at or after, such as 2026-11-21T10:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Created before.
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// Only runs that this run started.
    #[arg(long, value_name = "RUN")]
    pub parent: Option<String>,
    /// Go on after this run, as the page before says.
    #[arg(long, value_name = "RUN")]
    pub after: Option<String>,
    /// How many at most, up to 1000.
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct OneRun {
    #[arg(help = RUN_HELP)]
    pub run: String,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    pub one: OneRun,
    /// Every history event with its data.
    #[arg(long)]
    pub history: bool,
}

#[derive(Debug, Args)]
pub struct Logs {
    #[arg(help = RUN_HELP)]
    pub run: Option<String>,
    /// Go on as things happen; with a run, until it has ended.
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Cancel {
    #[command(flatten)]
    pub one: OneRun,
    /// Why; kept in the run's history.
    #[arg(long)]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    pub one: OneRun,
    /// Name or JSON pointer of the task to go on from; the one that faulted when left out.
    #[arg(long, value_name = "TASK")]
    pub from: Option<String>,
    /// On the active version instead of the run's own.
    #[arg(long)]
    pub latest: bool,
}

#[derive(Debug, Args)]
#[group(id = "outcome", required = true, multiple = false)]
pub struct Outcome {
    /// It happened, with this result: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-", group = "outcome")]
    pub value: Option<String>,
    /// It did not happen and shall not: the task fails with this error, as text or as the specification's error object.
    #[arg(long, value_name = "TEXT|JSON", group = "outcome")]
    pub error: Option<String>,
    /// It did not happen: perform it again.
    #[arg(long, group = "outcome")]
    pub again: bool,
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[arg(help = RUN_HELP)]
    pub run: String,
    /// The effect's number, as `show` says.
    pub effect: u64,
    #[command(flatten)]
    pub outcome: Outcome,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Start {
    /// NAMESPACE/NAME, or the name alone where only one workflow has it.
    pub workflow: String,
    /// The input: JSON, @FILE, or - for standard input; an empty object when left out.
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub input: Option<String>,
    /// The version; the active one when left out.
    #[arg(long)]
    pub version: Option<String>,
    /// The same key with the same input starts one run within 7 days.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Wait for the end and print the result; exit code 1 when the run faults.
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Emit {
    /// The event's type, such as lead.submitted.
    #[arg(
        value_name = "TYPE",
        required_unless_present = "event",
        conflicts_with = "event"
    )]
    pub kind: Option<String>,
    /// A whole CloudEvent: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub event: Option<String>,
    #[arg(long)]
    pub namespace: String,
    /// Where it comes from.
    #[arg(long, default_value = "/segue/cli")]
    pub source: String,
    #[arg(long)]
    pub subject: Option<String>,
    /// Its id; a new one when left out. The same source and id within 7 days is one event.
    #[arg(long)]
    pub id: Option<String>,
    /// Its data: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub data_json: Option<String>,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// Files, or folders as for `validate`.
    #[arg(required = true, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Replace the text of versions that are there: for development.
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Keep a secret; its value is read from standard input.
    Put(OneSecret),
    /// List the names of a namespace's secrets.
    List {
        #[arg(long)]
        namespace: String,
        #[command(flatten)]
        target: Target,
    },
    /// Remove a secret.
    Rm(OneSecret),
}

#[derive(Debug, Args)]
pub struct OneSecret {
    pub name: String,
    #[arg(long)]
    pub namespace: String,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct Listed {
    #[arg(long)]
    pub namespace: Option<String>,
    #[command(flatten)]
    pub target: Target,
}
