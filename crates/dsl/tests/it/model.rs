//! What a definition becomes: names resolved, directives pointing at tasks, defaults filled in.

use dsl::definition::task::{Backoff, Consume, Process, Read, Returns, Then};
use dsl::definition::{DurationSpec, Extend, Strategy, Until};
use dsl::{Definition, Severity, Task, TaskKind, Template, Value};

const HEADING: &str = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n";

fn definition(text: &str) -> Definition {
    let text = if text.contains("document:\n") {
        text.to_owned()
    } else {
        format!("{text}\n{HEADING}")
    };
    dsl::parse(&text)
        .unwrap_or_else(|problems| panic!("{}", crate::specification::render(&problems)))
        .definition
}

/// A template without expressions in it, as JSON.
fn constant(template: &Template) -> String {
    match template {
        Template::Constant(value) => value.to_json(),
        other => panic!("a constant, not {other:?}"),
    }
}

fn task<'d>(definition: &'d Definition, reference: &str) -> &'d Task {
    definition
        .task_at(reference)
        .unwrap_or_else(|| panic!("no task at {reference}"))
}

/// One line a task: reference, next, parent, then, kind.
fn outline(definition: &Definition) -> String {
    let name = |id: Option<dsl::TaskId>| {
        id.map_or("-".to_owned(), |id| definition.task(id).name.to_string())
    };
    let mut lines = String::new();
    for task in &definition.tasks {
        let then = match task.then {
            Then::Task(id) => name(Some(id)),
            directive => format!("{directive:?}").to_lowercase(),
        };
        lines.push_str(&format!(
            "{} {} next {} parent {} then {then}\n",
            task.reference,
            task.kind.keyword(),
            name(task.next),
            name(task.parent)
        ));
    }
    lines
}

