//! Tasks, where they lead, and what they hold.

use super::check;

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
