//! Deliveries to webhook sources.

use runtime::Scope;
use serde_json::json;

use crate::{Face, ON_LEAD, request};

const SOURCE: &str = "
apiVersion: segue/v1
kind: Source
metadata: { namespace: sales, name: contact-form }
spec:
  webhook: { verify: none }
  schema: { type: object, required: [email] }
  event: { type: lead.submitted }
";

async fn face() -> Face {
    let face = Face::of(&[ON_LEAD]).await;
    face.server
        .apply_resources(&Scope::all("test"), SOURCE)
        .await
        .expect("a valid source");
    face
}

#[tokio::test]
async fn a_delivery_needs_no_token_and_names_its_run() {
    let face = face().await;
    let headers = [("content-type", "application/json")];
    let reply = face
        .send(request(
            "POST /hooks/sales/contact-form?x=1",
            &headers,
            r#"{"email":"a@example.com"}"#,
        ))
        .await;
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/json");
    let run = face
        .get(&format!("/api/v1/runs/{}?wait=PT10S", reply.run()))
        .await
        .json();
    assert_eq!(
        (&run["trigger"], &run["status"]),
        (&json!("hook:sales/contact-form"), &json!("completed"))
    );
}

#[tokio::test]
async fn a_delivery_that_breaks_the_schema_starts_nothing() {
    let face = face().await;
    let reply = face
        .send(request(
            "POST /hooks/sales/contact-form",
            &[("content-type", "application/json")],
            "{}",
        ))
        .await;
    assert!(
        reply.refusal().starts_with("422 input-invalid: "),
        "{reply:?}"
    );
    assert_eq!(face.get("/api/v1/runs").await.json()["runs"], json!([]));
}

#[tokio::test]
async fn sources_are_listed_with_their_address() {
    let face = face().await;
    let source = face.get("/api/v1/sources").await.json()["sources"][0].clone();
    assert_eq!(source["verify"], "none");
    assert!(
        source["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("/hooks/sales/contact-form")),
        "{source}"
    );
}
