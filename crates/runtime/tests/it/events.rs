//! Webhooks, CloudEvents, listening runs, schedules.

use runtime::{HookRequest, RunQuery, RuntimeError};
use store::RunStatus;

use crate::stage::{Stage, value};

const ON_LEAD: &str = "intake
schedule: { on: { one: { with: { type: lead.submitted } } } }
input: { from: '.[0].data' }
do:
  - keep: { call: stub.echo, with: { email: '${ .email }' } }
";

const SOURCE: &str = r#"
apiVersion: segue/v1
kind: Source
metadata: { namespace: test, name: form }
spec:
  webhook:
    verify: none
    dedupe: '${ .headers["x-delivery-id"] }'
  schema: { type: object, required: [email], properties: { email: { type: string } } }
  event: { type: lead.submitted, subject: '${ .body.email }' }
"#;

fn delivery(id: &str, body: &str) -> HookRequest {
    HookRequest {
        method: "POST".into(),
        uri: "/hooks/test/form".into(),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-delivery-id".into(), id.into()),
        ],
        body: body.as_bytes().into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_starts_one_run_however_often_it_comes() {
    let stage = Stage::new(&[ON_LEAD]).await;
    stage
        .server
        .apply_resources(&stage.scope, SOURCE)
        .await
        .unwrap();
    let body = r#"{"email": "ada@example.com"}"#;
    let first = stage
        .server
        .hook("test", "form", delivery("1", body))
        .await
        .unwrap();
    assert_eq!((first.status, first.runs.len()), (202, 1));
    let ended = stage.end_of(first.runs[0]).await;
    assert_eq!(ended.output, Some(value(body)));
    let again = stage
        .server
        .hook("test", "form", delivery("1", body))
        .await
        .unwrap();
    assert_eq!((again.status, &again.runs), (200, &first.runs));
    let other = stage
        .server
        .hook(
            "test",
            "form",
            delivery("1", r#"{"email": "eve@example.com"}"#),
        )
        .await;
    assert!(
        matches!(other, Err(RuntimeError::KeyReused { .. })),
        "{other:?}"
    );
    assert_eq!(stage.stub.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_breaks_the_schema_is_refused_and_starts_nothing() {
    let stage = Stage::new(&[ON_LEAD]).await;
    stage
        .server
        .apply_resources(&stage.scope, SOURCE)
        .await
        .unwrap();
    let refused = stage
        .server
        .hook("test", "form", delivery("1", r#"{"mail": 1}"#))
        .await;
    assert!(
        matches!(refused, Err(RuntimeError::InvalidInput { .. })),
        "{refused:?}"
    );
    let broken = stage
        .server
        .hook("test", "form", delivery("2", r#"{"email": "#))
        .await;
    assert!(
        matches!(broken, Err(RuntimeError::BadRequest { .. })),
        "{broken:?}"
    );
    assert!(
        stage
            .server
            .runs(&stage.scope, &RunQuery::default())
            .unwrap()
            .runs
            .is_empty()
    );
    // Refused is not delivered: the same id may come again with a good body.
    let good = stage
        .server
        .hook(
            "test",
            "form",
            delivery("1", r#"{"email": "ada@example.com"}"#),
        )
        .await
        .unwrap();
    assert_eq!(good.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_checked_before_anything_else() {
    let stage = Stage::new(&[ON_LEAD]).await;
    let source = SOURCE.replace(
        "verify: none",
        "verify: { hmac: { header: X-Signature, secret: form-key, prefix: 'sha256=' } }",
    );
    stage
        .server
        .apply_resources(&stage.scope, &source)
        .await
        .unwrap();
    let body = r#"{"email": "ada@example.com"}"#;
    let unset = stage.server.hook("test", "form", delivery("1", body)).await;
    assert!(
        matches!(unset, Err(RuntimeError::Unavailable { .. })),
        "without its secret a source takes nothing: {unset:?}"
    );
    stage
        .server
        .put_secret(&stage.scope, "test", "form-key", "sesame")
        .await
        .unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"sesame");
    let signature: String = aws_lc_rs::hmac::sign(&key, body.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for (value, is_good) in [
        ("", false),
        ("sha256=00", false),
        (signature.as_str(), false),
        (&*format!("sha256={signature}"), true),
    ] {
        let mut request = delivery(value, body);
        request.headers.push(("x-signature".into(), value.into()));
        let result = stage.server.hook("test", "form", request).await;
        assert_eq!(result.is_ok(), is_good, "{value}: {result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_run_takes_the_event_it_waits_for() {
    let stage = Stage::new(&["ask
do:
  - answer:
      listen:
        to:
          one:
            with: { type: answer.given }
            correlate: { id: { from: .data.id, expect: '${ .id }' } }
"])
    .await;
    let run = stage.start("ask", r#"{"id": 7}"#).await;
    let waiting = stage
        .until(run, |detail| detail.run.status == RunStatus::Waiting)
        .await;
    assert_eq!(waiting.outstanding[0].waits_for, "event");
    let event = |id: i64, n: &str| {
        value(&format!(
            r#"{{"specversion":"1.0","id":"{n}","source":"/t","type":"answer.given","data":{{"id":{id}}}}}"#
        ))
    };
    stage
        .server
        .publish(&stage.scope, "test", vec![event(8, "a")])
        .await
        .unwrap();
    stage
        .server
        .publish(&stage.scope, "test", vec![event(7, "b")])
        .await
        .unwrap();
    let ended = stage.end_of(run).await;
    assert_eq!(ended.output, Some(value(r#"[{"id": 7}]"#)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_emits_starts_others() {
    let stage = Stage::new(&[ON_LEAD, "announce
do:
  - tell: { emit: { event: { with: { source: 'https://example.com/t', type: lead.submitted, data: { email: x@example.com } } } } }
"])
    .await;
    let mut live = stage.server.subscribe();
    stage.run("announce", "{}").await;
    loop {
        let event = tokio::time::timeout(std::time::Duration::from_secs(20), live.recv())
            .await
            .unwrap()
            .unwrap();
        if &*event.workflow == "intake" && event.status == RunStatus::Completed {
            break;
        }
    }
    assert_eq!(stage.stub.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_starts_runs() {
    let stage = Stage::new(&["beat
schedule: { every: { milliseconds: 20 } }
do:
  - tick: { call: stub.echo, with: {} }
"])
    .await;
    let mut live = stage.server.subscribe();
    let mut ended = 0;
    while ended < 3 {
        let event = tokio::time::timeout(std::time::Duration::from_secs(20), live.recv())
            .await
            .unwrap()
            .unwrap();
        ended += u32::from(event.status == RunStatus::Completed);
    }
    let page = stage
        .server
        .runs(&stage.scope, &RunQuery::default())
        .unwrap();
    assert!(page.runs.iter().all(|run| &*run.trigger == "schedule"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_starts_who_asked_for_it_and_nobody_else() {
    let stage = Stage::new(&[
        "work
do:
  - call: { call: stub.fail, with: { times: 1 } }
",
        "alarm
schedule: { on: { one: { with: { type: io.serverlessworkflow.workflow.faulted.v1 } } } }
input: { from: '.[0].data' }
do:
  - tell: { call: stub.echo, with: { where: '${ .error.instance }' } }
  - fail: { raise: { error: { type: 'https://example.com/x', status: 500 } } }
",
        "curious
schedule: { on: { any: [] } }
do:
  - call: { call: stub.never, with: {} }
",
    ])
    .await;
    let failed = stage.run("work", "{}").await;
    assert_eq!(failed.run.status, RunStatus::Faulted);
    let mut live = stage.server.subscribe();
    let alarms = RunQuery {
        workflow: Some("alarm".into()),
        ..RunQuery::default()
    };
    loop {
        let page = stage.server.runs(&stage.scope, &alarms).unwrap();
        if page
            .runs
            .first()
            .is_some_and(|run| run.status == RunStatus::Faulted)
        {
            break;
        }
        tokio::time::timeout(std::time::Duration::from_secs(20), live.recv())
            .await
            .unwrap()
            .unwrap();
    }
    // The alarm failed too, and did not start itself.
    assert_eq!(
        stage.server.runs(&stage.scope, &alarms).unwrap().runs.len(),
        1
    );
    let told: Vec<_> = stage
        .stub
        .calls
        .lock()
        .unwrap()
        .iter()
        .filter(|call| &*call.function == "stub.echo")
        .map(|call| call.with.to_json())
        .collect();
    assert_eq!(told, [r#"{"where":"/do/0/call"}"#]);
    assert!(
        !stage
            .stub
            .calls
            .lock()
            .unwrap()
            .iter()
            .any(|call| &*call.function == "stub.never")
    );
}
