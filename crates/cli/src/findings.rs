//! Problems with their places, as people see them on a terminal and as programs read them.

#[cfg(test)]
mod tests;

use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::{Deserialize, Serialize};

use crate::terminal::{Paint, plain, plain_lines};

/// One problem. The same shape comes from the language, from the server, and from the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default = "error")]
    pub severity: String,
    pub message: String,
    /// JSON pointer, or the name of a parameter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// From 1; 0: the place is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub column: usize,
    /// In bytes, from 0.
    #[serde(default)]
    pub offset: usize,
    /// In bytes, from 0; 0: only the start is known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub end: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

fn error() -> String {
    "error".to_owned()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Finding {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            code: None,
            severity: error(),
            message: message.into(),
            pointer: String::new(),
            line: 0,
            column: 0,
            offset: 0,
            end: 0,
            help: None,
        }
    }

    #[must_use]
    pub fn at(mut self, span: dsl::Span) -> Self {
        (self.line, self.column) = (span.line, span.column);
        (self.offset, self.end) = (span.start, span.end);
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

impl From<&dsl::Problem> for Finding {
    fn from(problem: &dsl::Problem) -> Self {
        let severity = match problem.severity {
            dsl::Severity::Error => "error",
            dsl::Severity::Warning => "warning",
        };
        Self {
            code: Some(problem.code.to_owned()),
            severity: severity.to_owned(),
            pointer: problem.pointer.clone(),
            help: problem.help.clone(),
            ..Self::error(problem.message.clone())
        }
        .at(problem.span)
    }
}

/// A text and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What people call the text: a path as they gave it.
    pub path: String,
    /// None: the text is not at hand, or the places are not in it.
    pub text: Option<String>,
    pub findings: Vec<Finding>,
}

/// A finding with its text's name, for programs.
#[derive(Serialize)]
pub struct Placed<'a> {
    pub path: &'a str,
    #[serde(flatten)]
    pub finding: &'a Finding,
}

impl Report {
    pub fn of_file(path: &Path, findings: Vec<Finding>) -> Self {
        Self {
            path: path.display().to_string(),
            // Gone in the meantime: then the messages stand without the lines.
            text: std::fs::read_to_string(path).ok(),
            findings,
        }
    }

    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    pub fn placed(&self) -> impl Iterator<Item = Placed<'_>> {
        let path = &*self.path;
        self.findings
            .iter()
            .map(move |finding| Placed { path, finding })
    }

    /// Every finding with its line of the text and what to do about it.
    pub fn render(&self, paint: Paint) -> String {
        let all = self
            .findings
            .iter()
            .map(|finding| self.render_one(finding, paint));
        all.collect::<Vec<_>>().join("\n\n")
    }

    fn render_one(&self, finding: &Finding, paint: Paint) -> String {
        let level = if finding.is_error() {
            Level::ERROR
        } else {
            Level::WARNING
        };
        let (message, path) = (plain(&finding.message), plain(&self.path));
        let mut title = level.primary_title(&*message);
        if let Some(code) = &finding.code {
            title = title.id(&**code);
        }
        let help = finding.help.as_deref().map(plain_lines);
        let mut group = match self.text.as_deref().filter(|_| finding.line > 0) {
            Some(text) => {
                let span = span(text, finding);
                let snippet = Snippet::source(text)
                    .path(&*path)
                    .annotation(AnnotationKind::Primary.span(span));
                title.element(snippet)
            }
            None => Group::with_title(title),
        };
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(&**help));
        }
        let renderer = match paint {
            Paint::Coloured => Renderer::styled().decor_style(DecorStyle::Unicode),
            Paint::Bare => Renderer::plain(),
        };
        let shown = renderer.render(&[group]);
        match self.text.is_some() && finding.line > 0 {
            true => shown,
            false => format!("{shown}\n  in {path}{}", place(finding)),
        }
    }
}

fn place(finding: &Finding) -> String {
    let line = match (finding.line, finding.column) {
        (0, _) => String::new(),
        (line, column) => format!(", line {line}, column {column}"),
    };
    match &*finding.pointer {
        "" => line,
        pointer => format!("{line}, at `{}`", plain(pointer)),
    }
}

/// The bytes to underline: within the text, and on one line, since a whole block underlined tells nothing.
fn span(text: &str, finding: &Finding) -> std::ops::Range<usize> {
    let start = boundary(text, finding.offset);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = boundary(text, finding.end.max(start)).min(line_end);
    let shown = text[start..end].trim_end().len();
    start..start + shown
}

fn boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
