//! What tasks read, wait for and compute: data, durations, events, expressions.

use super::check;

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
