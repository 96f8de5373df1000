//! The public services that the kit calls, played on this machine.

use dsl::value::Value;
use sim::services::{Answer, Received, Services};

pub fn open(services: &Services) {
    services.program("petstore.swagger.io", petstore);
    services.program("httpbin.org", httpbin);
}

fn pet(id: i64, name: &str, status: &str) -> Value {
    Value::object([
        ("id", Value::Int(id)),
        ("name", Value::from(name)),
        ("status", Value::from(status)),
    ])
}

fn pets() -> Vec<Value> {
    vec![
        pet(1, "Milou", "available"),
        pet(2, "Idefix", "available"),
        pet(3, "Rantanplan", "sold"),
    ]
}

fn petstore(request: &Received) -> Answer {
    if request.method != "GET" {
        return Answer::status(405);
    }
    match request.path.strip_prefix("/v2/").unwrap_or_default() {
        "swagger.json" => Answer::json(&swagger()),
        "pet/findByStatus" => {
            let wanted = request.query.get("status");
            Answer::json(&Value::array(
                pets()
                    .into_iter()
                    .filter(|pet| pet.get("status") == wanted)
                    .collect(),
            ))
        }
        path => {
            let id = path
                .strip_prefix("pet/")
                .and_then(|id| id.parse::<i64>().ok());
            let found = pets()
                .into_iter()
                .find(|pet| pet.get("id").and_then(Value::as_i64) == id && id.is_some());
            found.map_or_else(|| Answer::status(404), |pet| Answer::json(&pet))
        }
    }
}

/// As much of the pet store's own document as the kit needs.
fn swagger() -> Value {
    let text = r#"{
        "swagger": "2.0", "host": "petstore.swagger.io", "basePath": "/v2", "schemes": ["https", "http"],
        "paths": {
            "/pet/findByStatus": { "get": { "operationId": "findPetsByStatus", "produces": ["application/json"], "parameters": [
                { "name": "status", "in": "query", "required": true, "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" } ] } },
            "/pet/{petId}": {
                "get": { "operationId": "getPetById", "parameters": [ { "name": "petId", "in": "path", "required": true, "type": "integer" } ] },
                "delete": { "operationId": "deletePet", "parameters": [ { "name": "petId", "in": "path", "required": true, "type": "integer" } ] } }
        }
    }"#;
    Value::parse_json(text.as_bytes()).expect("it is JSON")
}

/// `/basic-auth/USER/PASSWORD` lets in who authenticates as USER with PASSWORD.
fn httpbin(request: &Received) -> Answer {
    let Some((user, password)) = request
        .path
        .strip_prefix("/basic-auth/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Answer::status(404);
    };
    // base64 of `serverless-workflow:conformance-test`, the one pair that the kit uses.
    let is_known = (user, password) == ("serverless-workflow", "conformance-test");
    let given = request.headers.get("authorization").and_then(Value::as_str);
    if is_known && given == Some("Basic c2VydmVybGVzcy13b3JrZmxvdzpjb25mb3JtYW5jZS10ZXN0") {
        Answer::json(&Value::object([
            ("authenticated", Value::Bool(true)),
            ("user", Value::from(user)),
        ]))
    } else {
        Answer::status(401)
    }
}
