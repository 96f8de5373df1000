use super::*;

const SWAGGER: &str = r##"{
  "swagger": "2.0", "host": "pets.example.com", "basePath": "/v2", "schemes": ["http", "https"],
  "parameters": { "trace": { "name": "X-Trace", "in": "header", "type": "string" } },
  "paths": {
    "/pet/{petId}": {
      "parameters": [ { "name": "petId", "in": "path", "required": true, "type": "string" }, { "$ref": "#/parameters/trace" } ],
      "get": { "operationId": "getPet" },
      "put": { "operationId": "putPet", "parameters": [ { "name": "pet", "in": "body", "schema": {} } ] },
      "post": { "operationId": "formPet", "parameters": [ { "name": "name", "in": "formData", "type": "string" } ] } },
    "/find": { "get": { "operationId": "find", "parameters": [
      { "name": "joined", "in": "query", "type": "array" },
      { "name": "multi", "in": "query", "type": "array", "collectionFormat": "multi" } ] } }
  }
}"##;

const OPENAPI: &str = r##"{
  "openapi": "3.1.0", "servers": [ { "url": "/api/{stage}", "variables": { "stage": { "default": "live" } } } ],
  "components": { "requestBodies": { "order": { "required": true, "content": { "text/plain": {}, "application/vnd.order+json": {} } } } },
  "paths": {
    "/orders/{id}": { "post": { "operationId": "order", "requestBody": { "$ref": "#/components/requestBodies/order" },
      "parameters": [ { "name": "id", "in": "path", "required": true, "schema": {} },
                      { "name": "tags", "in": "query", "explode": false, "schema": {} } ] } },
    "/elsewhere": { "get": { "operationId": "elsewhere", "servers": [ { "url": "https://other.example.com" } ] } }
  }
}"##;

/// The exchange in one line: method, address, query, headers, body.
fn check(document: &str, id: &str, parameters: &str, expected: &str) {
    let json = Value::parse_json(document.as_bytes()).expect("the test writes JSON");
    let document = Document::read(json, "https://pets.example.com/docs/openapi.json")
        .expect("the document can be read");
    let parameters = Value::parse_json(parameters.as_bytes()).expect("the test writes JSON");
    let found = match document.exchange(id, &parameters) {
        Ok(exchange) => {
            let list = |pairs: &[(String, Value)]| {
                Value::object(
                    pairs
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.clone())),
                )
                .to_json()
            };
            let body = exchange
                .body
                .map_or_else(String::new, |body| body.to_json());
            format!(
                "{} {} {} {} {body}",
                exchange.method,
                exchange.url,
                list(&exchange.query),
                list(&exchange.headers)
            )
        }
        Err(reason) => reason,
    };
    assert_eq!(found.trim(), expected, "{id} {parameters}");
}

#[test]
fn swagger_operations_become_exchanges() {
    for (id, parameters, expected) in [
        (
            "getPet",
            r#"{"petId": "a/b", "X-Trace": 7}"#,
            r#"GET https://pets.example.com/v2/pet/a%2Fb {} {"X-Trace":"7"}"#,
        ),
        (
            "putPet",
            r#"{"petId": 1, "pet": {"n": 1}}"#,
            r#"PUT https://pets.example.com/v2/pet/1 {} {} {"n":1}"#,
        ),
        (
            "formPet",
            r#"{"petId": 1, "name": "Milou"}"#,
            r#"POST https://pets.example.com/v2/pet/1 {} {"content-type":"application/x-www-form-urlencoded"} {"name":"Milou"}"#,
        ),
        (
            "find",
            r#"{"joined": [1, 2], "multi": [1, 2]}"#,
            r#"GET https://pets.example.com/v2/find {"joined":"1,2","multi":[1,2]} {}"#,
        ),
        (
            "getPet",
            "{}",
            "operation `getPet` needs the parameter `petId`",
        ),
        (
            "getPet",
            r#"{"petId": {}}"#,
            "parameter `petId` cannot be an object",
        ),
        ("nowhere", "{}", "the document has no operation `nowhere`"),
    ] {
        check(SWAGGER, id, parameters, expected);
    }
}

#[test]
fn openapi_operations_become_exchanges() {
    for (id, parameters, expected) in [
        (
            "order",
            r#"{"id": 7, "tags": ["a", "b"], "item": "teapot"}"#,
            r#"POST https://pets.example.com/api/live/orders/7 {"tags":"a,b"} {"content-type":"application/vnd.order+json"} {"item":"teapot"}"#,
        ),
        (
            "order",
            r#"{"id": 7, "body": [1]}"#,
            r#"POST https://pets.example.com/api/live/orders/7 {} {"content-type":"application/vnd.order+json"} [1]"#,
        ),
        (
            "order",
            r#"{"id": 7}"#,
            "operation `order` needs a body, as the parameter `body`",
        ),
        (
            "elsewhere",
            "null",
            "GET https://other.example.com/elsewhere {} {}",
        ),
    ] {
        check(OPENAPI, id, parameters, expected);
    }
}

#[test]
fn what_is_no_document_is_refused() {
    for text in ["{}", "[]", r#"{"swagger": "1.2"}"#, r#"{"openapi": 2}"#] {
        let json = Value::parse_json(text.as_bytes()).expect("the test writes JSON");
        assert!(
            Document::read(json, "https://pets.example.com/").is_err(),
            "{text}"
        );
    }
}
