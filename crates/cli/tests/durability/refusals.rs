//! Nonsense: each kind is answered with problem details that say where it is wrong, and no run starts.

use reqwest::Method;

use crate::program::{Answer, Project, http};
use crate::target;

const JSON: &str = "application/json";
const HOOK: &str = "/hooks/load/deliveries";
const RUNS: &str = "/api/v1/workflows/load/strict/runs";

/// A workflow with an input that can be wrong in places.
const STRICT: &str = "document: { dsl: '1.0.3', namespace: load, name: strict, version: '1.0.0' }
input:
  schema:
    document:
      type: object
      required: [order]
      properties:
        order:
          type: object
          required: [amount]
          properties: { amount: { type: integer, minimum: 1 } }
do:
  - pay: { set: { paid: true } }
";

struct Case {
    name: &'static str,
    request: &'static str,
    content_type: &'static str,
    /// `owner`, `wrong`, or none.
    token: &'static str,
    body: &'static str,
    /// The status, the problem's code, and what the answer says about the place.
    expected: (u16, &'static str, &'static str),
}

const fn case(
    name: &'static str,
    request: &'static str,
    [content_type, token, body]: [&'static str; 3],
    expected: (u16, &'static str, &'static str),
) -> Case {
    Case {
        name,
        request,
        content_type,
        token,
        body,
        expected,
    }
}

const CASES: &[Case] = &[
    case(
        "JSON that ends early",
        "POST /hooks/load/deliveries",
        [JSON, "", r#"{"number": "#],
        (400, "json-malformed", ""),
    ),
    case(
        "JSON that ends early, for a start",
        "POST /api/v1/workflows/load/strict/runs",
        [JSON, "owner", r#"{"order": {"#],
        (400, "json-malformed", "offset"),
    ),
    case(
        "YAML that is none",
        "POST /api/v1/definitions",
        ["application/yaml", "owner", "do: [\n  - a: {set: }}"],
        (422, "definition-invalid", "line"),
    ),
    case(
        "a misspelt keyword",
        "POST /api/v1/definitions",
        [
            "application/yaml",
            "owner",
            "document: { dsl: '1.0.3', namespace: load, name: x, version: '1.0.0' }\ndo:\n  - a: { sett: { b: 1 } }\n",
        ],
        (422, "definition-invalid", "/do/0/a"),
    ),
    case(
        "the wrong content type",
        "POST /api/v1/workflows/load/strict/runs",
        ["text/plain", "owner", "hello"],
        (415, "media-type-unsupported", ""),
    ),
    case(
        "an unknown route",
        "GET /api/v1/nothing",
        ["", "owner", ""],
        (404, "route-unknown", ""),
    ),
    case(
        "the wrong method",
        "DELETE /api/v1/workflows/load/strict/runs",
        ["", "owner", ""],
        (405, "method-not-allowed", ""),
    ),
    case(
        "no token",
        "POST /api/v1/workflows/load/strict/runs",
        [JSON, "", "{}"],
        (401, "unauthorized", ""),
    ),
    case(
        "the wrong token",
        "POST /api/v1/workflows/load/strict/runs",
        [JSON, "wrong", "{}"],
        (401, "unauthorized", ""),
    ),
    case(
        "an unknown workflow",
        "POST /api/v1/workflows/load/none/runs",
        [JSON, "owner", "{}"],
        (404, "not-found", "load/none"),
    ),
    case(
        "an unknown source",
        "POST /hooks/load/none",
        [JSON, "", "{}"],
        (404, "not-found", "load/none"),
    ),
    case(
        "an unknown run",
        "GET /api/v1/runs/00000000-0000-7000-8000-000000000000",
        ["", "owner", ""],
        (404, "not-found", "00000000"),
    ),
    case(
        "no run's id",
        "GET /api/v1/runs/nonsense",
        ["", "owner", ""],
        (400, "parameter-invalid", "run"),
    ),
    case(
        "input without what is required",
        "POST /api/v1/workflows/load/strict/runs",
        [JSON, "owner", r#"{"order": {}}"#],
        (422, "input-invalid", "amount"),
    ),
    case(
        "input of the wrong type",
        "POST /api/v1/workflows/load/strict/runs",
        [JSON, "owner", r#"{"order": {"amount": "ten"}}"#],
        (422, "input-invalid", "/order/amount"),
    ),
    case(
        "a delivery of the wrong type",
        "POST /hooks/load/deliveries",
        [JSON, "", r#"{"number": "ten"}"#],
        (422, "input-invalid", "/number"),
    ),
    case(
        "an event without a type",
        "POST /api/v1/events",
        [
            "application/cloudevents+json",
            "owner",
            r#"{"specversion": "1.0", "id": "1", "source": "/t"}"#,
        ],
        (400, "event-invalid", "type"),
    ),
    case(
        "a wrong parameter",
        "GET /api/v1/runs?limit=many",
        ["", "owner", ""],
        (400, "parameter-invalid", "limit"),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_with_its_place_and_starts_nothing() {
    let mut files = target::project(([127, 0, 0, 1], 9).into());
    files.push(("workflows/strict.yaml", STRICT.to_owned()));
    let project = Project::new(&files);
    let program = project.start();
    let mut wrong = Vec::new();
    for case in CASES {
        let (method, path) = case.request.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = http().request(method, format!("http://{}{path}", program.address));
        request = match case.token {
            "owner" => request.bearer_auth(&program.token),
            "" => request,
            token => request.bearer_auth(token),
        };
        if !case.content_type.is_empty() {
            request = request
                .header("content-type", case.content_type)
                .header("x-delivery-id", "n-1");
        }
        let answer = Answer::of(request.body(case.body).send().await.unwrap()).await;
        if let Err(what) = check(case, &answer) {
            wrong.push(format!("{}: {what}: {answer:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        program.client().runs().await.is_empty(),
        "nothing was started"
    );
    for (path, body) in [
        (HOOK, r#"{"number": 1}"#),
        (RUNS, r#"{"order": {"amount": 1}}"#),
    ] {
        let request = http().post(format!("http://{}{path}", program.address));
        let request = request
            .bearer_auth(&program.token)
            .header("x-delivery-id", "n-2");
        let answer = request
            .header("content-type", JSON)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202, "what is right is taken by {path}");
    }
}

fn check(case: &Case, answer: &Answer) -> Result<(), String> {
    let (status, code, place) = case.expected;
    if answer.status != status {
        return Err(format!("expected {status}"));
    }
    if answer.content_type.as_deref() != Some("application/problem+json") {
        return Err("expected problem details".to_owned());
    }
    if answer.body["type"] != format!("/errors/{code}") || answer.body["status"] != status {
        return Err(format!("expected {code}"));
    }
    let said = answer.body.to_string();
    if !said.contains(place) || answer.body["detail"].as_str().is_none_or(str::is_empty) {
        return Err(format!("expected `{place}` in it"));
    }
    Ok(())
}
