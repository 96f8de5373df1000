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
use crate::problem::{Problem, START, Severity, Span, code};
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
/// ```
/// let text = "
/// document: {dsl: '1.0.3', namespace: shop, name: greet, version: '1.0.0'}
/// do:
///   - greet: {set: {text: 'Hello ${ .name }'}, thn: end}
/// ";
/// let problems = dsl::parse(text).unwrap_err();
/// assert_eq!(problems[0].message, "a `set` task has no key `thn`");
/// assert_eq!(problems[0].help.as_deref(), Some("did you mean `then`?"));
/// assert_eq!((problems[0].span.line, &*problems[0].pointer), (4, "/do/0/greet/thn"));
///
/// let parsed = dsl::parse(&text.replace("thn", "then")).expect("now it is right");
/// assert_eq!(&*parsed.definition.tasks[0].reference, "/do/0/greet");
/// ```
///
/// Errors: all problems found, warnings among them, in the order of the text.
pub fn parse(text: &str) -> Result<Parsed, Vec<Problem>> {
    let (root, mut problems) = single_document(text)?;
    let mut decoder = Decoder::new(text);
    let definition = decoder.definition(&At::root(&root), digest(text));
    problems.extend(decoder.into_problems());
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

/// The tree, and what is wrong with the text without hiding what is wrong with the definition.
fn single_document(text: &str) -> Result<(Node, Vec<Problem>), Vec<Problem>> {
    let (documents, problems) = yaml::parse_what_is_there(text);
    // Anything but a repeated key leaves a tree whose other faults would mislead.
    if problems
        .iter()
        .any(|problem| problem.code != code::DUPLICATE_KEY)
    {
        return Err(problems);
    }
    let mut roots = documents.into_iter().map(|document| document.root);
    match (roots.next(), roots.next()) {
        (Some(root), None) if !root.value.is_null() => Ok((root, problems)),
        (Some(root), Some(second)) if !root.value.is_null() => {
            let message = "a second document starts here, a definition is one document";
            let help = "put each definition into a file of its own";
            Err(vec![of_the_whole(
                code::EXACTLY_ONE,
                second.span,
                message,
                help,
            )])
        }
        (root, _) => {
            let help = "a definition starts with `document:` and has `do:`";
            let span = root.map_or(START, |root| root.span);
            Err(vec![of_the_whole(
                code::EMPTY,
                span,
                "the text is empty",
                help,
            )])
        }
    }
}

fn of_the_whole(code: &'static str, span: Span, message: &str, help: &str) -> Problem {
    let (message, help) = (message.to_owned(), Some(help.to_owned()));
    Problem {
        code,
        severity: Severity::Error,
        message,
        span,
        pointer: String::new(),
        help,
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
