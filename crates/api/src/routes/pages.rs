//! Plain pages: what there is and what it did, readable without a script.

pub(super) mod html;

use crate::{RunId, RunStatus};
use axum::extract::State;
use runtime::{HistoryEntry, OutstandingView, RunDetail, RunQuery, RunView, WorkflowView};
use utoipa_axum::routes;

use self::html::{Builder, Page, page};
use super::{Declared, ask, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::Segments;
use crate::problem::Problem;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::PagesRead, routes!(overview_page)),
        behind(Action::PagesRead, routes!(run_page)),
    ]
}

const RUNS_SHOWN: u32 = 50;
const RECORDS_SHOWN: u32 = 1_000;
/// Longer data is cut on the page; the API has it whole.
const DATA_CHARACTERS_SHOWN: usize = 20_000;

/// Workflows and recent runs.
#[utoipa::path(get, path = "/", tag = "pages", operation_id = "overviewPage", responses((status = 200, body = String, content_type = "text/html")))]
async fn overview_page(State(app): State<App>, caller: Authorized) -> Result<Page, Problem> {
    let query = RunQuery {
        limit: RUNS_SHOWN,
        ..RunQuery::default()
    };
    let (workflows, runs) = ask(&app, move |server| {
        Ok((
            server.workflows(&caller.scope, None)?,
            server.runs(&caller.scope, &query)?.runs,
        ))
    })
    .await?;
    Ok(page("Overview", true, |html| {
        html.raw("<h1>Workflows</h1>");
        workflow_table(html, &workflows);
        html.raw("<h2>Recent runs</h2>");
        run_table(html, &runs);
        html.raw("<p class=\"quiet\">The API: <a href=\"/openapi.json\">/openapi.json</a></p>");
    }))
}

