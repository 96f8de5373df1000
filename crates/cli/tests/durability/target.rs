//! The system that the workflow calls. It writes down the key of every call before it answers, and outlives every server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;

/// Long enough that a kill often finds calls under way.
const THINKS: Duration = Duration::from_millis(3);

#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    keys: Arc<Keys>,
}

struct Keys {
    path: PathBuf,
    file: Mutex<std::fs::File>,
}

impl Target {
    pub async fn start(folder: &tempfile::TempDir) -> Self {
        let path = folder.path().join("keys");
        let file = Mutex::new(std::fs::File::create(&path).unwrap());
        let keys = Arc::new(Keys { path, file });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/effects", post(perform))
            .with_state(keys.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, keys }
    }

    /// The keys of each run's effects, and how many calls there were in all.
    pub fn effects(&self) -> (BTreeMap<String, BTreeSet<String>>, usize) {
        let text = std::fs::read_to_string(&self.keys.path).unwrap();
        let mut effects = BTreeMap::<String, BTreeSet<String>>::new();
        for key in text.lines() {
            let (run, _) = key.split_once('/').expect("a key is run/effect");
            effects
                .entry(run.to_owned())
                .or_default()
                .insert(key.to_owned());
        }
        (effects, text.lines().count())
    }
}

async fn perform(State(keys): State<Arc<Keys>>, headers: HeaderMap) -> axum::Json<bool> {
    let key = headers
        .get("idempotency-key")
        .map_or("none/", |key| key.to_str().unwrap());
    writeln!(keys.file.lock().unwrap(), "{key}").unwrap();
    tokio::time::sleep(THINKS).await;
    axum::Json(true)
}

/// A webhook whose deliveries carry an id, and a workflow that calls the target three times.
pub fn project(target: SocketAddr) -> Vec<(&'static str, String)> {
    let connection = format!(
        "apiVersion: segue/v1
kind: Connection
metadata: {{ namespace: load, name: target }}
spec:
  http: {{ endpoint: 'http://{target}' }}
"
    );
    vec![
        ("connections/target.yaml", connection),
        ("sources/deliveries.yaml", SOURCE.to_owned()),
        ("workflows/three-effects.yaml", WORKFLOW.to_owned()),
    ]
}

/// How many effects each run of the workflow has.
pub const EFFECTS: usize = 3;

const SOURCE: &str = "apiVersion: segue/v1
kind: Source
metadata: { namespace: load, name: deliveries }
spec:
  webhook:
    verify: none
    dedupe: '${ .headers[\"x-delivery-id\"] }'
  schema: { type: object, required: [number], properties: { number: { type: integer } } }
  event: { type: load.delivered }
";

const WORKFLOW: &str =
    "document: { dsl: '1.0.3', namespace: load, name: three-effects, version: '1.0.0' }
schedule:
  on: { one: { with: { type: load.delivered } } }
input:
  schema: { document: { type: array, minItems: 1 } }
  from: '.[0].data'
do:
  - first:
      call: target.post
      with: { path: /effects, body: { number: '${ .number }' } }
      metadata: { effect: write }
      output: { as: $input }
  - second:
      call: target.post
      with: { path: /effects, body: { number: '${ .number }' } }
      metadata: { effect: write }
      output: { as: $input }
  - third:
      call: target.post
      with: { path: /effects, body: { number: '${ .number }' } }
      metadata: { effect: write }
      output: { as: $input }
";
