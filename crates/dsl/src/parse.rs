//! Text to a definition: every problem is reported, not the first.
//!
//! The text becomes a tree (`yaml`), the tree becomes the model (`definition`): names are resolved, expressions and
//! schemas compiled, durations read. What the standard's own JSON schema would refuse is refused here too, by a message a
//! person can act on; the schema itself stands behind as a safety net (`validate`).

mod block;
mod call;
mod case;
mod data;
mod decoder;
mod document;
mod duration;
mod event;
mod expression;
mod flow;
mod policy;
mod process;
mod shape;
mod shapes;
mod task;
mod uses;

use sha2::{Digest, Sha256};

use crate::definition::Definition;
use crate::problem::{Problem, Severity, Span, code};
use crate::validate::{effects, standard};
use crate::yaml::{self, Node};
use decoder::{At, Decoder};

/// A definition that can run, and what its author should still look at.
#[derive(Debug)]
pub struct Parsed {
    pub definition: Definition,
    pub warnings: Vec<Problem>,
}

/// Reads a workflow definition from YAML or JSON.
///
/// Errors: all problems found, warnings among them, in the order of the text.
pub fn parse(text: &str) -> Result<Parsed, Vec<Problem>> {
    let root = single_document(text)?;
    let mut decoder = Decoder::new(text);
    let definition = decoder.definition(&At::root(&root), digest(text));
    let mut problems = decoder.into_problems();
    if !has_errors(&problems) {
        problems.extend(standard::check(&root));
    }
    if let Some(definition) = &definition {
        problems.extend(effects::check(definition, &root));
    }
    in_order(&mut problems);
    match definition {
        Some(definition) if !has_errors(&problems) => Ok(Parsed {
            definition,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

fn has_errors(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}

/// Sorts by place and drops what was found twice, as in a policy that is used twice.
fn in_order(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| {
        (a.span.start, a.code, &a.message).cmp(&(b.span.start, b.code, &b.message))
    });
    problems.dedup_by(|a, b| a.code == b.code && a.span == b.span && a.message == b.message);
}

fn single_document(text: &str) -> Result<Node, Vec<Problem>> {
    let mut documents = yaml::parse(text)?.into_iter();
    let missing = |span, message: &str, help: &str| {
        vec![Problem {
            code: code::EMPTY,
            severity: Severity::Error,
            message: message.to_owned(),
            span,
            pointer: String::new(),
            help: Some(help.to_owned()),
        }]
    };
    let start = Span {
        start: 0,
        end: 0,
        line: 1,
        column: 1,
    };
    let help = "a definition starts with `document:` and has `do:`";
    let Some(first) = documents.next() else {
        return Err(missing(start, "the text is empty", help));
    };
    if first.root.value.is_null() {
        return Err(missing(first.root.span, "the text is empty", help));
    }
    if let Some(second) = documents.next() {
        let help = "put each definition into a file of its own";
        return Err(missing(
            second.root.span,
            "a second document starts here, a definition is one document",
            help,
        )
        .into_iter()
        .map(|problem| Problem {
            code: code::EXACTLY_ONE,
            ..problem
        })
        .collect());
    }
    Ok(first.root)
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
