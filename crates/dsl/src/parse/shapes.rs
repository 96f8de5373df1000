//! The tables: arguments of the standard's calls and processes, policies, errors and events.
//!
//! Source: the JSON schema of DSL 1.0.3.

use super::shape::Shape::{
    Any, Authentication, Boolean, Constant, Duration, Endpoint, Expression, Integer, Map,
    MapOrText, OneOf, Pointer, SecretOr, Text, TextList, TextMap, TextMapOrExpression, Time, Uri,
    UriPart,
};
use super::shape::{Field, Object, Shape, optional, required};

const fn closed(what: &'static str, fields: &'static [Field]) -> Object {
    Object {
        what,
        fields,
        choices: &[],
        is_open: false,
    }
}

const fn open(what: &'static str, fields: &'static [Field]) -> Object {
    Object {
        what,
        fields,
        choices: &[],
        is_open: true,
    }
}

const URI_OR_EXPRESSION: Shape = Uri { expression: true };
const RESOURCE_SHAPE: Shape = Shape::Object(&RESOURCE);

pub static ENDPOINT: Object = closed(
    "an endpoint",
    &[
        required("uri", URI_OR_EXPRESSION),
        optional("authentication", Authentication),
    ],
);

pub static RESOURCE: Object = closed(
    "an external resource",
    &[optional("name", Text), required("endpoint", Endpoint)],
);

pub static SECRET: Object = closed("a secret based policy", &[required("use", Constant)]);

/// The standard's protocols, by the name in `call`.
pub static CALLS: [(&str, &Object); 6] = [
    ("http", &HTTP),
    ("openapi", &OPENAPI),
    ("grpc", &GRPC),
    ("asyncapi", &ASYNCAPI),
    ("a2a", &A2A),
    ("mcp", &MCP),
];

const OUTPUT: Shape = OneOf(&["raw", "content", "response"]);

static HTTP: Object = closed(
    "an HTTP call",
    &[
        required("method", Text),
        required("endpoint", Endpoint),
        optional("headers", TextMapOrExpression),
        optional("body", Any),
        optional("query", TextMapOrExpression),
        optional("output", OUTPUT),
        optional("redirect", Boolean),
    ],
);

static OPENAPI: Object = closed(
    "an OpenAPI call",
    &[
        required("document", RESOURCE_SHAPE),
        required("operationId", Text),
        optional("parameters", Map),
        optional("authentication", Authentication),
        optional("output", OUTPUT),
        optional("redirect", Boolean),
    ],
);

static GRPC: Object = closed(
    "a gRPC call",
    &[
        required("proto", RESOURCE_SHAPE),
        required("service", Shape::Object(&GRPC_SERVICE)),
        required("method", Text),
        optional("arguments", Map),
    ],
);

static GRPC_SERVICE: Object = closed(
    "a gRPC service",
    &[
        required("name", Text),
        required("host", Constant),
        optional("port", Integer(0, 65_535)),
        optional("authentication", Authentication),
    ],
);

static ASYNCAPI: Object = Object {
    what: "an AsyncAPI call",
    fields: &[
        required("document", RESOURCE_SHAPE),
        optional("channel", Text),
        optional("operation", Text),
        optional(
            "server",
            Shape::Object(&closed(
                "an AsyncAPI server",
                &[required("name", Text), optional("variables", Map)],
            )),
        ),
        optional(
            "protocol",
            OneOf(&[
                "amqp",
                "amqp1",
                "anypointmq",
                "googlepubsub",
                "http",
                "ibmmq",
                "jms",
                "kafka",
                "mercure",
                "mqtt",
                "mqtt5",
                "nats",
                "pulsar",
                "redis",
                "sns",
                "solace",
                "sqs",
                "stomp",
                "ws",
            ]),
        ),
        optional(
            "message",
            Shape::Object(&closed(
                "a message",
                &[optional("payload", Map), optional("headers", Map)],
            )),
        ),
        // Read apart from the rest: it has expressions of its own moment, and tasks.
        optional("subscription", Map),
        optional("authentication", Authentication),
    ],
    choices: &[&["message", "subscription"], &["operation", "channel"]],
    is_open: false,
};

