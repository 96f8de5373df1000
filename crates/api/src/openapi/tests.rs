use std::collections::BTreeSet;
use std::path::Path;

use crate::routes::inventory;

/// The document that is kept beside the code. `cargo xtask gen` writes it again; so does this test with `UPDATE=1`.
#[test]
fn the_document_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let now = super::openapi();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).expect("docs/ can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == now,
        "docs/openapi.json is not what the code says; run `cargo xtask gen`"
    );
}

#[test]
fn every_operation_says_who_may() {
    let document: serde_json::Value = serde_json::from_str(&super::openapi()).expect("JSON");
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            count += 1;
            let place = format!("{method} {path}");
            let access = operation["x-segue-access"]
                .as_str()
                .unwrap_or_else(|| panic!("{place} names no access"));
            let is_public = access.starts_with("public.");
            assert_eq!(
                operation["security"].as_array().map(Vec::len),
                Some(if is_public { 0 } else { 2 }),
                "{place}"
            );
            assert!(operation["summary"].is_string(), "{place} has no summary");
            assert!(
                ids.insert(operation["operationId"].as_str().expect("an id").to_owned()),
                "{place}: the id is used twice"
            );
            assert!(
                operation["responses"]["default"]["content"]["application/problem+json"]
                    .is_object(),
                "{place}"
            );
        }
    }
    assert_eq!(
        count,
        inventory().len(),
        "the table and the document list the same routes"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let text = super::openapi();
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut found = 0;
    for part in text.split("\"#/").skip(1) {
        let pointer = format!("/{}", part.split('"').next().expect("a closing quote"));
        assert!(document.pointer(&pointer).is_some(), "{pointer}");
        found += 1;
    }
    assert!(found > 20);
}
