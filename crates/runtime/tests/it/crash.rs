//! Stopping and starting again on the same data.

use std::time::Duration;

use runtime::Options;
use store::RunStatus;

use crate::stage::{Stage, value};

fn on_disk(directory: &tempfile::TempDir) -> Options {
    Options {
        data: Some(directory.path().to_owned()),
        ..Options::default()
    }
}

const LONG: &str = "long
do:
  - hang: { call: stub.hang, with: { n: 1 } }
";
const SEND: &str = "send
do:
  - hang: { call: stub.hangSend, with: { n: 1 } }
";
const PAUSE: &str = "pause
do:
  - wait: { wait: { milliseconds: 200 } }
  - after: { set: { done: true } }
";

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_calls_are_repeated_under_their_key_and_sends_are_asked_about() {
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::with(on_disk(&directory), None, &[LONG, SEND, PAUSE]).await;
    let (long, send, pause) = (
        stage.start("long", "{}").await,
        stage.start("send", "{}").await,
        stage.start("pause", "{}").await,
    );
    stage.stub.until(2).await;
    let keys = stage.stub.keys();
    stage.server.stop(Duration::from_millis(1)).await;
    drop(stage);

    let stage = Stage::with(on_disk(&directory), None, &[]).await;
    assert_eq!(
        stage.end_of(pause).await.output,
        Some(value(r#"{"done": true}"#)),
        "timers go on"
    );
    let asked = stage
        .until(send, |detail| detail.run.status == RunStatus::Waiting)
        .await;
    assert_eq!(asked.outstanding[0].waits_for, "uncertain");
    stage.stub.until(1).await;
    let repeated = stage.stub.keys();
    assert_eq!(repeated.len(), 1, "only the one that may be repeated");
    assert!(keys.contains(&repeated[0]), "under the same key");
    stage.server.cancel(&stage.scope, long, None).await.unwrap();
    stage.server.stop(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::with(on_disk(&directory), None, &[LONG]).await;
    let second = runtime::Server::start(on_disk(&directory)).await;
    assert!(matches!(
        second.err(),
        Some(runtime::RuntimeError::Store(
            store::StoreError::InUse { .. }
        ))
    ));
    stage.server.stop(Duration::from_millis(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_survive_a_restart_and_never_show() {
    let directory = tempfile::tempdir().unwrap();
    let definition = "secretive
use: { secrets: [api-key] }
do:
  - call: { call: stub.echo, with: { header: '${ \"Bearer \\($secrets[\"api-key\"])\" }' } }
";
    let stage = Stage::with(on_disk(&directory), None, &[definition]).await;
    let refused = stage.run("secretive", "{}").await;
    assert_eq!(
        refused.error.unwrap().status,
        403,
        "a missing secret is an authorization error"
    );
    stage
        .server
        .put_secret(&stage.scope, "test", "api-key", "canary-1234")
        .await
        .unwrap();
    let ended = stage.run("secretive", "{}").await;
    assert_eq!(ended.run.status, RunStatus::Completed, "{:?}", ended.error);
    let history = stage
        .server
        .history(&stage.scope, ended.run.id, 1, 100)
        .unwrap();
    assert!(!format!("{history:?}").contains("canary-1234"));
    stage.server.stop(Duration::from_secs(1)).await;
    let token = stage.server.owner_token();
    drop(stage);
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(11).any(|part| part == b"canary-1234"),
                "{}",
                path.display()
            );
        }
    }
    let stage = Stage::with(on_disk(&directory), None, &[]).await;
    assert_eq!(
        stage.server.secret_names(&stage.scope, "test").unwrap(),
        ["api-key"]
    );
    assert_eq!(stage.server.owner_token(), token);
    assert!(stage.server.authenticate(&token.unwrap()).is_some());
    assert!(stage.server.authenticate("segue_wrong").is_none());
    stage.server.stop(Duration::from_secs(1)).await;
}
