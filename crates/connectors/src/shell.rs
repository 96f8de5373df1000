//! The function `shell`: one command of `/bin/sh`, in a fresh folder, with next to nothing in its environment.
//!
//! This holds back accidents, not a hostile tenant: the command runs as the user that Segue runs as. So it is off unless the
//! server's own settings allow it. Values reach the command as arguments (`$1`), by standard input or by the environment;
//! secrets by the last two only, since everybody on the machine can read arguments.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::function::{Call, CallError, Connector, Secrets};
use crate::opened::{Opener, Redaction};

/// The most that a command may write to each of its outputs.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;
const ERROR_DETAIL_BYTES_MAX: usize = 2 << 10;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The host that secrets for a command are opened for.
const SECRETS_HOST: &str = "localhost";

/// Sets limits and becomes the command. A limit that the system does not know is left out: it is a second net.
const PRELUDE: &str = "{ ulimit -c 0; ulimit -t \"$1\"; ulimit -v \"$2\"; ulimit -f \"$3\"; ulimit -n 256; } 2>/dev/null; \
                       c=$4; shift 4; exec /bin/sh -c \"$c\" sh \"$@\"";

/// Whether commands may be run on this machine at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShellPolicy {
    #[default]
    Denied,
    Allowed(ShellLimits),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShellLimits {
    pub memory_bytes_max: u64,
    /// The largest file that it may write.
    pub file_bytes_max: u64,
}

impl Default for ShellLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 4 << 30,
            file_bytes_max: 1 << 30,
        }
    }
}

/// Runs commands.
pub struct Shell {
    policy: ShellPolicy,
    secrets: Arc<dyn Secrets>,
}

#[async_trait::async_trait]
impl Connector for Shell {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        let ShellPolicy::Allowed(limits) = self.policy else {
            let detail = "commands are switched off in the server's own settings";
            return Err(CallError::before(WorkflowError::new(
                ErrorKind::Authorization,
                "shell denied",
                detail,
            )));
        };
        let mut opener = Opener::new(&*self.secrets, &call.namespace, SECRETS_HOST);
        let order = Order::read(&call.with, &mut opener)?;
        let folder = tempfile::Builder::new().prefix("segue-").tempdir();
        let folder = folder.map_err(|error| broken("no folder for the command", &error))?;
        let result = order.run(limits, call.timeout, folder.path()).await?;
        order.answer(result, opener.redaction())
    }
}

impl Shell {
    #[must_use]
    pub fn new(policy: ShellPolicy, secrets: Arc<dyn Secrets>) -> Self {
        Self { policy, secrets }
    }
}

