//! Connections and the registry that finds them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;
use connectors::function::Connector;
use connectors::registry::Registry;
use connectors::shell::ShellPolicy;
use connectors::{CallError, Connection, EffectClass, effect_class};
use dsl::Value;

use crate::support::*;

fn registry(vault: Vault) -> Registry {
    Registry::new(egress(), Arc::new(vault), ShellPolicy::Denied)
}

fn connection(name: &str, spec: &str) -> Connection {
    Connection::read("test", name, &json(spec)).unwrap()
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: String) -> String {
    let get = |name: &str| {
        headers
            .get(name)
            .map_or("-", |value| value.to_str().unwrap())
            .to_owned()
    };
    format!(
        "{method} {uri} key={} auth={} own={} [{body}]",
        get("x-key"),
        get("authorization"),
        get("x-own")
    )
}

async fn crm(vault: Vault) -> (Registry, SocketAddr) {
    let address = serve(Router::new().fallback(any(echo))).await;
    let registry = registry(vault);
    registry.connections().put(connection(
        "crm",
        &format!(
            r#"{{"http": {{"endpoint": "http://{address}/api/v1/?tenant=7", "headers": {{"x-key": {{"secret": "key"}}, "x-own": "theirs"}}}},
            "authentication": {{"bearer": {{"token": {{"secret": "token"}}}}}}, "limits": {{"concurrent": 4}}, "owner": "ops@example.com"}}"#
        ),
    ));
    (registry, address)
}