#[test]
fn tasks_know_their_neighbours() {
    let definition = definition(
        "
do:
  - first:
      do:
        - inner: {wait: PT1S, then: exit}
        - last: {wait: PT1S}
      then: loop
  - skipped: {wait: PT1S, then: end}
  - loop:
      for: {in: .x}
      do: [{each: {wait: PT1S}}]
  - sides:
      fork:
        branches:
          - left: {wait: PT1S}
          - right: {wait: PT1S}
  - careful:
      try: [{risk: {wait: PT1S}}]
      catch:
        do: [{mend: {wait: PT1S}}]
      then: skipped
",
    );
    insta::assert_snapshot!(outline(&definition), @"
    /do/0/first do next skipped parent - then loop
    /do/1/skipped wait next loop parent - then end
    /do/2/loop for next sides parent - then continue
    /do/3/sides fork next careful parent - then continue
    /do/4/careful try next - parent - then skipped
    /do/0/first/do/0/inner wait next last parent first then exit
    /do/0/first/do/1/last wait next - parent first then continue
    /do/2/loop/do/0/each wait next - parent loop then continue
    /do/3/sides/fork/branches/0/left wait next - parent sides then continue
    /do/3/sides/fork/branches/1/right wait next - parent sides then continue
    /do/4/careful/try/0/risk wait next - parent careful then continue
    /do/4/careful/catch/do/0/mend wait next - parent careful then continue
    ");
    let root: Vec<_> = definition
        .root
        .tasks
        .iter()
        .map(|id| &*definition.task(*id).name)
        .collect();
    assert_eq!(root, ["first", "skipped", "loop", "sides", "careful"]);
}

#[test]
fn defaults_are_the_standards() {
    let definition = definition(
        "
do:
  - loop: {for: {in: .x}, do: [{a: {wait: PT1S}}]}
  - listen: {listen: {to: {any: []}}}
  - careful: {try: [{b: {wait: PT1S}}], catch: {retry: {}}}
  - shell: {run: {shell: {command: ls}}}
",
    );
    let TaskKind::For(each) = &task(&definition, "/do/0/loop").kind else {
        panic!()
    };
    assert_eq!(
        (&*each.each, &*each.at, &*each.in_.source),
        ("item", "index", ".x")
    );
    let TaskKind::Listen(listen) = &task(&definition, "/do/1/listen").kind else {
        panic!()
    };
    assert_eq!(listen.read, Read::Data);
    assert!(
        matches!(&listen.to.strategy, Strategy::Any { filters, until: None } if filters.is_empty())
    );
    let TaskKind::Try(careful) = &task(&definition, "/do/2/careful").kind else {
        panic!()
    };
    assert_eq!(&*careful.catch.as_, "error");
    let retry = careful.catch.retry.as_ref().unwrap();
    assert!(
        matches!(retry.backoff, Backoff::Constant)
            && retry.delay.is_none()
            && retry.attempt_count.is_none()
    );
    let TaskKind::Run(run) = &task(&definition, "/do/3/shell").kind else {
        panic!()
    };
    assert!(run.is_awaited && run.returns == Returns::Stdout);
    let Process::Shell(shell) = &run.process else {
        panic!()
    };
    assert_eq!(constant(shell), r#"{"command":"ls"}"#);
}

#[test]
fn references_become_what_they_name() {
    let definition = definition(
        "
use:
  secrets: [key]
  authentications:
    shop: {bearer: {use: key}}
  errors:
    gone: {type: 'https://example.com/gone', status: 410}
  retries:
    often: {delay: PT1S, backoff: {exponential: {factor: 3, maxDelay: PT1M}}, limit: {attempt: {count: 4}}, jitter: {from: PT0S, to: PT1S}}
  timeouts:
    short: {after: {seconds: 3}}
  functions:
    charge: {call: email, with: {to: a}}
timeout: short
do:
  - get:
      call: http
      with: {method: get, endpoint: {uri: 'https://example.com', authentication: {use: shop}}}
      timeout: short
  - pay: {call: charge}
  - careful: {try: [{fail: {raise: {error: gone}}}], catch: {retry: often}}
",
    );
    let TaskKind::Call(get) = &task(&definition, "/do/0/get").kind else {
        panic!()
    };
    let expected = r#"{"method":"get","endpoint":{"uri":"https://example.com","authentication":{"bearer":{"use":"key"}}}}"#;
    assert_eq!(constant(&get.with), expected);
    let written = r#"{"use":"shop"}"#;
    let source = &task(&definition, "/do/0/get").source;
    let authentication = source
        .get("with")
        .and_then(|with| with.get("endpoint"))
        .and_then(|endpoint| endpoint.get("authentication"));
    assert_eq!(
        authentication.map(Value::to_json).as_deref(),
        Some(written),
        "`$task.definition` stays as written"
    );
    for timeout in [&definition.timeout, &task(&definition, "/do/0/get").timeout] {
        assert!(matches!(timeout, Some(DurationSpec::Fixed(span)) if span.get_seconds() == 3));
    }
    let TaskKind::Call(pay) = &task(&definition, "/do/1/pay").kind else {
        panic!()
    };
    let function = definition.task(pay.defined.unwrap());
    assert_eq!(
        (
            &*function.reference,
            function.kind.keyword(),
            function.parent
        ),
        ("/use/functions/charge", "call", None)
    );
    let TaskKind::Raise(raise) = &task(&definition, "/do/2/careful/try/0/fail").kind else {
        panic!()
    };
    assert_eq!(
        constant(&raise.error),
        r#"{"type":"https://example.com/gone","status":410}"#
    );
    let TaskKind::Try(careful) = &task(&definition, "/do/2/careful").kind else {
        panic!()
    };
    let retry = careful.catch.retry.as_ref().unwrap();
    assert_eq!(retry.attempt_count, Some(4));
    assert!(retry.jitter.is_some());
    assert!(
        matches!(&retry.backoff, Backoff::Exponential { factor, max_delay: Some(_) } if *factor == 3.0)
    );
    assert_eq!(
        definition
            .secrets
            .iter()
            .map(|name| &**name)
            .collect::<Vec<_>>(),
        ["key"]
    );
}

#[test]
fn functions_may_be_named_in_every_way() {
    for name in [
        "email",
        "crm.createContact",
        "log:1.0.0@default",
        "log:1.0.0@own",
        "log:1.0.0",
        "https://example.com/function.yaml",
    ] {
        let definition = definition(&format!(
            "use: {{catalogs: {{own: {{endpoint: 'https://example.com'}}}}}}\ndo:\n  - a: {{call: '{name}', with: {{x: 1}}}}"
        ));
        let TaskKind::Call(call) = &definition.tasks[0].kind else {
            panic!()
        };
        assert_eq!(
            (&*call.function, constant(&call.with).as_str(), call.defined),
            (name, r#"{"x":1}"#, None)
        );
    }
}

#[test]
fn subscriptions_are_apart_from_the_arguments() {
    let definition = definition(
        "
do:
  - hear:
      call: asyncapi
      with:
        document: {endpoint: 'https://example.com/asyncapi.json'}
        operation: hear
        subscription:
          filter: ${ .id == 1 }
          consume: {until: '${ .last }', for: PT1H}
          foreach:
            item: message
            do: [{note: {set: {it: '${ $message }'}}}]
",
    );
    let TaskKind::Call(call) = &definition.tasks[0].kind else {
        panic!()
    };
    assert_eq!(
        constant(&call.with),
        r#"{"document":{"endpoint":"https://example.com/asyncapi.json"},"operation":"hear"}"#
    );
    let subscription = call.subscription.as_ref().unwrap();
    assert_eq!(
        subscription.filter.as_ref().unwrap().source.trim(),
        ".id == 1"
    );
    assert!(
        matches!(&subscription.consume, Consume::Until(until) if until.source.trim() == ".last")
    );
    let foreach = subscription.foreach.as_ref().unwrap();
    let inner = definition.task(foreach.tasks.first().unwrap());
    assert_eq!(
        (&*inner.reference, inner.parent),
        (
            "/do/0/hear/with/subscription/foreach/do/0/note",
            Some(definition.tasks[0].id)
        )
    );
}

#[test]
fn events_are_matched_by_constants_patterns_and_expressions() {
    let definition = definition(
        "
do:
  - hear:
      listen:
        to:
          any:
            - with: {type: 'com\\.shop\\..*', data: '${ .x > 1 }', count: 3}
              correlate: {order: {from: .data.id, expect: '${ .id }'}}
          until: {one: {with: {type: stop}}}
",
    );
    let TaskKind::Listen(listen) = &definition.tasks[0].kind else {
        panic!()
    };
    let Strategy::Any {
        filters,
        until: Some(Until::Consumed(until)),
    } = &listen.to.strategy
    else {
        panic!()
    };
    assert!(matches!(until.strategy, Strategy::One(_)));
    let kinds: Vec<String> = filters[0]
        .with
        .iter()
        .map(|(name, matcher)| match matcher {
            dsl::definition::event::Matcher::Equals { regex, .. } => {
                format!(
                    "{name} {}",
                    regex.as_ref().map_or("equals", |regex| {
                        if regex.is_match("com.shop.paid") && !regex.is_match("xcom.shop.paid") {
                            "matches"
                        } else {
                            "differs"
                        }
                    })
                )
            }
            dsl::definition::event::Matcher::Expression(expression) => {
                format!("{name} {}", expression.source.trim())
            }
        })
        .collect();
    assert_eq!(kinds, ["type matches", "data .x > 1", "count equals"]);
    assert_eq!(&*filters[0].correlate[0].1.from.source, ".data.id");
}

#[test]
fn extensions_and_schedules_are_read() {
    let definition = definition(
        "
use:
  extensions:
    - log:
        extend: composite
        when: $task.name == \"x\"
        before: [{note: {wait: PT1S}}]
schedule: {every: PT1H, cron: '0 8 * * MON-FRI', after: {minutes: 5}}
evaluate: {mode: loose}
do: [{a: {wait: '${ .delay }'}}]
",
    );
    let extension = &definition.extensions[0];
    assert_eq!(
        (
            extension.extend,
            extension.before.tasks.len(),
            extension.after.tasks.len()
        ),
        (Extend::Composite, 1, 0)
    );
    assert_eq!(
        &*definition.task(extension.before.first().unwrap()).reference,
        "/use/extensions/0/log/before/0/note"
    );
    let schedule = definition.schedule.as_ref().unwrap();
    assert_eq!(schedule.cron.as_deref(), Some("0 8 * * MON-FRI"));
    assert!(schedule.every.is_some() && schedule.after.is_some() && schedule.on.is_none());
    assert_eq!(definition.evaluate.mode, dsl::definition::Mode::Loose);
    assert!(matches!(
        &task(&definition, "/do/0/a").kind,
        TaskKind::Wait(DurationSpec::Expression(_))
    ));
}

#[test]
fn both_homes_of_the_schema_may_be_named() {
    for home in [
        "https://serverlessworkflow.io/schemas/1.0.3/workflow.yaml",
        "https://open-workflow-specification.org/schemas/1.0.3/workflow.json",
        "../schema/workflow.yaml",
    ] {
        definition(&format!("$schema: {home}\ndo: [{{a: {{wait: PT1S}}}}]"));
    }
}

#[test]
fn json_is_read_like_yaml() {
    let text = r#"{"document": {"dsl": "1.0.3", "namespace": "n", "name": "n", "version": "1.0.0"}, "do": [{"a": {"set": {"x": 1e2, "y": "\u00e9\/"}}}]}"#;
    let definition = dsl::parse(text).unwrap().definition;
    assert_eq!(
        definition.source,
        Value::parse_json(text.as_bytes()).unwrap()
    );
    assert_eq!(definition.digest.len(), 64);
}

#[test]
fn warnings_do_not_stop_a_definition() {
    let text = format!("{HEADING}do:\n  - a: {{wait: PT1S, then: end}}\n  - b: {{wait: PT1S}}\n");
    let parsed = dsl::parse(&text).unwrap();
    let found: Vec<_> = parsed
        .warnings
        .iter()
        .map(|problem| (problem.code, problem.severity))
        .collect();
    assert_eq!(found, [("unreachable-task", Severity::Warning)]);
    assert_eq!(dsl::validate(&text), parsed.warnings);
}

#[test]
fn a_schema_kept_elsewhere_waits_to_be_fetched() {
    let definition = definition(
        "input: {schema: {resource: {endpoint: 'https://example.com/s.json'}}}\ndo: [{a: {wait: PT1S}}]",
    );
    let schema = definition.input.schema.unwrap();
    assert!(!schema.is_resolved() && schema.resource.is_some());
    assert_eq!(schema.violations(&Value::Null).len(), 1);
}
