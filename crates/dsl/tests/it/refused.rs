//! What a person reads when a definition is wrong: a table of mistakes, each with its problems.
//!
//! A case is a name, a text, and `line:column code pointer message (help)` for each problem. A heading is added below the
//! text unless the text brings its own, so that lines count from the top of what is shown here.

use crate::specification::render;

const HEADING: &str = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}";

fn check(cases: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (name, text, expected) in cases {
        let has_heading = text.contains("dsl")
            || text.trim().is_empty()
            || text.starts_with('#')
            || text.starts_with(' ');
        let text = if has_heading {
            (*text).to_owned()
        } else {
            format!("{text}\n{HEADING}\n")
        };
        let found = render(&dsl::validate(&text));
        if found.trim_end() != *expected {
            wrong.push_str(&format!(
                "== {name}\n{text}\n-- expected\n{expected}\n-- found\n{found}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
#[test]
#[rustfmt::skip]
fn text() {
    check(&[
        (
"tabs",
"do:
\t- a: {set: {x: 1}}",
"2:2 syntax  not valid YAML: tabs disallowed within this context (block indentation) (indent with spaces, YAML does not allow tabs)"),
        (
"bad yaml",
"do: [a: {set: {x: 1}}",
"2:1 syntax  not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'"),
        (
"json",
r#"{"document": {"dsl": "1.0.3"},
 "do": [}"#,
"2:9 syntax  not valid JSON: expected value"),
        (
"empty",
"",
"1:1 empty  the text is empty (a definition starts with `document:` and has `do:`)"),
        (
"only a comment",
"# nothing here
",
"1:1 empty  the text is empty (a definition starts with `document:` and has `do:`)"),
        (
"two documents",
"do:
  - a: {wait: PT1S}
---
second: 1",
"4:1 exactly-one  a second document starts here, a definition is one document (put each definition into a file of its own)"),
        (
"a scalar",
"just words about a dsl",
"1:1 wrong-type  a definition must be a mapping, found the text `just words about a dsl`"),
        (
"a list",
"- dsl
- b",
"1:1 wrong-type  a definition must be a mapping, found a list"),
        (
"duplicate key",
"do:
  - a: {wait: PT1S}
do:
  - b: {wait: PT1S}",
"3:1 duplicate-key /do the key `do` is here a second time, first on line 1 (remove one of the two)"),
        (
"duplicate key and more",
"do:
  - a: {wait: PT1S, if: .x, if: .y, thn: end}",
"2:29 duplicate-key /do/0/a/if the key `if` is here a second time, first on line 2 (remove one of the two)
2:37 unknown-key /do/0/a/thn a `wait` task has no key `thn` (did you mean `then`?)"),
        (
"anchor",
"do:
  - a: &x {wait: PT1S}",
"2:8 yaml-feature /do/0/a an anchor is not allowed here (repeat the value, or move it to `use` and name it there)"),
        (
"alias",
"do:
  - a: {wait: PT1S}
  - b: *x",
"3:8 yaml-feature /do/1/b an alias is not allowed here (repeat the value, or move it to `use` and name it there)"),
        (
"tag",
"do:
  - a: {wait: !!str PT1S}",
"2:15 yaml-feature /do/0/a/wait a tag is not allowed here (write the value itself: text in quotes, numbers and `true`/`false` without)"),
        (
"complex key",
"do:
  - ? [a, b]
    : {wait: PT1S}",
"2:7 syntax  a key must be text, found a list or a mapping (quote it if it was meant as text)"),
    ]);
}

#[test]
#[rustfmt::skip]
fn document() {
    check(&[
        (
"no document",
" 
do:
  - a: {wait: PT1S}",
"2:1 missing-key  a definition needs `document`"),
        (
"no do",
"document: {dsl: '1.0.3', namespace: n, name: n, version: '1.0.0'}",
"1:1 missing-key  a definition needs `do`"),
        (
"empty heading",
"document: {} # no dsl
do: [{a: {wait: PT1S}}]",
"1:1 missing-key /document `document` needs `dsl`
1:1 missing-key /document `document` needs `name`
1:1 missing-key /document `document` needs `namespace`
1:1 missing-key /document `document` needs `version`"),
        (
"version as number",
"document: {dsl: 1.0, namespace: n, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:17 wrong-type /document/dsl `dsl` must be text, found the number `1.0` (put all three numbers in quotes, such as `'1.0.0'`)"),
        (
"dsl 0.8",
"document: {dsl: '0.8.0', namespace: n, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:17 dsl-version /document/dsl `dsl` is `0.8.0`, Segue reads DSL 1.0 (DSL 0.x is another language; rewrite the definition for `dsl: '1.0.3'`)"),
        (
"dsl 2",
"document: {dsl: '2.0.0', namespace: n, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:17 dsl-version /document/dsl `dsl` is `2.0.0`, Segue reads DSL 1.0 (write `dsl: '1.0.3'`)"),
        (
"dsl 1.1",
"document: {dsl: '1.1.0', namespace: n, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:12 dsl-version /document/dsl `dsl` is `1.1.0`, Segue knows 1.0 (what is new in it may not be understood)"),
        (
"name with a blank",
"document: {dsl: '1.0.3', namespace: n, name: my flow, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:46 document-name /document/name the name `my flow` contains ` ` (letters, digits and `-` between them, at most 63)"),
        (
"namespace with a dot",
"document: {dsl: '1.0.3', namespace: a.b, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:37 document-name /document/namespace the namespace `a.b` contains `.` (letters, digits and `-` between them, at most 63)"),
        (
"name ends with a dash",
"document: {dsl: '1.0.3', namespace: n, name: n-, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:46 document-name /document/name the name `n-` starts or ends with `-` (letters, digits and `-` between them, at most 63)"),
        (
"name too long",
"document: {dsl: '1.0.3', namespace: n, name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:46 document-name /document/name the name `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` is longer than 63 characters (letters, digits and `-` between them, at most 63)"),
        (
"name is an expression",
"document: {dsl: '1.0.3', namespace: n, name: '${ .x }', version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:46 expression-not-allowed /document/name the name cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"version of two parts",
"document: {dsl: '1.0.3', namespace: n, name: n, version: '1.0'}
do: [{a: {wait: PT1S}}]",
"1:58 document-name /document/version the version `1.0` is not a semantic version (three numbers, such as `'1.0.0'`, without leading zeros)"),
        (
"version with leading zero",
"document: {dsl: '1.0.3', namespace: n, name: n, version: '1.02.0'}
do: [{a: {wait: PT1S}}]",
"1:58 document-name /document/version the version `1.02.0` is not a semantic version (three numbers, such as `'1.0.0'`, without leading zeros)"),
        (
"slip in a heading",
"document: {dsl: '1.0.3', namspace: n, name: n, version: '1.0.0'}
do: [{a: {wait: PT1S}}]",
"1:1 missing-key /document `document` needs `namespace`
1:26 unknown-key /document/namspace `document` has no key `namspace` (did you mean `namespace`?)"),
        (
"metadata at the top",
"metadata: {a: 1}
do: [{a: {wait: PT1S}}]",
"1:1 unknown-key /metadata a definition has no key `metadata` (write it under `document`: `document: {metadata: ...}`)"),
        (
"slip at the top",
"schedul: {cron: '* * * * *'}
do: [{a: {wait: PT1S}}]",
"1:1 unknown-key /schedul a definition has no key `schedul` (did you mean `schedule`?)"),
        (
"dsl 0.x document",
"states: []
do: [{a: {wait: PT1S}}]",
"1:1 unknown-key /states a definition has no key `states` (this is DSL 0.x; Segue reads DSL 1.0, whose tasks stand under `do`)"),
        (
"another schema",
"$schema: https://example.com/other.json
do: [{a: {wait: PT1S}}]",
"1:10 wrong-value /$schema `$schema` is `https://example.com/other.json`, which is not the standard's schema (`https://serverlessworkflow.io/schemas/1.0.3/workflow.yaml`, or leave it out)"),
        (
"other language",
"evaluate: {language: javascript}
do: [{a: {wait: PT1S}}]",
"1:22 wrong-value /evaluate/language the expression language `javascript` is not supported (Segue speaks `jq`)"),
        (
"other mode",
"evaluate: {mode: lose}
do: [{a: {wait: PT1S}}]",
"1:18 wrong-value /evaluate/mode `mode` is `lose`, expected one of `strict` and `loose` (did you mean `loose`?)"),
        (
"tags as list",
"document: {dsl: '1.0.3', namespace: n, name: n, version: '1.0.0', tags: [a]}
do: [{a: {wait: PT1S}}]",
"1:73 wrong-type /document/tags `tags` must be a mapping, found a list"),
    ]);
}

#[test]
#[rustfmt::skip]
fn tasks() {
    check(&[
        (
"do as mapping",
"do:
  a: {wait: PT1S}",
"2:3 wrong-type /do `do` must be a list, found a mapping"),
        (
"empty do",
"do: []",
"1:5 empty /do `do` is empty"),
        (
"empty inner do",
"do:
  - a:
      do: []",
"3:11 empty /do/0/a/do `do` is empty"),
        (
"two tasks in one entry",
"do:
  - a: {wait: PT1S}
    b: {wait: PT1S}",
"3:5 exactly-one /do/0/b an entry of `do` has one name only, found `a` and `b` (start the second with a dash of its own: `- b:`)"),
        (
"not indented",
"do:
  - a:
    wait: PT1S",
"3:5 exactly-one /do/0/wait an entry of `do` has one name only, found `a` and `wait` (indent what belongs to it: `- a:` and below that, deeper, `wait:`)"),
        (
"name as key",
"do:
  - name: a
    wait: PT1S",
"3:5 exactly-one /do/0/wait an entry of `do` has one name only, found `name` and `wait` (the name of a task is its key: `- a:` and below that, deeper, `wait:`)"),
        (
"text as task",
"do:
  - hello",
"2:5 wrong-type /do/0 an entry of `do` must be a name with its content, `name: {...}`, found the text `hello`"),
        (
"task without a name",
"do:
  - wait: PT1S",
"2:5 task-kind /do/0/wait a task needs a name before its keyword (`- someName: {wait: ...}`)
2:11 wrong-type /do/0/wait task `wait` must be a mapping, found the text `PT1S`"),
        (
"task without content",
"do:
  - a:",
"2:6 wrong-type /do/0/a task `a` must be a mapping, found nothing"),
        (
"no keyword",
"do:
  - a: {with: {x: 1}}",
"2:5 task-kind /do/0/a task `a` says nothing to do (one of `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` and `wait`)"),
        (
"slip in a keyword",
"do:
  - a: {cal: http}",
"2:5 task-kind /do/0/a task `a` says nothing to do (did you mean `call`?)"),
        (
"two keywords",
"do:
  - a:
      set: {x: 1}
      wait: PT1S",
"4:7 task-kind /do/0/a/wait task `a` is both `set` and `wait`, a task is of one kind (make two tasks of it)"),
        (
"slip in a key",
"do:
  - a:
      wait: PT1S
      ouput: {as: .x}",
"4:7 unknown-key /do/0/a/ouput a `wait` task has no key `ouput` (did you mean `output`?)"),
        (
"when on a task",
"do:
  - a:
      wait: PT1S
      when: .x",
"4:7 unknown-key /do/0/a/when a `wait` task has no key `when` (the condition of a task is `if`)"),
        (
"retry on a task",
"do:
  - a:
      wait: PT1S
      retry: {}",
"4:7 unknown-key /do/0/a/retry a `wait` task has no key `retry` (`retry` stands under the `catch` of a `try` task)"),
        (
"catch without try",
"do:
  - a:
      do: [{b: {wait: PT1S}}]
      catch: {}",
"4:7 unknown-key /do/0/a/catch a `do` task has no key `catch` (`catch` belongs to a `try` task)"),
        (
"reserved name",
"do:
  - end: {wait: PT1S}",
"2:5 task-name /do/0/end a task cannot be called `end`, which `then` understands as a directive"),
        (
"name twice",
"do:
  - a: {wait: PT1S}
  - a: {wait: PT2S}",
"3:5 duplicate-task /do/1/a this list already has a task `a` (`then` could not tell them apart; rename one)"),
        (
"if as boolean",
"do:
  - a: {wait: PT1S, if: true}",
"2:25 wrong-type /do/0/a/if `if` must be an expression (text), found the boolean `true` (put it in quotes)"),
        (
"metadata as text",
"do:
  - a: {wait: PT1S, metadata: x}",
"2:31 wrong-type /do/0/a/metadata `metadata` must be a mapping, found the text `x`"),
        (
"empty set",
"do:
  - a: {set: {}}",
"2:14 empty /do/0/a/set `set` is empty (name at least one value, or give an expression)"),
        (
"set as list",
"do:
  - a: {set: [1]}",
"2:14 wrong-type /do/0/a/set `set` must be a mapping, found a list"),
    ]);
}

#[test]
#[rustfmt::skip]
fn flow() {
    check(&[
        (
"unknown task",
"do:
  - a: {wait: PT1S, then: pya}
  - pay: {wait: PT1S}",
"2:27 unknown-task /do/0/a/then there is no task `pya` in this list (did you mean `pay`?)"),
        (
"unknown task, nothing near",
"do:
  - a: {wait: PT1S, then: elsewhere}",
"2:27 unknown-task /do/0/a/then there is no task `elsewhere` in this list (allowed here: `a`, `continue`, `end` and `exit`)"),
        (
"task of another list",
"do:
  - a: {wait: PT1S, then: inner}
  - b:
      do:
        - inner: {wait: PT1S}",
"2:27 task-out-of-reach /do/0/a/then `inner` is a task of another list, `/do/1/b/do` (`then` leads to tasks of the same list; leave this one with `exit` and go on from its parent)"),
        (
"then as expression",
"do:
  - a: {wait: PT1S, then: '${ .x }'}",
"2:27 expression-not-allowed /do/0/a/then `then` cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"then as mapping",
"do:
  - a: {wait: PT1S, then: {b: 1}}",
"2:27 wrong-type /do/0/a/then `then` must be text, found a mapping"),
        (
"from branch to branch",
"do:
  - f:
      fork:
        branches:
          - a: {wait: PT1S, then: b}
          - b: {wait: PT1S}",
"5:35 task-out-of-reach /do/0/f/fork/branches/0/a/then `b` is another branch, and branches run side by side (put tasks that follow each other into a `do`)"),
        (
"unreachable after end",
"do:
  - a: {wait: PT1S, then: end}
  - b: {wait: PT1S}",
"3:5 unreachable-task /do/1/b nothing leads to task `b` (lead to it with `then`, or remove it)"),
        (
"unreachable after raise",
"do:
  - a: {raise: {error: {type: 'https://x.y/z', status: 500}}}
  - b: {wait: PT1S}
  - c: {wait: PT1S}",
"3:5 unreachable-task /do/1/b nothing leads to task `b` (lead to it with `then`, or remove it)
4:5 unreachable-task /do/2/c nothing leads to task `c` (lead to it with `then`, or remove it)"),
        (
"unreachable after a switch",
"do:
  - s:
      switch:
        - x: {when: .x, then: c}
        - y: {then: end}
  - b: {wait: PT1S}
  - c: {wait: PT1S}",
"6:5 unreachable-task /do/1/b nothing leads to task `b` (lead to it with `then`, or remove it)"),
        (
"a cycle apart",
"do:
  - a: {wait: PT1S, then: end}
  - b: {wait: PT1S}
  - c: {wait: PT1S, then: b}",
"3:5 unreachable-task /do/1/b nothing leads to task `b` (lead to it with `then`, or remove it)
4:5 unreachable-task /do/2/c nothing leads to task `c` (lead to it with `then`, or remove it)"),
        (
"two defaults",
"do:
  - s:
      switch:
        - x: {then: end}
        - y: {then: exit}",
"5:11 switch-default /do/0/s/switch/1 the cases `x` and `y` both have no `when`, only one can be the default (give one of them a `when`)"),
        (
"case without then",
"do:
  - s:
      switch:
        - x: {when: .x}",
"4:11 missing-key /do/0/s/switch/0/x a case needs `then`"),
        (
"if in a case",
"do:
  - s:
      switch:
        - x: {if: .x, then: end}",
"4:15 unknown-key /do/0/s/switch/0/x/if a case has no key `if` (the condition of a case is `when`)"),
        (
"task in a case",
"do:
  - s:
      switch:
        - x: {when: .x, do: [], then: end}",
"4:25 unknown-key /do/0/s/switch/0/x/do a case has no key `do` (a case only leads somewhere: `then` with the name of a task of the same list)"),
        (
"empty switch",
"do:
  - s: {switch: []}",
"2:17 empty /do/0/s/switch `switch` is empty"),
        (
"case to an unknown task",
"do:
  - s:
      switch:
        - x: {when: .x, then: b}",
"4:31 unknown-task /do/0/s/switch/0/x/then there is no task `b` in this list (allowed here: `continue`, `end`, `exit` and `s`)"),
    ]);
}

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

#[test]
#[rustfmt::skip]
fn data() {
    check(&[
        (
"schema not wrapped",
"input: {schema: {type: object}}
do: [{a: {wait: PT1S}}]",
"1:9 missing-key /input/schema `schema` needs `document` (write the schema under `document`: `schema: {document: {...}}`)"),
        (
"schema of another format",
"input: {schema: {format: avro, document: {}}}
do: [{a: {wait: PT1S}}]",
"1:26 wrong-value /input/schema/format the schema format `avro` is not supported (use JSON Schema, `format: json`)"),
        (
"schema that is none",
"input: {schema: {document: {type: objekt}}}
do: [{a: {wait: PT1S}}]",
r#"1:35 schema-invalid /input/schema/document/type not a JSON Schema: "objekt" is not valid under any of the schemas listed in the 'anyOf' keyword"#),
        (
"schema that fetches",
"input: {schema: {document: {$ref: 'https://example.com/s.json'}}}
do: [{a: {wait: PT1S}}]",
"1:28 schema-invalid /input/schema/document not a JSON Schema: Resource 'https://example.com/s.json' is not present in a registry and retrieving it failed: `https://example.com/s.json` is outside of this schema, and nothing is fetched"),
        (
"from as list",
"input: {from: [1]}
do: [{a: {wait: PT1S}}]",
"1:15 wrong-type /input/from `from` must be an expression (text) or a mapping, found a list"),
        (
"as in input",
"input: {as: .x}
do: [{a: {wait: PT1S}}]",
"1:9 unknown-key /input/as `input` has no key `as` (allowed here: `from` and `schema`)"),
        (
"empty expression",
"do:
  - a: {wait: PT1S, if: '${ }'}",
"2:25 expression /do/0/a/if `if` is an empty expression (write `.` for the data as it is)"),
        (
"export as list",
"do:
  - a: {wait: PT1S, export: {as: [1]}}",
"2:34 wrong-type /do/0/a/export/as `as` must be an expression (text) or a mapping, found a list"),
    ]);
}

#[test]
#[rustfmt::skip]
fn durations_and_schedules() {
    check(&[
        (
"wait as number",
"do:
  - a: {wait: 5}",
"2:15 duration /do/0/a/wait `wait` is 5, which is not a duration (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)"),
        (
"wait as words",
"do:
  - a: {wait: 5 seconds}",
"2:15 duration /do/0/a/wait `wait` is `5 seconds`, which is not a duration (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)"),
        (
"wait without P",
"do:
  - a: {wait: T5S}",
"2:15 duration /do/0/a/wait `wait` is `T5S`, which is not a duration (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)"),
        (
"wait with nothing",
"do:
  - a: {wait: P}",
"2:15 duration /do/0/a/wait `wait` is `P`, which is not a duration (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)"),
        (
"unknown unit",
"do:
  - a: {wait: {minute: 5}}",
"2:16 unknown-key /do/0/a/wait/minute a duration has no key `minute` (did you mean `minutes`?)"),
        (
"no unit",
"do:
  - a: {wait: {}}",
"2:15 empty /do/0/a/wait `wait` is empty (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)"),
        (
"unit as expression",
"do:
  - a: {wait: {minutes: '${ .m }'}}",
"2:25 expression-not-allowed /do/0/a/wait/minutes `minutes` of `wait` cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"negative",
"do:
  - a: {wait: {minutes: -1}}",
"2:25 duration /do/0/a/wait/minutes `minutes` of `wait` is -1, which is not a length of time"),
        (
"fraction",
"do:
  - a: {wait: {minutes: 1.5}}",
"2:25 wrong-type /do/0/a/wait/minutes `minutes` of `wait` must be a whole number, found the number `1.5`"),
        (
"timeout without after",
"do:
  - a: {wait: PT1S, timeout: {seconds: 3}}",
"2:21 missing-key /do/0/a/timeout a timeout needs `after`
2:31 unknown-key /do/0/a/timeout/seconds a timeout has no key `seconds` (allowed here: `after`)"),
        (
"unknown timeout",
"do:
  - a: {wait: PT1S, timeout: short}",
"2:30 unknown-reference /do/0/a/timeout `use.timeouts` has no `short` (declare it under `use.timeouts`)"),
        (
"cron of four fields",
"schedule: {cron: '* * * *'}
do: [{a: {wait: PT1S}}]",
"1:18 cron /schedule/cron `* * * *` is not a cron expression: pattern must have between 5 and 7 fields (five fields: minute, hour, day of month, month, day of week; such as `30 8 * * MON-FRI`)"),
        (
"cron beyond",
"schedule: {cron: '61 * * * *'}
do: [{a: {wait: PT1S}}]",
"1:18 cron /schedule/cron `61 * * * *` is not a cron expression: number out of bounds (five fields: minute, hour, day of month, month, day of week; such as `30 8 * * MON-FRI`)"),
        (
"30 February",
"schedule: {cron: '0 0 30 2 *'}
do: [{a: {wait: PT1S}}]",
"1:18 cron /schedule/cron `0 0 30 2 *` never happens (the day does not exist in that month)"),
        (
"unknown schedule",
"schedule: {evry: PT1M}
do: [{a: {wait: PT1S}}]",
"1:12 unknown-key /schedule/evry `schedule` has no key `evry` (did you mean `every`?)"),
    ]);
}

#[test]
#[rustfmt::skip]
fn events() {
    check(&[
        (
"emit without type",
"do:
  - a: {emit: {event: {with: {source: 'https://x.y'}}}}",
"2:24 missing-key /do/0/a/emit/event/with an event to emit needs `type`"),
        (
"emit without with",
"do:
  - a: {emit: {event: {type: x, source: 'https://x.y'}}}",
"2:16 missing-key /do/0/a/emit/event `event` needs `with`
2:24 unknown-key /do/0/a/emit/event/type `event` has no key `type` (allowed here: `with`)
2:33 unknown-key /do/0/a/emit/event/source `event` has no key `source` (allowed here: `with`)"),
        (
"emit source",
"do:
  - a: {emit: {event: {with: {source: here, type: x}}}}",
"2:39 wrong-value /do/0/a/emit/event/with/source `source` of an event is `here`, expected an absolute URI (start with a scheme, such as `https://`)"),
        (
"emit time",
"do:
  - a: {emit: {event: {with: {source: 'https://x.y', type: x, time: noon}}}}",
"2:69 wrong-value /do/0/a/emit/event/with/time `time` of an event is `noon`, which is not a moment (such as `2026-01-31T08:00:00Z`, or an expression `${ ... }`)"),
        (
"listen to nothing",
"do:
  - a: {listen: {}}",
"2:9 missing-key /do/0/a/listen `listen` needs `to`"),
        (
"listen to both",
"do:
  - a:
      listen:
        to: {one: {with: {type: x}}, all: []}",
"4:14 exactly-one /do/0/a/listen/to/one `to` has both `all` and `one`, only one of them is allowed"),
        (
"until beside one",
"do:
  - a:
      listen:
        to: {one: {with: {type: x}}, until: .x}",
"4:38 unknown-key /do/0/a/listen/to/until `until` belongs to `any`, here the events are consumed by `one`"),
        (
"until in until",
"do:
  - a:
      listen:
        to:
          any: []
          until: {any: [], until: .x}",
"6:28 unknown-key /do/0/a/listen/to/until/until an `until` cannot have an `until` of its own"),
        (
"filter without with",
"do:
  - a: {listen: {to: {one: {type: x}}}}",
"2:23 missing-key /do/0/a/listen/to/one an event filter needs `with` (write the attributes under `with`: `{with: {type: ...}}`)"),
        (
"empty with",
"do:
  - a: {listen: {to: {one: {with: {}}}}}",
"2:35 empty /do/0/a/listen/to/one/with `with` is empty (name at least the `type` of the event)"),
        (
"correlate without from",
"do:
  - a: {listen: {to: {one: {with: {type: x}, correlate: {id: {expect: x}}}}}}",
"2:58 missing-key /do/0/a/listen/to/one/correlate/id a correlation needs `from`"),
        (
"read",
"do:
  - a: {listen: {to: {any: []}, read: all}}",
"2:39 wrong-value /do/0/a/listen/read `read` is `all`, expected one of `data`, `envelope` and `raw`"),
        (
"schedule without input schema",
"schedule: {on: {one: {with: {type: x}}}}
do: [{a: {call: email}}]",
"1:12 input-unchecked /schedule/on events start this workflow and it acts on the outside, but nothing checks what they carry (declare `input.schema`)"),
    ]);
}

#[test]
#[rustfmt::skip]
fn blocks() {
    check(&[
        (
"for without in",
"do:
  - a:
      for: {each: x}
      do: [{b: {wait: PT1S}}]",
"3:7 missing-key /do/0/a/for `for` needs `in`"),
        (
"for without do",
"do:
  - a:
      for: {in: .x}",
"2:5 missing-key /do/0/a a `for` task needs `do`"),
        (
"for hides an argument",
"do:
  - a:
      for: {each: input, in: .x}
      do: [{b: {wait: PT1S}}]",
"3:19 variable /do/0/a/for/each `each` is `input`, which would hide the standard argument `$input` (choose another name than `context`, `input`, `output`, `secrets`, `authorization`, `task`, `workflow` and `runtime`)"),
        (
"for with a dollar",
"do:
  - a:
      for: {each: $x, in: .x}
      do: [{b: {wait: PT1S}}]",
"3:19 variable /do/0/a/for/each `each` is written without the `$` (write `x`)"),
        (
"for with a dash",
"do:
  - a:
      for: {each: my-item, in: .x}
      do: [{b: {wait: PT1S}}]",
"3:19 variable /do/0/a/for/each `each` is `my-item`, which jq cannot use as a variable (letters, digits and `_`, not starting with a digit)"),
        (
"for with one name",
"do:
  - a:
      for: {each: x, at: x, in: .x}
      do: [{b: {wait: PT1S}}]",
"3:12 variable /do/0/a/for `x` names both the item and its position (set `at` to another name)"),
        (
"for as list",
"do:
  - a:
      for: {in: [1, 2]}
      do: [{b: {wait: PT1S}}]",
"3:17 wrong-type /do/0/a/for/in `in` must be an expression (text), found a list"),
        (
"fork without branches",
"do:
  - a: {fork: {compete: true}}",
"2:9 missing-key /do/0/a/fork `fork` needs `branches`"),
        (
"compete as text",
"do:
  - a: {fork: {compete: 'yes', branches: [{b: {wait: PT1S}}]}}",
"2:25 wrong-type /do/0/a/fork/compete `compete` must be `true` or `false`, found the text `yes`"),
        (
"try without catch",
"do:
  - a: {try: [{b: {wait: PT1S}}]}",
"2:5 missing-key /do/0/a a `try` task needs `catch`"),
        (
"if in a catch",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {if: .x}}",
"2:43 unknown-key /do/0/a/catch/if `catch` has no key `if` (the condition of a `catch` is `when`)"),
        (
"with in a catch",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {with: {status: 500}}}",
"2:43 unknown-key /do/0/a/catch/with `catch` has no key `with` (write it under `errors`: `errors: {with: ...}`)"),
        (
"unknown retry",
"use: {retries: {default: {}}}
do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: defualt}}",
"3:50 unknown-reference /do/0/a/catch/retry `use.retries` has no `defualt` (did you mean `default`?)"),
        (
"unknown error filter type",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {errors: {with: {status: '503'}}}}",
"2:67 wrong-type /do/0/a/catch/errors/with/status `status` of an error filter must be a whole number, found the text `503`"),
        (
"two backoffs",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: {backoff: {linear: {}, constant: {}}}}}",
"2:61 exactly-one /do/0/a/catch/retry/backoff/linear a backoff has both `constant` and `linear`, only one of them is allowed"),
        (
"factor below one",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: {backoff: {exponential: {factor: 0.5}}}}}",
"2:83 wrong-value /do/0/a/catch/retry/backoff/exponential/factor `factor` is 0.5, expected a number of at least 1"),
        (
"count as text",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: {limit: {attempt: {count: three}}}}}",
"2:76 wrong-type /do/0/a/catch/retry/limit/attempt/count `count` must be a whole number, found the text `three`"),
        (
"jitter without to",
"do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: {jitter: {from: PT1S}}}}",
"2:51 missing-key /do/0/a/catch/retry/jitter a jitter needs `to`"),
        (
"unknown error",
"use: {errors: {notFound: {type: 'https://x.y/z', status: 404}}}
do:
  - a: {raise: {error: notFond}}",
"3:24 unknown-reference /do/0/a/raise/error `use.errors` has no `notFond` (did you mean `notFound`?)"),
        (
"error without status",
"do:
  - a: {raise: {error: {type: 'https://x.y/z'}}}",
"2:17 missing-key /do/0/a/raise/error an error needs `status`"),
        (
"error type",
"do:
  - a: {raise: {error: {type: mine, status: 500}}}",
"2:31 wrong-value /do/0/a/raise/error/type `type` of an error is `mine`, expected an absolute URI (start with a scheme, such as `https://`)"),
        (
"details of an error",
"do:
  - a: {raise: {error: {type: 'https://x.y/z', status: 500, details: x}}}",
"2:61 unknown-key /do/0/a/raise/error/details an error has no key `details` (did you mean `detail`?)"),
        (
"run nothing",
"do:
  - a: {run: {await: true}}",
"2:9 exactly-one /do/0/a/run `run` needs one of `container`, `script`, `shell` and `workflow`"),
        (
"run two",
"do:
  - a: {run: {shell: {command: ls}, script: {language: js, code: x}}}",
"2:15 exactly-one /do/0/a/run/shell `run` has both `script` and `shell`, only one of them is allowed"),
        (
"return",
"do:
  - a: {run: {shell: {command: ls}, return: stdot}}",
"2:45 wrong-value /do/0/a/run/return `return` is `stdot`, expected one of `stdout`, `stderr`, `code`, `all` and `none` (did you mean `stdout`?)"),
        (
"script without code",
"do:
  - a: {run: {script: {language: js}}}",
"2:15 exactly-one /do/0/a/run/script a script needs one of `code` and `source`"),
        (
"lifetime without after",
"do:
  - a: {run: {container: {image: x, lifetime: {cleanup: eventually}}}}",
"2:37 missing-key /do/0/a/run/container/lifetime `cleanup: eventually` needs `after`"),
        (
"after without eventually",
"do:
  - a: {run: {container: {image: x, lifetime: {cleanup: always, after: PT1S}}}}",
"2:65 unknown-key /do/0/a/run/container/lifetime/after `after` belongs to `cleanup: eventually` only"),
        (
"subflow as expression",
"do:
  - a: {run: {workflow: {namespace: n, name: '${ .n }', version: '1.0.0'}}}",
"2:46 expression-not-allowed /do/0/a/run/workflow/name `name` of a workflow to run cannot be an expression (write the value itself; it must be known before the workflow runs)"),
        (
"extension of nothing",
"use: {extensions: [{log: {extend: calls, before: [{b: {wait: PT1S}}]}}]}
do: [{a: {wait: PT1S}}]",
"1:35 wrong-value /use/extensions/0/log/extend `extend` is `calls`, expected one of `all`, `call`, `composite`, `emit`, `for`, `listen`, `raise`, `run`, `set`, `switch`, `try` and `wait` (did you mean `call`?)"),
        (
"several at once",
"do:
  - a: {wait: 5, then: c, ouput: {}}
  - b: {call: http, with: {method: 1}}",
"2:15 duration /do/0/a/wait `wait` is 5, which is not a duration (write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`)
2:24 unknown-task /do/0/a/then there is no task `c` in this list (allowed here: `a`, `b`, `continue`, `end` and `exit`)
2:27 unknown-key /do/0/a/ouput a `wait` task has no key `ouput` (did you mean `output`?)
3:21 missing-key /do/1/b/with an HTTP call needs `endpoint`
3:36 wrong-type /do/1/b/with/method `method` of an HTTP call must be text, found the number `1` (put it in quotes)"),
    ]);
}

#[test]
#[rustfmt::skip]
fn expressions() {
    check(&[
        (
"bare",
"do:
  - a: {wait: PT1S, if: '.x =='}",
"2:31 expression /do/0/a/if expected a value, a path or a function, found the end of the expression"),
        (
"wrapped",
"do:
  - a: {wait: PT1S, if: '${ .x == }'}",
"2:35 expression /do/0/a/if expected a value, a path or a function, found the end of the expression"),
        (
"unknown variable",
"do:
  - a: {wait: PT1S, if: .x == $itme}",
"2:31 expression /do/0/a/if unknown variable `$itme`"),
        (
"slip in an argument",
"do:
  - a: {wait: PT1S, if: '.x == $contxt.y'}",
"2:32 expression /do/0/a/if unknown variable `$contxt` (did you mean `$context`?)"),
        (
"unknown function",
"do:
  - a: {set: {x: '${ .y | lenght }'}}",
"2:27 expression /do/0/a/set/x unknown function `lenght` (did you mean `length`?)"),
        (
"in text",
"do:
  - a: {set: {x: 'Dear ${ .name }, ${ .amount + }'}}",
"2:49 expression /do/0/a/set/x expected a value, a path or a function, found `}`"),
        (
"not closed",
"do:
  - a: {set: {x: '${ .y'}}",
"2:24 expression /do/0/a/set/x this `${` has no closing `}`"),
        (
"two faults",
"do:
  - a: {set: {x: '${ .y + }', y: ['${ $z }']}}",
"2:27 expression /do/0/a/set/x expected a value, a path or a function, found `}`
2:39 expression /do/0/a/set/y/0 unknown variable `$z`"),
        (
"over lines",
"do:
  - a:
      set:
        x: |
          ${
            .y
            | $nope
          }",
"7:15 expression /do/0/a/set/x unknown variable `$nope`"),
        (
"folded",
"do:
  - a:
      if: >-
        .y ==
        $nope
      wait: PT1S",
"5:9 expression /do/0/a/if unknown variable `$nope`"),
        (
"escaped",
r#"do:
  - a: {wait: PT1S, if: ".x == \"\u00e9\" and $nope"}"#,
"2:47 expression /do/0/a/if unknown variable `$nope`"),
        (
"single quotes",
"do:
  - a: {wait: PT1S, if: '.x == ''y'' and $nope'}",
"2:32 expression /do/0/a/if expected a value, a path or a function, found `'`"),
        (
"loop variable outside",
"do:
  - a:
      for: {each: order, in: .orders}
      do: [{b: {set: {x: '${ $order }'}}}]
  - c: {set: {x: '${ $order }'}}",
"5:22 expression /do/1/c/set/x unknown variable `$order`"),
        (
"loop variable in its own list",
"do:
  - a:
      for: {each: order, in: $order}
      do: [{b: {wait: PT1S}}]",
"3:30 expression /do/0/a/for/in unknown variable `$order`"),
        (
"error outside of its catch",
"do:
  - a: {try: [{b: {set: {x: '${ $error }'}}}], catch: {as: error, do: [{c: {set: {x: '${ $error }'}}}]}}",
"2:33 expression /do/0/a/try/0/b/set/x unknown variable `$error`"),
        (
"in a policy used twice",
"use: {retries: {often: {when: '.x =='}}}
do:
  - a: {try: [{b: {wait: PT1S}}], catch: {retry: often}}
  - c: {try: [{d: {wait: PT1S}}], catch: {retry: often}}",
"1:37 expression /use/retries/often/when expected a value, a path or a function, found the end of the expression"),
        (
"in an authentication",
"use: {authentications: {shop: {bearer: {token: '${ .x + }'}}}}
do:
  - a:
      call: http
      with: {method: get, endpoint: {uri: 'https://x.y', authentication: {use: shop}}}",
"1:57 expression /use/authentications/shop/bearer/token expected a value, a path or a function, found `}`"),
        (
"in a filter",
"do:
  - a: {listen: {to: {one: {with: {type: x, data: '${ .x == }'}}}}}",
"2:61 expression /do/0/a/listen/to/one/with/data expected a value, a path or a function, found `}`"),
        (
"in until",
"do:
  - a: {listen: {to: {any: [], until: 'length =='}}}",
"2:49 expression /do/0/a/listen/to/until expected a value, a path or a function, found the end of the expression"),
        (
"in correlate",
"do:
  - a: {listen: {to: {one: {with: {type: x}, correlate: {id: {from: '.x ==', expect: '${ .y + }'}}}}}}",
"2:75 expression /do/0/a/listen/to/one/correlate/id/from expected a value, a path or a function, found the end of the expression
2:95 expression /do/0/a/listen/to/one/correlate/id/expect expected a value, a path or a function, found `}`"),
        (
"in a case",
"do:
  - s:
      switch:
        - x: {when: '.x ==', then: end}",
"4:27 expression /do/0/s/switch/0/x/when expected a value, a path or a function, found the end of the expression"),
        (
"in an extension",
"use: {extensions: [{log: {extend: all, when: '$task.x ==', before: [{b: {wait: PT1S}}]}}]}
do: [{a: {wait: PT1S}}]",
"1:57 expression /use/extensions/0/log/when expected a value, a path or a function, found the end of the expression"),
        (
"in a duration",
"do:
  - a: {wait: '${ .x + }'}",
"2:24 expression /do/0/a/wait expected a value, a path or a function, found `}`"),
        (
"in a transformation",
"input: {from: {x: '${ .y + }'}}
output: {as: '.z +'}
do: [{a: {wait: PT1S, export: {as: '. + {x: }'}}}]",
"1:28 expression /input/from/x expected a value, a path or a function, found `}`
2:19 expression /output/as expected a value, a path or a function, found the end of the expression
3:45 expression /do/0/a/export/as expected a value, a path or a function, found `}`"),
        (
"loose mode forgives",
"evaluate: {mode: loose}
do:
  - a: {set: {x: '${ .y + }'}}",
""),
    ]);
}