static A2A: Object = closed(
    "an A2A call",
    &[
        optional("agentCard", RESOURCE_SHAPE),
        optional("server", Endpoint),
        required(
            "method",
            OneOf(&[
                "message/send",
                "message/stream",
                "tasks/get",
                "tasks/list",
                "tasks/cancel",
                "tasks/resubscribe",
                "tasks/pushNotificationConfig/set",
                "tasks/pushNotificationConfig/get",
                "tasks/pushNotificationConfig/list",
                "tasks/pushNotificationConfig/delete",
                "agent/getAuthenticatedExtendedCard",
            ]),
        ),
        optional("parameters", MapOrText),
    ],
);

static MCP: Object = open(
    "an MCP call",
    &[
        optional("protocolVersion", Text),
        required(
            "method",
            OneOf(&[
                "tools/list",
                "tools/call",
                "prompts/list",
                "prompts/get",
                "resources/list",
                "resources/read",
                "resources/templates/list",
            ]),
        ),
        optional("parameters", MapOrText),
        optional("timeout", Duration),
        required("transport", Shape::Object(&MCP_TRANSPORT)),
        optional(
            "client",
            Shape::Object(&open(
                "an MCP client",
                &[
                    required("name", Text),
                    required("version", Any),
                    optional("description", Text),
                ],
            )),
        ),
    ],
);

static MCP_TRANSPORT: Object = Object {
    what: "an MCP transport",
    fields: &[
        optional(
            "http",
            Shape::Object(&open(
                "an HTTP transport",
                &[required("endpoint", Endpoint), optional("headers", TextMap)],
            )),
        ),
        optional(
            "stdio",
            Shape::Object(&open(
                "a stdio transport",
                &[
                    required("command", Text),
                    optional("arguments", TextList),
                    optional("environment", TextMap),
                ],
            )),
        ),
        optional("options", TextMap),
    ],
    choices: &[&["http", "stdio"]],
    is_open: true,
};

pub static SUBSCRIPTION: Object = closed(
    "a subscription",
    &[
        optional("filter", Expression),
        required("consume", Shape::Object(&CONSUME)),
        optional("foreach", Any),
    ],
);

static CONSUME: Object = Object {
    what: "`consume`",
    fields: &[
        optional("for", Duration),
        optional("amount", Integer(1, u32::MAX as i64)),
        optional("while", Expression),
        optional("until", Expression),
    ],
    choices: &[&["amount", "while", "until"]],
    is_open: false,
};

/// Kinds of authentication policies, by key.
pub static POLICIES: [(&str, Shape); 5] = [
    ("basic", SecretOr(&BASIC)),
    ("bearer", SecretOr(&BEARER)),
    ("digest", SecretOr(&DIGEST)),
    ("oauth2", SecretOr(&OAUTH2)),
    ("oidc", SecretOr(&OIDC)),
];

static BASIC: Object = closed(
    "a basic authentication",
    &[required("username", Text), required("password", Text)],
);
static BEARER: Object = closed("a bearer authentication", &[required("token", Text)]);
static DIGEST: Object = closed(
    "a digest authentication",
    &[required("username", Text), required("password", Text)],
);

const AUTHORITY: Field = optional("authority", Uri { expression: false });
const GRANT: Field = optional(
    "grant",
    OneOf(&[
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ]),
);
const CLIENT: Field = optional(
    "client",
    Shape::Object(&closed(
        "an OAuth2 client",
        &[
            optional("id", Text),
            optional("secret", Text),
            optional("assertion", Text),
            optional(
                "authentication",
                OneOf(&[
                    "client_secret_basic",
                    "client_secret_post",
                    "client_secret_jwt",
                    "private_key_jwt",
                    "none",
                ]),
            ),
        ],
    )),
);
const REQUEST: Field = optional(
    "request",
    Shape::Object(&open(
        "a token request",
        &[optional(
            "encoding",
            OneOf(&["application/x-www-form-urlencoded", "application/json"]),
        )],
    )),
);
static TOKEN: Object = closed(
    "a security token",
    &[required("token", Text), required("type", Text)],
);

