//! Starting, ending, refusing, suspending, retrying.

use std::time::Duration;

use runtime::{RunQuery, RuntimeError, StartOptions};
use store::RunStatus;

use crate::stage::{Stage, input, value};

const TWO: &str = "two
do:
  - first: { call: stub.echo, with: { n: '${ .n + 1 }' } }
  - second: { call: stub.echo, with: { n: '${ .n + 1 }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_its_calls_and_ends_with_its_output() {
    let stage = Stage::new(&[TWO]).await;
    let ended = stage.run("two", r#"{"n": 1}"#).await;
    assert_eq!(ended.run.status, RunStatus::Completed);
    assert_eq!(ended.output, Some(value(r#"{"n": 3}"#)));
    let keys = stage.stub.keys();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1], "each effect has its own key");
    assert!(
        keys.iter()
            .all(|key| key.starts_with(&ended.run.id.to_string()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_tells_every_task_with_its_data() {
    let stage = Stage::new(&[TWO]).await;
    let ended = stage.run("two", r#"{"n": 1}"#).await;
    let history = stage
        .server
        .history(&stage.scope, ended.run.id, 1, 100)
        .unwrap();
    let told: Vec<String> = history
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry.event,
                entry.name.as_deref().unwrap_or("-"),
                entry
                    .data
                    .get("output")
                    .map(ToString::to_string)
                    .unwrap_or_default()
            )
        })
        .collect();
    let completed: Vec<&String> = told
        .iter()
        .filter(|line| line.starts_with("taskCompleted"))
        .collect();
    assert_eq!(
        completed,
        [
            r#"taskCompleted first {"n":2}"#,
            r#"taskCompleted second {"n":3}"#
        ]
    );
    assert_eq!(told.last().unwrap(), r#"runCompleted - {"n":3}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_breaks_the_schema_starts_nothing() {
    let stage = Stage::new(&["strict
input: { schema: { document: { type: object, required: [email], properties: { email: { type: string } } } } }
do:
  - call: { call: stub.echo, with: {} }
"])
    .await;
    let refused = stage
        .server
        .start_run(
            &stage.scope,
            "test",
            "strict",
            input(r#"{"email": 5}"#),
            StartOptions::default(),
        )
        .await;
    let Err(RuntimeError::InvalidInput { violations }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(violations[0].pointer, "/email");
    assert!(
        stage
            .server
            .runs(&stage.scope, &RunQuery::default())
            .unwrap()
            .runs
            .is_empty()
    );
    assert_eq!(stage.stub.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_starts_one_run() {
    let stage = Stage::new(&[TWO]).await;
    let keyed = || StartOptions {
        idempotency_key: Some("k1".into()),
        wait: Some(Duration::from_secs(20)),
        ..StartOptions::default()
    };
    let first = stage
        .server
        .start_run(&stage.scope, "test", "two", input(r#"{"n": 1}"#), keyed())
        .await
        .unwrap();
    let second = stage
        .server
        .start_run(&stage.scope, "test", "two", input(r#"{"n": 1}"#), keyed())
        .await
        .unwrap();
    assert!(!first.is_duplicate && second.is_duplicate);
    assert_eq!(first.run, second.run);
    let other = stage
        .server
        .start_run(&stage.scope, "test", "two", input(r#"{"n": 2}"#), keyed())
        .await;
    assert!(
        matches!(other, Err(RuntimeError::KeyReused { run, .. }) if run == first.run),
        "{other:?}"
    );
    assert_eq!(stage.stub.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_is_tried_again_and_a_faulted_run_tells_where() {
    let stage = Stage::new(&[
        "patient
do:
  - attempt:
      try:
        - call: { call: stub.fail, with: { times: 2 } }
      catch:
        errors: { with: { status: 503 } }
        retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 3 } } }
",
        "hasty
do:
  - call: { call: stub.fail, with: { times: 1 } }
",
    ])
    .await;
    assert_eq!(
        stage.run("patient", "{}").await.run.status,
        RunStatus::Completed
    );
    assert_eq!(stage.stub.count(), 3);
    let failed = stage.run("hasty", "{}").await;
    assert_eq!(failed.run.status, RunStatus::Faulted);
    assert_eq!(
        failed.error.unwrap().instance.as_deref(),
        Some("/do/0/call")
    );
    assert!(failed.run.summary.unwrap().contains("/do/0/call"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulted_run_goes_on_from_the_task_that_failed() {
    let stage = Stage::new(&["fragile
do:
  - good: { call: stub.echo, with: { n: 7 } }
  - bad: { call: stub.fail, with: { times: 1, n: '${ .n }' } }
  - last: { set: { n: '${ .n + 1 }' } }
"])
    .await;
    let failed = stage.run("fragile", "{}").await;
    assert_eq!(failed.run.status, RunStatus::Faulted);
    let again = stage
        .server
        .retry(&stage.scope, failed.run.id, None, false)
        .await
        .unwrap();
    // The stub counts failures by run: the new run's first call fails too.
    let second = stage.end_of(again).await;
    assert_eq!(second.run.status, RunStatus::Faulted);
    assert_eq!(second.run.retry_of, Some(failed.run.id));
    let calls = stage
        .stub
        .calls
        .lock()
        .unwrap()
        .iter()
        .filter(|call| &*call.function == "stub.echo")
        .count();
    assert_eq!(calls, 1, "the good call is not repeated");
    let from_last = stage
        .server
        .retry(&stage.scope, failed.run.id, Some("good"), false)
        .await
        .unwrap();
    assert_eq!(stage.end_of(from_last).await.run.status, RunStatus::Faulted);
    let refused = stage
        .server
        .retry(&stage.scope, failed.run.id, Some("last"), false)
        .await;
    assert!(
        matches!(refused, Err(RuntimeError::BadRequest { ref what }) if what.contains("never came")),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_suspend_hold_what_comes_after() {
    let stage = Stage::new(&[
        "slow
do:
  - hang: { call: stub.hang, with: {} }
  - after: { call: stub.echo, with: {} }
",
        "pause
do:
  - wait: { wait: { milliseconds: 30 } }
  - after: { call: stub.echo, with: {} }
",
    ])
    .await;
    let run = stage.start("slow", "{}").await;
    stage
        .server
        .cancel(&stage.scope, run, Some("no longer needed"))
        .await
        .unwrap();
    assert_eq!(stage.end_of(run).await.run.status, RunStatus::Cancelled);
    let again = stage.server.cancel(&stage.scope, run, None).await;
    assert!(
        matches!(
            again,
            Err(RuntimeError::Ended {
                status: "cancelled"
            })
        ),
        "{again:?}"
    );

    let run = stage.start("pause", "{}").await;
    stage.server.suspend(&stage.scope, run).await.unwrap();
    let held = stage
        .until(run, |detail| detail.run.status == RunStatus::Suspended)
        .await;
    assert_eq!(held.run.status, RunStatus::Suspended);
    stage.server.resume(&stage.scope, run).await.unwrap();
    assert_eq!(stage.end_of(run).await.run.status, RunStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_cannot_be_taken_back_and_got_no_reply_waits_for_a_person() {
    let stage = Stage::new(&["mail
do:
  - send: { call: stub.lost, with: {} }
"])
    .await;
    let run = stage.start("mail", "{}").await;
    let waiting = stage
        .until(run, |detail| {
            detail
                .outstanding
                .iter()
                .any(|task| task.waits_for == "uncertain")
        })
        .await;
    assert_eq!(waiting.run.status, RunStatus::Waiting);
    let effect = waiting.outstanding[0].effect.unwrap();
    assert_eq!(stage.stub.count(), 1, "never sent twice");
    stage
        .server
        .resolve_effect(
            &stage.scope,
            run,
            effect,
            Some(Ok(value(r#"{"sent": true}"#))),
        )
        .await
        .unwrap();
    assert_eq!(
        stage.end_of(run).await.output,
        Some(value(r#"{"sent": true}"#))
    );
    assert_eq!(stage.stub.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_run_answers_its_parent() {
    let stage = Stage::new(&[TWO, "parent
do:
  - child:
      run: { workflow: { namespace: test, name: two, version: '1.0.0', input: { n: '${ .n }' } } }
  - late:
      run: { await: false, workflow: { namespace: test, name: two, version: latest, input: { n: 10 } } }
  - missing:
      try:
        - ghost: { run: { workflow: { namespace: test, name: ghost, version: '1.0.0' } } }
      catch:
        as: problem
        do:
          - keep: { set: { n: '${ .n }', problem: '${ $problem.status }' } }
"])
    .await;
    let ended = stage.run("parent", r#"{"n": 1}"#).await;
    assert_eq!(
        ended.output,
        Some(value(r#"{"n": 3, "problem": 400}"#)),
        "{:?}",
        ended.error
    );
    let children = RunQuery {
        parent: Some(ended.run.id),
        ..RunQuery::default()
    };
    let page = stage.server.runs(&stage.scope, &children).unwrap();
    assert_eq!(page.runs.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_namespace_sees_nothing() {
    let stage = Stage::new(&[TWO]).await;
    let ended = stage.run("two", r#"{"n": 1}"#).await;
    let stranger = runtime::Scope {
        actor: "stranger".into(),
        namespaces: Some(vec!["other".into()].into()),
    };
    assert!(matches!(
        stage.server.run(&stranger, ended.run.id),
        Err(RuntimeError::NotFound { .. })
    ));
    assert!(
        stage
            .server
            .runs(&stranger, &RunQuery::default())
            .unwrap()
            .runs
            .is_empty()
    );
    let refused = stage
        .server
        .start_run(
            &stranger,
            "test",
            "two",
            input("{}"),
            StartOptions::default(),
        )
        .await;
    assert!(matches!(refused, Err(RuntimeError::NotFound { .. })));
    assert!(matches!(
        stage.server.cancel(&stranger, ended.run.id, None).await,
        Err(RuntimeError::NotFound { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_loop_yields_and_ends() {
    let stage = Stage::new(&["sum
do:
  - each:
      for: { each: n, in: '[range(5000)]' }
      do:
        - add: { set: { sum: '${ (.sum // 0) + $n }' } }
"])
    .await;
    let ended = stage.run("sum", "{}").await;
    assert_eq!(
        ended.output,
        Some(value(r#"{"sum": 12497500}"#)),
        "{:?}",
        ended.error
    );
}
