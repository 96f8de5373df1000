//! The functions' descriptions: a summary, and schemas of what goes in and comes out.

use dsl::value::Value;

use crate::connection::HttpSettings;
use crate::function::EffectClass;
use crate::http;
use crate::registry::FunctionDescription;

pub(crate) fn built_in() -> Vec<FunctionDescription> {
    let one = |name: &str, summary: &str, input: &str, output: &str| FunctionDescription {
        name: name.into(),
        summary: summary.to_owned(),
        input: schema(input),
        output: schema(output),
        effect: EffectClass::Send,
    };
    vec![
        one(
            "email",
            "Sends a mail through a connection of kind smtp.",
            EMAIL,
            EMAIL_OUTPUT,
        ),
        one(
            "http",
            "Asks a web service.",
            &HTTP.replace("MORE", MORE),
            "{}",
        ),
        one(
            "openapi",
            "Calls an operation of a service that describes itself.",
            OPENAPI,
            "{}",
        ),
        one(
            "shell",
            "Runs a command on the server's machine, where its settings allow that.",
            SHELL,
            "{}",
        ),
    ]
}

/// The function `<connection>.<method>`.
pub(crate) fn method(
    connection: &str,
    settings: &HttpSettings,
    method: &str,
) -> FunctionDescription {
    FunctionDescription {
        name: format!("{connection}.{method}").into(),
        summary: format!(
            "{} below {}.",
            method.to_ascii_uppercase(),
            settings.endpoint
        ),
        input: schema(&METHOD.replace("MORE", MORE)),
        output: schema("{}"),
        effect: http::effect_class(method, None),
    }
}

fn schema(text: &str) -> Value {
    Value::parse_json(text.as_bytes()).expect("the schemas below are JSON")
}

const MORE: &str = r#"
    "headers": { "type": "object" },
    "query": { "type": "object" },
    "body": {},
    "output": { "enum": ["raw", "content", "response"] },
    "redirect": { "type": "boolean" }"#;

const HTTP: &str = r#"{ "type": "object", "required": ["method", "endpoint"], "additionalProperties": false, "properties": {
    "method": { "type": "string" },
    "endpoint": { "oneOf": [
        { "type": "string" },
        { "type": "object", "required": ["uri"], "properties": { "uri": { "type": "string" }, "authentication": { "type": "object" } } }
    ] }, MORE } }"#;

const OPENAPI: &str = r#"{ "type": "object", "required": ["document", "operationId"], "additionalProperties": false, "properties": {
    "document": { "type": "object", "required": ["endpoint"], "properties": { "name": { "type": "string" }, "endpoint": { "oneOf": [
        { "type": "string" },
        { "type": "object", "required": ["uri"], "properties": { "uri": { "type": "string" }, "authentication": { "type": "object" } } }
    ] } } },
    "operationId": { "type": "string" },
    "parameters": { "type": "object" },
    "authentication": { "type": "object" },
    "output": { "enum": ["raw", "content", "response"] },
    "redirect": { "type": "boolean" } } }"#;

const METHOD: &str = r#"{ "type": "object", "additionalProperties": false, "properties": {
    "path": { "type": "string" }, MORE } }"#;

const EMAIL: &str = r##"{ "type": "object", "required": ["connection", "to"], "additionalProperties": false, "properties": {
    "connection": { "type": "string" },
    "from": { "type": "string" },
    "to": { "$ref": "#/$defs/addresses" },
    "cc": { "$ref": "#/$defs/addresses" },
    "bcc": { "$ref": "#/$defs/addresses" },
    "reply_to": { "$ref": "#/$defs/addresses" },
    "subject": { "type": "string" },
    "text": { "type": "string" },
    "html": { "type": "string" },
    "headers": { "type": "object", "additionalProperties": { "type": "string" } },
    "in_reply_to": { "type": "string" },
    "references": { "$ref": "#/$defs/addresses" },
    "attachments": { "type": "array", "items": { "type": "object", "required": ["name"], "properties": {
        "name": { "type": "string" }, "content": { "type": "string" }, "base64": { "type": "string" }, "type": { "type": "string" }
    } } } },
    "$defs": { "addresses": { "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] } } }"##;

const EMAIL_OUTPUT: &str = r#"{ "type": "object", "required": ["messageId", "accepted"], "properties": {
    "messageId": { "type": "string" }, "accepted": { "type": "array", "items": { "type": "string" } } } }"#;

const SHELL: &str = r#"{ "type": "object", "required": ["command"], "additionalProperties": false, "properties": {
    "command": { "type": "string" },
    "stdin": {},
    "arguments": { "type": "array" },
    "environment": { "type": "object" },
    "return": { "enum": ["stdout", "stderr", "code", "all", "none"] } } }"#;