/// What to run, and what of its result to hand back.
struct Order {
    command: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: Vec<u8>,
    returns: Returns,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Returns {
    Stdout,
    Stderr,
    Code,
    All,
    None,
}

struct Finished {
    code: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Order {
    fn read(with: &Value, opener: &mut Opener<'_>) -> Result<Self, CallError> {
        let command = with
            .get("command")
            .and_then(Value::as_str)
            .ok_or_else(|| wrong("`command` needs a text"))?;
        let arguments = match with.get("arguments") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| text("arguments", item))
                .collect::<Result<_, _>>()?,
            Some(other) => {
                return Err(wrong(format!(
                    "`arguments` needs an array, found {}",
                    other.type_name()
                )));
            }
        };
        let mut environment = Vec::new();
        match with.get("environment") {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                for (name, value) in map.iter() {
                    environment.push((
                        variable(name)?,
                        opener.text(&text("environment", value)?)?.0,
                    ));
                }
            }
            Some(other) => {
                return Err(wrong(format!(
                    "`environment` needs an object, found {}",
                    other.type_name()
                )));
            }
        }
        let stdin = match with.get("stdin") {
            None | Some(Value::Null) => Vec::new(),
            Some(value) => match opener.value(value)?.0 {
                Value::String(text) => text.as_bytes().to_vec(),
                other => other.to_json().into_bytes(),
            },
        };
        let returns = match with.get("return").map(Value::as_str) {
            None | Some(Some("stdout")) => Returns::Stdout,
            Some(Some("stderr")) => Returns::Stderr,
            Some(Some("code")) => Returns::Code,
            Some(Some("all")) => Returns::All,
            Some(Some("none")) => Returns::None,
            Some(_) => return Err(wrong("`return` needs stdout, stderr, code, all or none")),
        };
        if command.contains('\0') || environment.iter().any(|(_, value)| value.contains('\0')) {
            return Err(wrong(
                "a command and its environment cannot hold a zero byte",
            ));
        }
        Ok(Self {
            command: command.to_owned(),
            arguments,
            environment,
            stdin,
            returns,
        })
    }

    async fn run(
        &self,
        limits: ShellLimits,
        timeout: Duration,
        folder: &Path,
    ) -> Result<Finished, CallError> {
        let mut child = self.spawn(limits, timeout, folder)?;
        // Killed as a group when this future ends in any way: done, timed out, or dropped because the run was cancelled.
        let group = Group::of(&child);
        match tokio::time::timeout(timeout, self.attend(&mut child, &group)).await {
            Ok(result) => result,
            Err(_) => {
                let detail = format!("the command was stopped after {} ms", timeout.as_millis());
                Err(CallError::after(WorkflowError::new(
                    ErrorKind::Timeout,
                    "command timed out",
                    detail,
                )))
            }
        }
    }

    fn spawn(
        &self,
        limits: ShellLimits,
        timeout: Duration,
        folder: &Path,
    ) -> Result<Child, CallError> {
        // Processor time is counted per process, so this only ends what outlives the clock somewhere else.
        let cpu_seconds = timeout.as_secs().saturating_add(1);
        let (memory_kib, file_blocks) =
            (limits.memory_bytes_max / 1024, limits.file_bytes_max / 512);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", PRELUDE, "sh"])
            .args([cpu_seconds, memory_kib, file_blocks].map(|limit| limit.to_string()));
        command.arg(&self.command).args(&self.arguments);
        command
            .env_clear()
            .env("PATH", PATH)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
            .current_dir(folder)
            .process_group(0)
            .kill_on_drop(true);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
            .spawn()
            .map_err(|error| broken("the command cannot be started", &error))
    }

    /// Feeds and reads the command until it ends.
    async fn attend(&self, child: &mut Child, group: &Group) -> Result<Finished, CallError> {
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A command need not read what it is given.
                let _ = stdin.write_all(&self.stdin).await;
            }
            Ok(())
        };
        let wait = async {
            let status = child.wait().await;
            // What it left in the background would hold its outputs open.
            group.kill();
            status
                .map_err(|error| broken("the command was lost", &error))
                .map(code_of)
        };
        let (code, stdout, stderr, ()) = tokio::try_join!(
            wait,
            capture("stdout", stdout),
            capture("stderr", stderr),
            feed
        )?;
        Ok(Finished {
            code,
            stdout,
            stderr,
        })
    }

    /// A command that fails is an error, unless the author asked for what tells of it: `code`, `stderr` or `all`.
    fn answer(&self, finished: Finished, redaction: &Redaction) -> Result<Value, CallError> {
        let shown = |bytes: &[u8]| redaction.strike(String::from_utf8_lossy(bytes).into_owned());
        let (stdout, stderr) = (shown(&finished.stdout), shown(&finished.stderr));
        if finished.code != 0 && matches!(self.returns, Returns::Stdout | Returns::None) {
            let said = if stderr.trim().is_empty() {
                &stdout
            } else {
                &stderr
            };
            let detail = said[..said.floor_char_boundary(ERROR_DETAIL_BYTES_MAX)].trim();
            let title = format!("command ended with code {}", finished.code);
            // The command ran to its end and said how it went: there is nothing uncertain about it.
            return Err(CallError::before(WorkflowError::new(
                ErrorKind::Runtime,
                title,
                detail,
            )));
        }
        let code = Value::Int(finished.code.into());
        Ok(match self.returns {
            Returns::Stdout => stdout.into(),
            Returns::Stderr => stderr.into(),
            Returns::Code => code,
            Returns::All => Value::object([
                ("code", code),
                ("stdout", stdout.into()),
                ("stderr", stderr.into()),
            ]),
            Returns::None => Value::Null,
        })
    }
}

async fn capture(name: &str, stream: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    let Some(stream) = stream else { return Ok(out) };
    let mut limited = stream.take(OUTPUT_BYTES_MAX as u64 + 1);
    limited
        .read_to_end(&mut out)
        .await
        .map_err(|error| broken("the command's output was lost", &error))?;
    if out.len() > OUTPUT_BYTES_MAX {
        let detail = format!(
            "the command was stopped when it wrote more than {OUTPUT_BYTES_MAX} bytes to {name}"
        );
        return Err(CallError::after(WorkflowError::new(
            ErrorKind::Runtime,
            "command output too large",
            detail,
        )));
    }
    Ok(out)
}

/// The exit code; 128 plus the signal for a command that was killed, as shells count.
fn code_of(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The process group of a command; killed with this value.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    fn kill(&self) {
        if let Some(group) = self.0 {
            // It may have ended by itself, which is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text(name: &str, value: &Value) -> Result<String, CallError> {
    let text = match value {
        Value::Array(_) | Value::Object(_) => {
            return Err(wrong(format!(
                "`{name}` needs texts, found {}",
                value.type_name()
            )));
        }
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_json(),
    };
    if text.contains('\0') {
        Err(wrong(format!("`{name}` holds a zero byte")))
    } else {
        Ok(text)
    }
}

fn variable(name: &str) -> Result<String, CallError> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Ok(name.to_owned());
    }
    Err(wrong(format!(
        "`{}` is not the name of a variable",
        name.escape_debug()
    )))
}

fn wrong(detail: impl Into<String>) -> CallError {
    CallError::configuration("command is not valid", detail)
}

fn broken(title: &str, error: &std::io::Error) -> CallError {
    CallError::before(WorkflowError::new(
        ErrorKind::Runtime,
        title,
        error.to_string(),
    ))
}
