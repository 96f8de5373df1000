//! `call` and `run`: what is called, and with which arguments.

use super::check;

#[test]
#[rustfmt::skip]
fn calls() {
    check(&[
        (
"unknown function",
"do:
  - a: {call: emial}",
"2:15 unknown-function /do/0/a/call there is no function `emial` (did you mean `email`?)"),
        (
"unknown function, nothing near",
"do:
  - a: {call: frobnicate}",
"2:15 unknown-function /do/0/a/call there is no function `frobnicate` (declare it under `use.functions`, or write `<connection>.<operation>`)"),
        (
"function called like a protocol",
"use:
  functions:
    http: {wait: PT1S}
do:
  - a: {wait: PT1S}",
"3:5 task-name /use/functions/http a function cannot be called `http`, which `call` understands as a protocol"),
        (
"functions in a circle",
"use:
  functions:
    own: {call: own}
    a: {call: b}
    b: {call: c}
    c: {call: b}
    d: {call: d, if: .x}
do:
  - a: {wait: PT1S}",
"3:5 function-cycle /use/functions/own function `own` calls itself without end (give one of the calls an `if`, or call something else)
4:5 function-cycle /use/functions/a function `a` calls itself without end (give one of the calls an `if`, or call something else)"),
        (
"function of use",
"use:
  functions:
    charge: {wait: PT1S}
do:
  - a: {call: chrage}",
"5:15 unknown-function /do/0/a/call there is no function `chrage` (did you mean `charge`?)"),
        (
"call as expression",
"do:
  - a: {call: '${ .x }'}",
"2:15 expression-not-allowed /do/0/a/call `call` cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"call as mapping",
"do:
  - a: {call: {http: 1}}",
"2:15 wrong-type /do/0/a/call `call` must be text, found a mapping"),
        (
"http without with",
"do:
  - a: {call: http}",
"2:5 missing-key /do/0/a an HTTP call needs `with`"),
        (
"http without endpoint",
"do:
  - a:
      call: http
      with: {method: get}",
"4:7 missing-key /do/0/a/with an HTTP call needs `endpoint`"),
        (
"slip in http",
"do:
  - a:
      call: http
      with: {method: get, enpoint: 'https://x.y'}",
"4:7 missing-key /do/0/a/with an HTTP call needs `endpoint`
4:27 unknown-key /do/0/a/with/enpoint an HTTP call has no key `enpoint` (did you mean `endpoint`?)"),
        (
"relative endpoint",
"do:
  - a:
      call: http
      with: {method: get, endpoint: /pets}",
"4:37 wrong-value /do/0/a/with/endpoint `endpoint` of an HTTP call is `/pets`, expected an absolute URI (start with a scheme, such as `https://`)"),
        (
"header as number",
"do:
  - a:
      call: http
      with: {method: get, endpoint: 'https://x.y', headers: {x-count: 1}}",
"4:71 wrong-type /do/0/a/with/headers/x-count `x-count` of `headers` of an HTTP call must be text, found the number `1` (put it in quotes)"),
        (
"output of http",
"do:
  - a:
      call: http
      with: {method: get, endpoint: 'https://x.y', output: respnse}",
"4:60 wrong-value /do/0/a/with/output `output` of an HTTP call is `respnse`, expected one of `raw`, `content` and `response` (did you mean `response`?)"),
        (
"redirect as expression",
"do:
  - a:
      call: http
      with: {method: get, endpoint: 'https://x.y', redirect: '${ .r }'}",
"4:62 expression-not-allowed /do/0/a/with/redirect `redirect` of an HTTP call cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"unknown authentication",
"use: {authentications: {petStore: {bearer: {token: x}}}}
do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {use: petStor}}}",
"5:80 unknown-reference /do/0/a/with/endpoint/authentication/use `use.authentications` has no `petStor` (did you mean `petStore`?)"),
        (
"two policies",
"do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {bearer: {token: x}, basic: {username: a, password: b}}}}",
"4:75 exactly-one /do/0/a/with/endpoint/authentication/bearer `authentication` of an endpoint has both `basic` and `bearer`, only one of them is allowed"),
        (
"unknown policy",
"do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {baerer: {token: x}}}}",
"4:58 exactly-one /do/0/a/with/endpoint/authentication `authentication` of an endpoint needs one of `basic`, `bearer`, `digest`, `oauth2` and `oidc`
4:75 unknown-key /do/0/a/with/endpoint/authentication/baerer an authentication has no key `baerer` (did you mean `bearer`?)"),
        (
"undeclared secret",
"do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {bearer: {use: key}}}}",
"4:89 unknown-reference /do/0/a/with/endpoint/authentication/bearer/use `use.secrets` has no `key` (declare it under `use.secrets`)"),
        (
"authority as path",
"do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {oauth2: {authority: /auth}}}}",
"4:95 wrong-value /do/0/a/with/endpoint/authentication/oauth2/authority `authority` of an OAuth2 authentication is `/auth`, expected an absolute URI (start with a scheme, such as `https://`)"),
        (
"openapi without operation",
"do:
  - a:
      call: openapi
      with: {document: {endpoint: 'https://x.y'}}",
"4:7 missing-key /do/0/a/with an OpenAPI call needs `operationId`"),
        (
"grpc host with scheme",
"do:
  - a:
      call: grpc
      with: {proto: {endpoint: 'file://x'}, service: {name: s, host: 'https://x'}, method: m}",
"4:70 wrong-value /do/0/a/with/service/host `host` is `https://x`, expected the name of a host (without scheme and port, such as `grpc.example.com`)"),
        (
"grpc port",
"do:
  - a:
      call: grpc
      with: {proto: {endpoint: 'file://x'}, service: {name: s, host: x, port: 70000}, method: m}",
"4:79 wrong-value /do/0/a/with/service/port `port` of a gRPC service is 70000, expected 0 to 65535"),
        (
"asyncapi neither",
"do:
  - a:
      call: asyncapi
      with: {document: {endpoint: 'https://x.y'}, operation: o}",
"4:7 exactly-one /do/0/a/with an AsyncAPI call needs one of `message` and `subscription`"),
        (
"asyncapi both",
"do:
  - a:
      call: asyncapi
      with: {document: {endpoint: 'https://x.y'}, operation: o, message: {}, subscription: {consume: {amount: 1}}}",
"4:78 exactly-one /do/0/a/with/subscription an AsyncAPI call has both `message` and `subscription`, only one of them is allowed"),
        (
"asyncapi filter",
"do:
  - a:
      call: asyncapi
      with: {document: {endpoint: 'https://x.y'}, operation: o, subscription: {filter: .x, consume: {amount: 1}}}",
"4:88 wrong-type /do/0/a/with/subscription/filter `filter` of a subscription must be an expression `${ ... }`, found the text `.x`"),
        (
"uri with blanks",
"do:
  - a:
      call: http
      with: {method: get, endpoint: 'https://x.y/a b'}",
"4:37 wrong-value /do/0/a/with/endpoint `endpoint` of an HTTP call is `https://x.y/a b`, expected an absolute URI (encode blanks and other special characters; `{name}` is filled in from the input)"),
        (
"endpoint over lines",
"do:
  - a:
      call: http
      with:
        method: get
        endpoint: |
          ${
            .x
          }",
"7:11 expression /do/0/a/with/endpoint the expression of `endpoint` of an HTTP call has a line break, which the standard does not allow here (write it on one line, or over several with `>-`, which joins them)"),
        (
"asyncapi message",
"do:
  - a:
      call: asyncapi
      with: {document: {endpoint: 'https://x.y'}, operation: o, message: {body: {}}}",
"4:75 unknown-key /do/0/a/with/message/body a message has no key `body` (allowed here: `headers` and `payload`)"),
        (
"mcp method",
"do:
  - a:
      call: mcp
      with: {method: tools/cal, transport: {stdio: {command: x}}}",
"4:22 wrong-value /do/0/a/with/method `method` of an MCP call is `tools/cal`, expected one of `tools/list`, `tools/call`, `prompts/list`, `prompts/get`, `resources/list`, `resources/read` and `resources/templates/list` (did you mean `tools/call`?)"),
        (
"mcp transport",
"do:
  - a:
      call: mcp
      with: {method: tools/call, transport: {}}",
"4:34 exactly-one /do/0/a/with/transport an MCP transport needs one of `http` and `stdio`"),
        (
"a2a without method",
"do:
  - a:
      call: a2a
      with: {server: 'https://x.y'}",
"4:7 missing-key /do/0/a/with an A2A call needs `method`"),
        (
"unknown catalog",
"use: {catalogs: {own: {endpoint: 'https://x.y'}}}
do:
  - a: {call: 'log:1.0.0@onw'}",
"3:15 unknown-reference /do/0/a/call `use.catalogs` has no `onw` (did you mean `own`?)"),
        (
"catalog without version",
"do:
  - a: {call: 'log@own'}",
"2:15 unknown-function /do/0/a/call `log@own` is not a function of a catalog (write `<name>:<version>@<catalog>`)"),
        (
"arguments as list",
"do:
  - a: {call: email, with: [1]}",
"2:28 wrong-type /do/0/a/with `with` must be a mapping, found a list"),
    ]);
}