fn workflow_table(html: &mut Builder, workflows: &[WorkflowView]) {
    if workflows.is_empty() {
        html.raw("<p class=\"quiet\">None yet. Apply a definition, or serve a folder: <code>segue up DIR</code></p>");
        return;
    }
    html.raw("<table><thead><tr><th>Workflow</th><th>Version</th><th>Started by</th><th>Next</th><th>Runs</th></tr></thead><tbody>");
    for workflow in workflows {
        html.raw("<tr><td>")
            .text(&workflow.namespace)
            .raw("/")
            .text(&workflow.name);
        if let Some(title) = &workflow.title {
            html.raw("<br><span class=\"quiet\">")
                .text(title)
                .raw("</span>");
        }
        html.raw("</td><td>")
            .text(&workflow.version)
            .raw("</td><td>")
            .text(workflow.schedule.join("; "))
            .raw("</td><td>");
        if let Some(next) = workflow.next_fire {
            moment(html, next);
        }
        html.raw("</td><td>");
        for (status, count) in workflow.runs.iter().filter(|(_, count)| *count > 0) {
            html.raw("<span class=\"")
                .text(word(*status))
                .raw("\">")
                .text(count)
                .raw(" ")
                .text(word(*status))
                .raw("</span> ");
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table>");
}

fn run_table(html: &mut Builder, runs: &[RunView]) {
    if runs.is_empty() {
        html.raw("<p class=\"quiet\">None yet.</p>");
        return;
    }
    html.raw("<table><thead><tr><th>Run</th><th>Workflow</th><th>Status</th><th>Created</th><th>Trigger</th><th></th></tr></thead><tbody>");
    for run in runs {
        html.raw("<tr><td>");
        run_link(html, run.id);
        html.raw("</td><td>")
            .text(&run.namespace)
            .raw("/")
            .text(&run.workflow)
            .raw("</td><td>");
        status(html, run.status);
        html.raw("</td><td>");
        moment(html, run.created_at);
        html.raw("</td><td>")
            .text(&run.trigger)
            .raw("</td><td>")
            .text(run.summary.as_deref().unwrap_or_default())
            .raw("</td></tr>");
    }
    html.raw("</tbody></table>");
}

/// One run and its history.
#[utoipa::path(
    get, path = "/runs/{run}", tag = "pages", operation_id = "runPage", params(("run" = String, Path, format = "uuid")),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn run_page(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
) -> Result<Page, Problem> {
    let (detail, history) = ask(&app, move |server| {
        Ok((
            server.run(&caller.scope, run)?,
            server.history(&caller.scope, run, 1, RECORDS_SHOWN)?,
        ))
    })
    .await?;
    Ok(page(&format!("Run {run}"), true, |html| {
        run_content(html, &detail, &history)
    }))
}

fn run_content(html: &mut Builder, detail: &RunDetail, history: &[HistoryEntry]) {
    let run = &detail.run;
    html.raw("<h1>")
        .text(&run.namespace)
        .raw("/")
        .text(&run.workflow)
        .raw(" ")
        .text(&run.version)
        .raw("</h1><p>");
    status(html, run.status);
    html.raw(" · started by ").text(&run.trigger).raw(" · ");
    moment(html, run.created_at);
    if let Some(ended_at) = run.ended_at {
        html.raw(" to ");
        moment(html, ended_at);
    }
    for (word, other) in [(" · part of ", run.parent), (" · retries ", run.retry_of)] {
        if let Some(other) = other {
            html.raw(word);
            run_link(html, other);
        }
    }
    html.raw("</p>");
    if let Some(error) = &detail.error {
        html.raw("<p class=\"bad\">").text(error).raw("</p>");
        if let Some(instance) = &error.instance {
            html.raw("<p class=\"bad\">at <code>")
                .text(instance)
                .raw("</code></p>");
        }
    }
    outstanding_table(html, &detail.outstanding);
    data(html, "Input", &detail.input);
    if let Some(output) = &detail.output {
        data(html, "Output", output);
    }
    html.raw("<h2>History</h2>");
    history_table(html, history);
}

fn outstanding_table(html: &mut Builder, outstanding: &[OutstandingView]) {
    if outstanding.is_empty() {
        return;
    }
    html.raw("<h2>Under way</h2><table><thead><tr><th>Task</th><th>Waits for</th><th>Since</th></tr></thead><tbody>");
    for task in outstanding {
        html.raw("<tr><td><code>")
            .text(&task.task)
            .raw("</code></td><td>")
            .text(task.waits_for)
            .raw(": ")
            .text(&task.detail)
            .raw("</td><td>");
        moment(html, task.since);
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table>");
}

fn history_table(html: &mut Builder, history: &[HistoryEntry]) {
    html.raw("<table><thead><tr><th>#</th><th>Time</th><th>Event</th><th>Task</th><th>Data</th></tr></thead><tbody>");
    for entry in history {
        html.raw("<tr><td>").text(entry.seq).raw("</td><td>");
        moment(html, entry.at);
        html.raw("</td><td>")
            .text(&entry.event)
            .raw("</td><td><code>");
        html.text(entry.task.as_deref().unwrap_or_default())
            .raw("</code></td><td>");
        if !entry.data.is_null() {
            html.raw("<details><summary>data</summary><pre>")
                .text(shown(&entry.data))
                .raw("</pre></details>");
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table>");
    if history
        .last()
        .is_some_and(|last| last.seq >= u64::from(RECORDS_SHOWN))
    {
        html.raw("<p class=\"quiet\">The history is longer; the API has all of it.</p>");
    }
}

fn data(html: &mut Builder, heading: &'static str, value: &dsl::Value) {
    html.raw("<h2>")
        .raw(heading)
        .raw("</h2><pre>")
        .text(shown(value))
        .raw("</pre>");
}

fn shown(value: &dsl::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match text.char_indices().nth(DATA_CHARACTERS_SHOWN) {
        Some((cut, _)) => format!("{} … ({} bytes)", &text[..cut], text.len()),
        None => text,
    }
}

fn run_link(html: &mut Builder, run: RunId) {
    html.raw("<a href=\"/runs/")
        .text(run)
        .raw("\"><code>")
        .text(run)
        .raw("</code></a>");
}

fn status(html: &mut Builder, status: RunStatus) {
    html.raw("<span class=\"")
        .text(word(status))
        .raw("\">")
        .text(word(status))
        .raw("</span>");
}

fn moment(html: &mut Builder, at: jiff::Timestamp) {
    html.raw("<time>")
        .text(at.strftime("%Y-%m-%d %H:%M:%S"))
        .raw("</time>");
}

fn word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Pending => "pending",
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting",
        RunStatus::Suspended => "suspended",
        RunStatus::Cancelled => "cancelled",
        RunStatus::Faulted => "faulted",
        RunStatus::Completed => "completed",
    }
}
