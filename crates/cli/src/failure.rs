//! Why a command could not do what it was asked, and the exit code that says so to programs.

use serde::Serialize;

use runtime::RuntimeError;

use crate::findings::{Finding, Report};
use crate::terminal::{Ink, Terminal, plain_lines};

/// Whose problem it is. Each has one exit code; see docs/cli.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something of the user's: a definition, an input, a run that faulted.
    User,
    /// The command line itself.
    Usage,
    /// Something needed is not there or not usable: the server, the data directory, an address.
    Unavailable,
    /// Nobody reads what we write any more; then there is nothing to say.
    Unread,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::User => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub help: Option<String>,
    /// Places in texts, shown before the message.
    pub reports: Vec<Report>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
            reports: Vec::new(),
        }
    }

    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// A file that cannot be read or written.
    pub fn file(verb: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::user(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// Standard output does not take what we write.
    pub fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::new(Kind::Unread, "")
        } else {
            Self::unavailable(format!("cannot write the answer: {error}"))
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn with_reports(mut self, reports: Vec<Report>) -> Self {
        self.reports = reports;
        self
    }

    /// Tells it: places first, then the message, then what to do.
    pub fn tell(&self, terminal: &Terminal) {
        if self.kind == Kind::Unread {
            return;
        }
        if terminal.is_json {
            let document = Document {
                error: &self.message,
                help: self.help.as_deref(),
                exit_code: self.kind.exit_code(),
                problems: self.reports.iter().flat_map(Report::placed).collect(),
            };
            let text = serde_json::to_string(&document).expect("plain text and numbers serialise");
            terminal.note(text);
            return;
        }
        let paint = terminal.note_paint();
        for report in &self.reports {
            terminal.note(report.render(paint));
        }
        let label = paint.on(Ink::Red, "error");
        terminal.note(format!("{label}: {}", plain_lines(&self.message)));
        if let Some(help) = &self.help {
            let label = paint.on(Ink::Cyan, "help");
            terminal.note(format!("{label}: {}", plain_lines(help)));
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    exit_code: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<crate::findings::Placed<'a>>,
}

/// The one place where errors of the embedded runtime become messages and exit codes.
///
/// `text` is what the error is about, when it came from a text.
pub fn of_runtime(error: RuntimeError, text: Option<Report>) -> Failure {
    let message = error.to_string();
    let report = |problems: &[dsl::Problem]| {
        let findings = problems.iter().map(Finding::from).collect();
        let text = text.clone().unwrap_or_default();
        vec![Report { findings, ..text }]
    };
    match error {
        RuntimeError::InvalidDefinition { problems } => {
            Failure::user(message).with_reports(report(&problems))
        }
        RuntimeError::InvalidResource { problems, .. } => {
            Failure::user("the resource is not valid").with_reports(report(&problems))
        }
        RuntimeError::InvalidFile { path, problems } => {
            let read = Report::of_file(&path, problems.iter().map(Finding::from).collect());
            Failure::user(message).with_reports(vec![read])
        }
        RuntimeError::InvalidInput { violations } => {
            let findings = violations.iter().map(|violation| Finding {
                pointer: violation.pointer.clone(),
                ..Finding::error(violation.message.clone())
            });
            Failure::user(message).with_reports(vec![Report {
                path: "the input".to_owned(),
                findings: findings.collect(),
                ..Report::default()
            }])
        }
        RuntimeError::Unavailable { .. } | RuntimeError::Overloaded | RuntimeError::Stopping => {
            Failure::unavailable(message)
        }
        RuntimeError::Store(_) => Failure::unavailable(message),
        _ => Failure::user(message),
    }
}