fn vault() -> Vault {
    Vault::default()
        .with("key", r#""key-0815""#)
        .with("token", r#""token-4711""#)
}

async fn perform(registry: &Registry, function: &str, with: &str) -> Result<Value, CallError> {
    registry.perform(&call(function, json(with))).await
}

#[tokio::test]
async fn a_connection_offers_its_methods() {
    let (registry, _) = crm(vault()).await;
    for (function, with, expected) in [
        (
            "crm.get",
            "{}",
            "GET /api/v1/?tenant=7 key=[redacted] auth=Bearer [redacted] own=theirs []",
        ),
        (
            "crm.get",
            r#"{"path": "contacts/7", "query": {"q": "a b"}}"#,
            "GET /api/v1/contacts/7?tenant=7&q=a+b key=[redacted] auth=Bearer [redacted] own=theirs []",
        ),
        (
            "crm.post",
            r#"{"path": "/contacts", "body": {"a": 1}, "headers": {"X-Own": "ours"}}"#,
            r#"POST /api/v1/contacts?tenant=7 key=[redacted] auth=Bearer [redacted] own=ours [{"a":1}]"#,
        ),
        (
            "crm.delete",
            r#"{"path": "a%2Fb/ä ö"}"#,
            "DELETE /api/v1/a%2Fb/%C3%A4%20%C3%B6?tenant=7 key=[redacted] auth=Bearer [redacted] own=theirs []",
        ),
    ] {
        assert_eq!(
            perform(&registry, function, with).await.unwrap().as_str(),
            Some(expected),
            "{function} {with}"
        );
    }
    let response = perform(&registry, "crm.get", r#"{"output": "response"}"#)
        .await
        .unwrap();
    let headers = response.get("request").unwrap().get("headers").unwrap();
    for name in ["x-key", "authorization"] {
        assert_eq!(headers.get(name).unwrap().as_str(), Some("[redacted]"));
    }
}

#[tokio::test]
async fn a_path_stays_below_the_endpoint() {
    let (registry, _) = crm(vault()).await;
    for path in [
        "../admin",
        "a/../../admin",
        "..",
        "a/..",
        "./a",
        "%2e%2e/admin",
        "a/%2E%2e",
        ".%2e/x",
        "a/..%2f..",
        "%252e%252e/x",
        "//evil.example/x",
        "a//b",
        "a\\b",
        "..\\admin",
        "a?b=c",
        "a#b",
        "a\r\nb",
        "%2e%2e%5cadmin",
    ] {
        let with = Value::object([("path", Value::from(path))]).to_json();
        let error = perform(&registry, "crm.get", &with).await.unwrap_err();
        assert!(
            error.error.is_kind("configuration") && !error.may_have_happened,
            "{path}: {}",
            error.error
        );
        assert!(
            error.error.to_string().contains("`path`"),
            "{path}: {}",
            error.error
        );
    }
    for path in [
        "@evil.example",
        "http:evil.example",
        ":80@evil.example/",
        "..a/b..",
        "...",
    ] {
        let with = Value::object([("path", Value::from(path))]).to_json();
        let found = perform(&registry, "crm.get", &with).await.unwrap();
        assert!(
            found.as_str().unwrap().starts_with("GET /api/v1/"),
            "{path}: {found}"
        );
    }
}

#[tokio::test]
async fn a_redirect_leads_only_to_listed_hosts() {
    let there = serve(Router::new().fallback(any(echo))).await;
    let location = format!("http://localhost:{}/there", there.port());
    let redirect = move || async move { (StatusCode::FOUND, [("location", location)]) };
    let address = serve(Router::new().fallback(any(redirect))).await;
    let registry = registry(Vault::default());
    for (hosts, is_allowed) in [("[]", false), (r#"["localhost"]"#, true)] {
        let spec = format!(r#"{{"http": {{"endpoint": "http://{address}", "hosts": {hosts}}}}}"#);
        registry.connections().put(connection("crm", &spec));
        let found = perform(&registry, "crm.get", r#"{"redirect": true}"#).await;
        match found {
            Ok(text) => assert!(
                is_allowed && text.as_str().unwrap().starts_with("GET /there"),
                "{text}"
            ),
            Err(error) => assert!(
                !is_allowed && error.error.to_string().contains("does not list"),
                "{}",
                error.error
            ),
        }
    }
}

#[tokio::test]
async fn a_function_that_is_not_there_names_those_that_are() {
    let (registry, _) = crm(vault()).await;
    for function in ["crm.gte", "crn.get", "htp", "crm", ""] {
        let error = perform(&registry, function, "{}").await.unwrap_err();
        assert!(
            error.error.is_kind("configuration") && !error.may_have_happened,
            "{}",
            error.error
        );
        let text = error.error.to_string();
        assert!(
            text.contains("`crm.get`") && text.contains("`http`") && text.contains("`email`"),
            "{text}"
        );
    }
    let mut other = call("crm.get", json("{}"));
    other.namespace = "elsewhere".into();
    let error = registry.perform(&other).await.unwrap_err();
    assert!(
        error.error.to_string().contains("unknown function"),
        "another namespace has no such connection"
    );
    registry.connections().replace([]);
    assert!(perform(&registry, "crm.get", "{}").await.is_err());
}

#[tokio::test]
async fn functions_describe_themselves_and_others_can_be_added() {
    struct Seven;
    #[async_trait::async_trait]
    impl Connector for Seven {
        async fn perform(&self, _: &connectors::Call) -> Result<Value, CallError> {
            Ok(Value::Int(7))
        }
    }
    let (registry, _) = crm(vault()).await;
    let mut description = registry.describe("test").remove(0);
    description.name = "seven".into();
    description.effect = EffectClass::Read;
    let registry = registry.with(description, Arc::new(Seven));
    let names: Vec<_> = registry
        .describe("test")
        .into_iter()
        .map(|one| one.name.to_string())
        .collect();
    let expected = [
        "crm.delete",
        "crm.get",
        "crm.head",
        "crm.patch",
        "crm.post",
        "crm.put",
        "email",
        "http",
        "openapi",
        "seven",
        "shell",
    ];
    assert_eq!(names, expected);
    assert_eq!(registry.describe("elsewhere").len(), 5);
    for one in registry.describe("test") {
        assert_eq!(
            one.input.get("type").and_then(Value::as_str),
            Some("object"),
            "{}",
            one.name
        );
    }
    assert_eq!(
        perform(&registry, "seven", "{}").await.unwrap(),
        Value::Int(7)
    );
    assert_eq!(
        registry.effect_class("seven", &Value::Null),
        EffectClass::Read
    );
}

#[test]
fn what_a_call_may_do_is_known_from_its_arguments() {
    for (function, with, expected) in [
        ("http", r#"{"method": "get"}"#, EffectClass::Read),
        ("http", r#"{"method": "HEAD"}"#, EffectClass::Read),
        ("http", r#"{"method": "options"}"#, EffectClass::Read),
        ("http", r#"{"method": "put"}"#, EffectClass::Write),
        ("http", r#"{"method": "delete"}"#, EffectClass::Write),
        ("http", r#"{"method": "post"}"#, EffectClass::Send),
        (
            "http",
            r#"{"method": "patch", "headers": {"Idempotency-Key": "k"}}"#,
            EffectClass::Write,
        ),
        (
            "http",
            r#"{"method": "post", "headers": {"Idempotency-Key": null}}"#,
            EffectClass::Send,
        ),
        ("http", r#"{"method": "brew"}"#, EffectClass::Send),
        ("http", r#"{}"#, EffectClass::Pay),
        ("crm.get", r#"{}"#, EffectClass::Read),
        (
            "crm.post",
            r#"{"headers": {"idempotency-key": "k"}}"#,
            EffectClass::Write,
        ),
        ("crm.post", r#"{}"#, EffectClass::Send),
        ("crm.createContact", r#"{}"#, EffectClass::Pay),
        ("email", r#"{}"#, EffectClass::Send),
        ("shell", r#"{}"#, EffectClass::Send),
        ("unheard", r#"{}"#, EffectClass::Pay),
    ] {
        assert_eq!(
            effect_class(function, &json(with)),
            expected,
            "{function} {with}"
        );
    }
}

#[test]
fn a_connection_that_is_wrong_says_what_is() {
    for (name, spec, expected) in [
        ("crm", r#"{}"#, "found neither"),
        (
            "crm",
            r#"{"http": {"endpoint": "https://a"}, "smtp": {"host": "b"}}"#,
            "found both",
        ),
        ("crm", r#"{"http": {"endpoint": "ftp://a"}}"#, "only `http`"),
        (
            "crm",
            r#"{"http": {"endpoint": "https://u:p@a"}}"#,
            "authentication",
        ),
        ("crm", r#"{"http": {}}"#, "missing field `endpoint`"),
        ("crm", r#"{"htp": {}}"#, "unknown field `htp`"),
        (
            "crm",
            r#"{"smtp": {"host": "a", "tls": "yes"}}"#,
            "unknown variant `yes`",
        ),
        (
            "crm",
            r#"{"smtp": {"host": "a"}, "authentication": {}}"#,
            "`username`",
        ),
        ("a.b", r#"{"smtp": {"host": "a"}}"#, "name must not"),
        ("http", r#"{"smtp": {"host": "a"}}"#, "name must not"),
    ] {
        let error = Connection::read("test", name, &json(spec))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && error.contains(name),
            "{spec}: {error}"
        );
    }
}
