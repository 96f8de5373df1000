Feature: Reusable Functions
  As an implementer of the workflow DSL
  I want to ensure that functions declared once may be called anywhere
  So that my implementation conforms to the expected behavior

  # Tests that the arguments are the input of the function's task
  Scenario: Call A Function
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: call-a-function
      version: '1.0.0'
    use:
      functions:
        double:
          set: { doubled: '${ .value * 2 }' }
    do:
      - work:
          call: double
          with:
            value: ${ .n }
    """
    And given the workflow input is:
    """yaml
    n: 21
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    doubled: 42
    """

  # Tests that a function transforms its own input and output
  Scenario: Function With Input And Output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: function-with-input-and-output
      version: '1.0.0'
    use:
      functions:
        name:
          input:
            from: .person
          set: { full: '${ "\(.first) \(.last)" }' }
          output:
            as: .full
    do:
      - work:
          call: name
          with:
            person: { first: Ada, last: Lovelace }
          output:
            as: '{ greeting: ("Hello " + .) }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    greeting: Hello Ada Lovelace
    """

  # Tests that a function may be made of several tasks
  Scenario: Function Of Several Tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: function-of-several-tasks
      version: '1.0.0'
    use:
      functions:
        addTwice:
          do:
            - once:
                set: { n: '${ .n + .by }', by: '${ .by }' }
            - twice:
                set: { n: '${ .n + .by }' }
    do:
      - work:
          call: addTwice
          with: { n: 1, by: 10 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 21
    """

  # Tests that a function may call a service
  Scenario: Function That Calls A Service
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /pets/7:
      body: { id: 7 }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: function-that-calls-a-service
      version: '1.0.0'
    use:
      functions:
        getPet:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/pets/{petId}
    do:
      - work:
          call: getPet
          with:
            petId: 7
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 7
    """

  # Tests that a function may be called more than once
  Scenario: Call A Function Twice
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: call-a-function-twice
      version: '1.0.0'
    use:
      functions:
        increment:
          set: { n: '${ .n + 1 }' }
    do:
      - first:
          call: increment
          with: { n: '${ .n }' }
      - second:
          call: increment
          with: { n: '${ .n }' }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """

  # Tests that a function may call another
  Scenario: Function That Calls A Function
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: function-that-calls-a-function
      version: '1.0.0'
    use:
      functions:
        inner:
          set: { n: '${ .n + 1 }' }
        outer:
          call: inner
          with: { n: '${ .m * 10 }' }
    do:
      - work:
          call: outer
          with: { m: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 21
    """

  # Tests that an error in a function may be caught around the call
  Scenario: Error In A Function
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-a-function
      version: '1.0.0'
    use:
      functions:
        fail:
          raise:
            error:
              type: https://example.com/errors/function
              status: 418
    do:
      - guard:
          try:
            - work:
                call: fail
          catch:
            do:
              - handle:
                  set: { status: '${ $error.status }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 418
    """

  # Tests that the caller's output is in the context of its own export
  Scenario: Export Of A Function Call
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-of-a-function-call
      version: '1.0.0'
    use:
      functions:
        one:
          set: { n: 1 }
    do:
      - work:
          call: one
          export:
            as: '{ got: .n, name: $task.name }'
      - show:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    name: work
    """

  # Tests that an unknown function is refused
  Scenario: Unknown Timeout Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-timeout-is-refused
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
          timeout: nowhere
    """
    Then the definition should be refused with a problem at '/do/0/work/timeout'