static OAUTH2: Object = closed(
    "an OAuth2 authentication",
    &[
        AUTHORITY,
        GRANT,
        CLIENT,
        REQUEST,
        optional("issuers", TextList),
        optional("scopes", TextList),
        optional("audiences", TextList),
        optional("username", Text),
        optional("password", Text),
        optional("subject", Shape::Object(&TOKEN)),
        optional("actor", Shape::Object(&TOKEN)),
        optional(
            "endpoints",
            Shape::Object(&open(
                "OAuth2 endpoints",
                &[
                    optional("token", UriPart),
                    optional("revocation", UriPart),
                    optional("introspection", UriPart),
                ],
            )),
        ),
    ],
);

static OIDC: Object = closed(
    "an OpenID Connect authentication",
    &[
        AUTHORITY,
        GRANT,
        CLIENT,
        REQUEST,
        optional("issuers", TextList),
        optional("scopes", TextList),
        optional("audiences", TextList),
        optional("username", Text),
        optional("password", Text),
        optional("subject", Shape::Object(&TOKEN)),
        optional("actor", Shape::Object(&TOKEN)),
    ],
);

pub static ERROR: Object = closed(
    "an error",
    &[
        required("type", URI_OR_EXPRESSION),
        required("status", Integer(0, 999)),
        optional("instance", Pointer),
        optional("title", Text),
        optional("detail", Text),
    ],
);

/// What `catch.errors.with` compares; the standard leaves it open.
pub static ERROR_FILTER: Object = open(
    "an error filter",
    &[
        optional("type", Text),
        optional("status", Integer(0, 999)),
        optional("instance", Text),
        optional("title", Text),
        optional("details", Text),
    ],
);

/// Attributes of an event; extension attributes are allowed beside them.
pub static EVENT: Object = open(
    "an event",
    &[
        optional("id", Text),
        optional("source", URI_OR_EXPRESSION),
        optional("type", Text),
        optional("time", Time),
        optional("subject", Text),
        optional("datacontenttype", Text),
        optional("dataschema", URI_OR_EXPRESSION),
        optional("data", Any),
    ],
);

const STDIN: Field = optional("stdin", Text);
const ARGUMENTS: Field = optional("arguments", TextList);
const ENVIRONMENT: Field = optional("environment", Map);

pub static CONTAINER: Object = closed(
    "a container",
    &[
        required("image", Text),
        optional("name", Text),
        optional("command", Text),
        optional("ports", Map),
        optional("volumes", Map),
        ENVIRONMENT,
        STDIN,
        ARGUMENTS,
        optional("lifetime", Shape::Object(&LIFETIME)),
        optional("pullPolicy", OneOf(&["ifNotPresent", "always", "never"])),
    ],
);

static LIFETIME: Object = closed(
    "a container's lifetime",
    &[
        required("cleanup", OneOf(&["always", "never", "eventually"])),
        optional("after", Duration),
    ],
);

pub static SCRIPT: Object = Object {
    what: "a script",
    fields: &[
        required("language", Text),
        STDIN,
        ARGUMENTS,
        ENVIRONMENT,
        optional("code", Text),
        optional("source", RESOURCE_SHAPE),
    ],
    choices: &[&["code", "source"]],
    is_open: false,
};

pub static SHELL: Object = closed(
    "a shell command",
    &[required("command", Text), STDIN, ARGUMENTS, ENVIRONMENT],
);

pub static SUBFLOW: Object = closed(
    "a workflow to run",
    &[
        required("namespace", Constant),
        required("name", Constant),
        required("version", Constant),
        optional("input", Map),
    ],
);
