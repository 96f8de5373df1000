Feature: Data Flow Details
  As an implementer of the workflow DSL
  I want to ensure that data is validated and transformed in the order of the specification
  So that my implementation conforms to the expected behavior

  # Tests all transformations at once, in their order
  Scenario: All Transformations In Order
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: all-transformations-in-order
      version: '1.0.0'
    input:
      from: '{ steps: (.steps + [ "workflow.input.from" ]) }'
    output:
      as: '{ steps: (.steps + [ "workflow.output.as" ]), exported: $context.steps }'
    do:
      - work:
          if: .steps == [ "raw", "workflow.input.from" ]
          input:
            from: '{ steps: (.steps + [ "task.input.from" ]) }'
          set: { steps: '${ .steps + [ "task" ] }' }
          output:
            as: '{ steps: (.steps + [ "task.output.as" ]) }'
          export:
            as: '{ steps: (.steps + [ "task.export.as" ]) }'
    """
    And given the workflow input is:
    """yaml
    steps: [ raw ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    steps: [ raw, workflow.input.from, task.input.from, task, task.output.as, workflow.output.as ]
    exported: [ raw, workflow.input.from, task.input.from, task, task.output.as, task.export.as ]
    """

  # Tests that the workflow's input is validated before it is transformed
  Scenario: Workflow Input Is Validated Before It Is Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-input-is-validated-before-it-is-transformed
      version: '1.0.0'
    input:
      schema:
        document:
          type: object
          required: [ inner ]
      from: .inner
    do:
      - show:
          set: ${ . }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  # Tests the error for an input that is not valid
  Scenario: Workflow Input Is Not Valid
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-input-is-not-valid
      version: '1.0.0'
    input:
      schema:
        format: json
        document:
          type: object
          required: [ name ]
          properties:
            name: { type: string }
    do:
      - never:
          set: { n: 1 }
    """
    And given the workflow input is:
    """yaml
    name: 3
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    """
    And never should not run

  # Tests that a failing transformation of the input faults the workflow
  Scenario: Workflow Input Cannot Be Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-input-cannot-be-transformed
      version: '1.0.0'
    input:
      from: .text | tonumber
    do:
      - never:
          set: { n: 1 }
    """
    And given the workflow input is:
    """yaml
    text: a
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    """
    And never should not run

  # Tests that a task's input is validated before it is transformed
  Scenario: Task Input Is Validated Before It Is Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-input-is-validated-before-it-is-transformed
      version: '1.0.0'
    do:
      - work:
          input:
            schema:
              document:
                type: object
                required: [ inner ]
            from: .inner
          set: ${ . }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  # Tests the error for a task's input that is not valid
  Scenario: Task Input Is Not Valid
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-input-is-not-valid
      version: '1.0.0'
    do:
      - first:
          set: { n: text }
      - work:
          input:
            schema:
              document:
                type: object
                properties:
                  n: { type: integer }
          set: { ran: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    instance: /do/1/work
    """

  # Tests that a task's output is validated after it is transformed
  Scenario: Task Output Is Validated After It Is Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-output-is-validated-after-it-is-transformed
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
          output:
            as: .n
            schema:
              document: { type: integer }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    1
    """

  # Tests the error for a task's output that is not valid
  Scenario: Task Output Is Not Valid
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-output-is-not-valid
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
          output:
            as: .n
            schema:
              document: { type: object }
      - never:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    instance: /do/0/work
    """
    And never should not run

  # Tests that an output that is not valid may be caught
  Scenario: Output That Is Not Valid Is Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-that-is-not-valid-is-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - work:
                set: { n: 1 }
                output:
                  schema:
                    document: { type: string }
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/work
    """

  # Tests the error for a context that is not valid
  Scenario: Exported Context Is Not Valid
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: exported-context-is-not-valid
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
          export:
            as: .n
            schema:
              document: { type: object }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    instance: /do/0/work
    """

  # Tests that the workflow's output is validated after it is transformed
  Scenario: Workflow Output Is Validated After It Is Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-output-is-validated-after-it-is-transformed
      version: '1.0.0'
    output:
      as: .n
      schema:
        document: { type: integer }
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    1
    """

  # Tests the error for a workflow's output that is not valid
  Scenario: Workflow Output Is Not Valid
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-output-is-not-valid
      version: '1.0.0'
    output:
      schema:
        document: { type: array }
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    """

  # Tests transformations written as objects
  Scenario: Transformations As Objects
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: transformations-as-objects
      version: '1.0.0'
    input:
      from:
        number: ${ .n }
        fixed: yes
    do:
      - work:
          input:
            from:
              doubled: ${ .number * 2 }
              fixed: ${ .fixed }
          set: ${ . }
          output:
            as:
              result: ${ .doubled }
              fixed: ${ .fixed }
    output:
      as:
        all: [ '${ .result }', '${ .fixed }' ]
    """
    And given the workflow input is:
    """yaml
    n: 21
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    all: [ 42, 'yes' ]
    """

  # Tests that a task's output is the next task's input
  Scenario: Output Is The Next Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-is-the-next-input
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          output:
            as: .n
      - two:
          set: { n: '${ . + 1 }' }
      - three:
          set: { n: '${ .n + 1 }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """

  # Tests that the export does not change the output
  Scenario: Export Does Not Change The Output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-does-not-change-the-output
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          export:
            as: '{ other: true }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  # Tests that an export replaces the context, unless it says otherwise
  Scenario: Export Replaces The Context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-replaces-the-context
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          export:
            as: .
      - two:
          set: { b: 2 }
          export:
            as: .
      - three:
          set: { c: 3 }
          export:
            as: $context + .
      - show:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 2
    c: 3
    """

  # Tests that a failing export is an error of its task, and leaves the context alone
  Scenario: Export That Fails
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-that-fails
      version: '1.0.0'
    do:
      - remember:
          set: { kept: true }
          export:
            as: .
      - guard:
          try:
            - broken:
                set: { n: 1 }
                export:
                  as: .n | keys
          catch:
            do:
              - handle:
                  set: { instance: '${ $error.instance }', context: '${ $context }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/1/guard/try/0/broken
    context: { kept: true }
    """

  # Tests that a composite's first task gets the composite's transformed input
  Scenario: Input Of A Composite
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: input-of-a-composite
      version: '1.0.0'
    do:
      - outer:
          input:
            from: .order
          do:
            - inner:
                set: { id: '${ .id }' }
          output:
            as: '{ wrapped: .id, input: $input.id }'
    """
    And given the workflow input is:
    """yaml
    order: { id: 7 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    wrapped: 7
    input: 7
    """

  # Tests that an output may be null, false or a scalar
  Scenario Outline: Output Of Any Type
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-of-any-type
      version: '1.0.0'
    do:
      - work:
          set: { value: <value> }
          output:
            as: .value
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    <value>
    """

    Examples:
      | value   |
      | null    |
      | false   |
      | 0       |
      | ''      |
      | []      |
      | {}      |

  # Tests a workflow that is started without input
  Scenario: No Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: no-input
      version: '1.0.0'
    do:
      - show:
          set: { n: '${ .n }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: null
    """
