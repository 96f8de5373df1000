//! Commands of the shell.

use std::sync::Arc;
use std::time::Duration;

use connectors::function::Connector;
use connectors::shell::{Shell, ShellLimits, ShellPolicy};
use connectors::{Call, CallError};
use dsl::Value;

use crate::support::*;

fn shell() -> Shell {
    let vault = Vault::default().with("key", r#""hunter2-0815""#);
    Shell::new(
        ShellPolicy::Allowed(ShellLimits::default()),
        Arc::new(vault),
    )
}

async fn run(with: &str) -> Result<Value, CallError> {
    shell().perform(&call("shell", json(with))).await
}

#[tokio::test]
async fn a_command_gets_what_it_is_given_and_hands_back_what_is_asked() {
    for (with, expected) in [
        (r#"{"command": "echo hello"}"#, r#""hello\n""#),
        (
            r#"{"command": "echo \"$1 $2 $#\"", "arguments": ["a b", 7]}"#,
            r#""a b 7 2\n""#,
        ),
        (
            r#"{"command": "echo $1", "arguments": ["$(id); `id`"]}"#,
            r#""$(id); `id`\n""#,
        ),
        (r#"{"command": "cat", "stdin": "text"}"#, r#""text""#),
        (
            r#"{"command": "cat", "stdin": {"a": [1]}}"#,
            r#""{\"a\":[1]}""#,
        ),
        (
            r#"{"command": "true", "stdin": "nobody reads this"}"#,
            r#""""#,
        ),
        (
            r#"{"command": "echo $A-$B", "environment": {"A": "x", "B": 2}}"#,
            r#""x-2\n""#,
        ),
        (
            r#"{"command": "echo out; echo err >&2; exit 3", "return": "all"}"#,
            r#"{"code":3,"stdout":"out\n","stderr":"err\n"}"#,
        ),
        (
            r#"{"command": "echo out; echo err >&2; exit 3", "return": "stderr"}"#,
            r#""err\n""#,
        ),
        (r#"{"command": "exit 3", "return": "code"}"#, "3"),
        (r#"{"command": "kill -9 $$", "return": "code"}"#, "137"),
        (r#"{"command": "echo out", "return": "none"}"#, "null"),
        (r#"{"command": "ls -A | wc -l"}"#, r#""0\n""#),
        (
            r#"{"command": "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | cut -d= -f1"}"#,
            r#""PATH\n""#,
        ),
        (r#"{"command": "ulimit -c"}"#, r#""0\n""#),
    ] {
        let found = run(with)
            .await
            .unwrap_or_else(|error| panic!("{with}: {}", error.error));
        assert_eq!(found.to_json(), expected, "{with}");
    }
}

#[tokio::test]
async fn a_command_that_fails_is_a_runtime_error_with_what_it_said() {
    for (with, title, detail) in [
        (
            r#"{"command": "echo why >&2; exit 4"}"#,
            "command ended with code 4",
            "why",
        ),
        (
            r#"{"command": "echo only out; exit 1", "return": "none"}"#,
            "command ended with code 1",
            "only out",
        ),
        (
            r#"{"command": "no-such-program-here"}"#,
            "command ended with code 127",
            "not found",
        ),
    ] {
        let error = run(with).await.unwrap_err();
        assert!(
            error.error.is_kind("runtime") && error.may_have_happened,
            "{}",
            error.error
        );
        assert_eq!(error.error.title.as_deref(), Some(title));
        assert!(
            error.error.detail.as_deref().unwrap().contains(detail),
            "{}",
            error.error
        );
    }
}

#[tokio::test]
async fn wrong_arguments_run_nothing() {
    for (with, expected) in [
        (r#"{}"#, "`command` needs"),
        (r#"{"command": "a\u0000b"}"#, "zero byte"),
        (
            r#"{"command": "true", "arguments": {"a": 1}}"#,
            "needs an array",
        ),
        (r#"{"command": "true", "arguments": [[1]]}"#, "needs texts"),
        (
            r#"{"command": "true", "environment": {"A=B": "c"}}"#,
            "not the name of a variable",
        ),
        (r#"{"command": "true", "return": "pid"}"#, "`return` needs"),
    ] {
        let error = run(with).await.unwrap_err();
        assert!(
            error.error.is_kind("configuration") && !error.may_have_happened,
            "{with}: {}",
            error.error
        );
        assert!(
            error.error.to_string().contains(expected),
            "{with}: {}",
            error.error
        );
    }
    let denied = Shell::new(ShellPolicy::default(), Arc::new(Vault::default()));
    let error = denied
        .perform(&call("shell", json(r#"{"command": "true"}"#)))
        .await
        .unwrap_err();
    assert!(
        error.error.is_kind("authorization") && !error.may_have_happened,
        "{}",
        error.error
    );
}

#[tokio::test]
async fn output_beyond_the_limit_stops_the_command() {
    for stream in ["", " >&2"] {
        let with = format!(r#"{{"command": "cat /dev/zero{stream}"}}"#);
        let error = run(&with).await.unwrap_err();
        assert!(
            error.error.to_string().contains("1048576 bytes") && error.may_have_happened,
            "{}",
            error.error
        );
    }
    let fits = run(r#"{"command": "head -c 1048576 /dev/zero | tr '\\0' x"}"#)
        .await
        .unwrap();
    assert_eq!(fits.as_str().unwrap().len(), 1 << 20);
}

/// A pipe whose other end closes when everybody who was started has died: a wait without a clock.
struct Witness {
    folder: tempfile::TempDir,
}

impl Witness {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        Self { folder }
    }

    /// Starts a grandchild in the background that holds the pipe, and goes on.
    fn command(&self, then: &str) -> Value {
        let pipe = self.folder.path().join("pipe");
        let command = format!(
            "exec 3>{}; echo started >&3; sleep 1000 & {then}",
            pipe.display()
        );
        Value::object([("command", Value::from(command))])
    }

    /// Reads the pipe to its end, which comes only when the last writer is gone.
    fn until_all_are_gone(&self) -> tokio::task::JoinHandle<String> {
        let pipe = self.folder.path().join("pipe");
        tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe).unwrap())
    }
}

#[tokio::test]
async fn nothing_outlives_its_command() {
    // It ends by itself, with something left in the background that also holds its outputs.
    let witness = Witness::new();
    let gone = witness.until_all_are_gone();
    let found = shell()
        .perform(&call("shell", witness.command("echo done")))
        .await
        .unwrap();
    assert_eq!(found.as_str(), Some("done\n"));
    assert_eq!(gone.await.unwrap(), "started\n");

    // It runs into its timeout.
    let witness = Witness::new();
    let gone = witness.until_all_are_gone();
    let slow = Call {
        timeout: Duration::from_millis(200),
        ..call("shell", witness.command("wait"))
    };
    let error = shell().perform(&slow).await.unwrap_err();
    assert!(
        error.error.is_kind("timeout") && error.may_have_happened,
        "{}",
        error.error
    );
    assert_eq!(gone.await.unwrap(), "started\n");

    // Its run is cancelled: the future is dropped.
    let witness = Witness::new();
    let pipe = witness.folder.path().join("pipe");
    let (started, has_started) = tokio::sync::oneshot::channel();
    let gone = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut pipe = std::fs::File::open(pipe).unwrap();
        let mut first = [0; 8];
        pipe.read_exact(&mut first).unwrap();
        started.send(()).unwrap();
        let mut rest = String::new();
        pipe.read_to_string(&mut rest).unwrap()
    });
    let running = tokio::spawn({
        let call = call("shell", witness.command("wait"));
        async move { shell().perform(&call).await }
    });
    has_started.await.unwrap();
    running.abort();
    assert_eq!(gone.await.unwrap(), 0);
}

#[tokio::test]
async fn secrets_reach_a_command_by_environment_and_input_and_do_not_come_back() {
    let with = r#"{"command": "echo \"$KEY $(cat) ${#KEY}\" | tee /dev/stderr", "environment": {"KEY": "sealed.key."}, "stdin": "sealed.key.", "return": "all"}"#;
    let found = run(with).await.unwrap();
    assert_eq!(
        found.get("stdout").unwrap().as_str(),
        Some("[redacted] [redacted] 12\n")
    );
    assert!(!found.to_json().contains("hunter2"), "{found}");
    // Arguments and the command itself can be read by everybody on the machine.
    let found = run(r#"{"command": "echo $1 sealed.key.", "arguments": ["sealed.key."]}"#)
        .await
        .unwrap();
    assert_eq!(found.as_str(), Some("sealed.key. sealed.key.\n"));
}
