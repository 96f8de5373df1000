//! "Validate first, act second": warnings about what a workflow does with data nobody checked.

use crate::definition::{Definition, TaskKind};
use crate::problem::{Problem, Severity, code};
use crate::yaml::Node;

/// Tasks that reach the outside.
fn acts(kind: &TaskKind) -> bool {
    matches!(
        kind,
        TaskKind::Call(_) | TaskKind::Run(_) | TaskKind::Emit(_)
    )
}

pub fn check(definition: &Definition, root: &Node) -> Vec<Problem> {
    let is_started_by_events = definition
        .schedule
        .as_ref()
        .is_some_and(|schedule| schedule.on.is_some());
    if !is_started_by_events
        || definition.input.schema.is_some()
        || !definition.tasks.iter().any(|task| acts(&task.kind))
    {
        return Vec::new();
    }
    let span = root
        .get("schedule")
        .and_then(|schedule| schedule.entry("on"))
        .map_or(root.span, |entry| entry.key_span);
    vec![Problem {
        code: code::INPUT_UNCHECKED,
        severity: Severity::Warning,
        message: "events start this workflow and it acts on the outside, but nothing checks what they carry".to_owned(),
        span,
        pointer: "/schedule/on".to_owned(),
        help: Some("declare `input.schema`".to_owned()),
    }]
}
