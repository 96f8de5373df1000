//! A text that is no document, and a heading that is wrong.

use super::check;

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
"# nothing above
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
