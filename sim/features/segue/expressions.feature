Feature: Runtime Expressions
  As an implementer of the workflow DSL
  I want to ensure that expressions are recognised, and see what they should
  So that my implementation conforms to the expected behavior

  # Tests that in strict mode only what is enclosed is an expression
  Scenario: Strict Mode
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: strict-mode
      version: '1.0.0'
    evaluate:
      mode: strict
    do:
      - build:
          set:
            enclosed: ${ .n }
            bare: .n
            dollar: $input
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    enclosed: 1
    bare: .n
    dollar: $input
    """

  # Tests that in loose mode everything that can be evaluated is
  Scenario: Loose Mode
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: loose-mode
      version: '1.0.0'
    evaluate:
      mode: loose
    do:
      - build:
          set:
            enclosed: ${ .n }
            bare: .n
            text: not an expression at all
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    enclosed: 1
    bare: 1
    text: not an expression at all
    """

  # Tests expressions within text
  Scenario: Interpolation
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: interpolation
      version: '1.0.0'
    do:
      - build:
          set:
            text: '${ .a } and ${ .b }!'
            number: n=${ .n }
            object: o=${ .o }
    """
    And given the workflow input is:
    """yaml
    a: one
    b: two
    n: 3
    o: { x: [ 1 ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    text: one and two!
    number: n=3
    object: o={"x":[1]}
    """

  # Tests that braces and quotes inside of an expression do not end it
  Scenario: Braces Inside Of An Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: braces-inside-of-an-expression
      version: '1.0.0'
    do:
      - build:
          set:
            object: '${ { a: { b: .n } } }'
            text: '${ "}" } ${ "{\(.n)}" }'
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    object: { a: { b: 1 } }
    text: '} {1}'
    """

  # Tests that a failing expression is an expression error
  Scenario: Expression That Fails
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: expression-that-fails
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ .text | tonumber }
    """
    And given the workflow input is:
    """yaml
    text: abc
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/build
    """

  # Tests that an expression that is none is refused before running
  Scenario: Expression That Does Not Compile Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: expression-that-does-not-compile-is-refused
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ .a | }
    """
    Then the definition should be refused with a problem at '/do/0/build/set/n'

  # Tests that an unknown variable is refused before running
  Scenario: Unknown Variable Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-variable-is-refused
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ $nowhere }
    """
    Then the definition should be refused with a problem at '/do/0/build/set/n'

  # Tests that `.` and $input are the transformed input in the task
  Scenario: Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: input
      version: '1.0.0'
    do:
      - build:
          input:
            from: .inner
          set:
            dot: ${ .n }
            input: ${ $input.n }
            raw: ${ $task.input.inner.n }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    dot: 1
    input: 1
    raw: 1
    """

  # Tests what output.as sees
  Scenario: Output Transformation
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-transformation
      version: '1.0.0'
    do:
      - build:
          input:
            from: .inner
          set: { made: true }
          output:
            as:
              raw: ${ . }
              input: ${ $input }
              taskOutput: ${ $task.output }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    raw: { made: true }
    input: { n: 1 }
    taskOutput: { made: true }
    """

  # Tests what export.as sees
  Scenario: Export
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export
      version: '1.0.0'
    do:
      - build:
          input:
            from: .inner
          set: { made: true }
          output:
            as: '{ transformed: .made }'
          export:
            as:
              dot: ${ . }
              output: ${ $output }
              input: ${ $input }
              raw: ${ $task.output }
      - show:
          set: ${ $context }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    dot: { transformed: true }
    output: { transformed: true }
    input: { n: 1 }
    raw: { made: true }
    """

  # Tests the description of the task
  Scenario: Task Descriptor
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-descriptor
      version: '1.0.0'
    do:
      - first:
          wait: PT5S
      - build:
          metadata: { note: kept }
          set:
            name: ${ $task.name }
            reference: ${ $task.reference }
            note: ${ $task.definition.metadata.note }
            seconds: ${ $task.startedAt.epoch.seconds - $workflow.startedAt.epoch.seconds }
            milliseconds: ${ ($task.startedAt.epoch.milliseconds / 1000 | floor) == $task.startedAt.epoch.seconds }
            iso: ${ $task.startedAt.iso8601 | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$") }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: build
    reference: /do/1/build
    note: kept
    seconds: 5
    milliseconds: true
    iso: true
    """

  # Tests the description of the workflow
  Scenario: Workflow Descriptor
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-descriptor
      version: '1.0.0'
    input:
      from: .inner
    do:
      - build:
          set:
            name: ${ $workflow.definition.document.name }
            tasks: ${ $workflow.definition.do | length }
            rawInput: ${ $workflow.input }
            hasId: ${ ($workflow.id | type) == "string" and ($workflow.id | length) > 0 }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: workflow-descriptor
    tasks: 1
    rawInput: { inner: { n: 1 } }
    hasId: true
    """

  # Tests the description of the runtime
  Scenario: Runtime Descriptor
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: runtime-descriptor
      version: '1.0.0'
    do:
      - build:
          set:
            name: ${ $runtime.name | type }
            version: ${ $runtime.version | type }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: string
    version: string
    """

  # Tests that the context is empty at first, and what was exported later
  Scenario: Context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: context
      version: '1.0.0'
    do:
      - before:
          set: { at: 1, context: '${ $context.n }' }
      - remember:
          set: { n: 2, before: '${ .context }' }
          export:
            as: '{ n: .n }'
      - after:
          set: { before: '${ .before }', after: '${ $context.n }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    before: null
    after: 2
    """

  # Tests that several results are an error
  @segue
  Scenario: Several Results
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: several-results
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ .[] }
    """
    And given the workflow input is:
    """yaml
    [ 1, 2 ]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    """

  # Tests that large and exact numbers survive
  Scenario: Numbers Are Exact
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: numbers-are-exact
      version: '1.0.0'
    do:
      - build:
          set:
            large: ${ .large }
            fraction: ${ .fraction }
            sum: ${ .large + 1 }
    """
    And given the workflow input is:
    """yaml
    large: 9007199254740993
    fraction: 0.1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    large: 9007199254740993
    fraction: 0.1
    sum: 9007199254740994
    """

  # Tests that an expression cannot hold up the runtime
  @segue
  Scenario: Endless Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: endless-expression
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ [range(1; infinite)] | length }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/build
    """

  # Tests that an expression cannot read the runtime's environment
  @segue
  Scenario: Environment Is Not Visible
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: environment-is-not-visible
      version: '1.0.0'
    do:
      - build:
          set:
            n: ${ env | length }
    """
    Then the definition should be refused with a problem at '/do/0/build/set/n'
