Feature: Extensions
  As an implementer of the workflow DSL
  I want to ensure that extensions apply to the tasks they name, and do not disturb them
  So that my implementation conforms to the expected behavior

  # Tests the order of an extension's tasks, and that their outputs are not the task's
  Scenario: Before And After A Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: before-and-after-a-task
      version: '1.0.0'
    use:
      extensions:
        - logging:
            extend: set
            before:
              - logBefore:
                  emit:
                    event:
                      with:
                        source: https://example.com/log
                        type: com.example.before
                        data: ${ $task.reference }
            after:
              - logAfter:
                  emit:
                    event:
                      with:
                        source: https://example.com/log
                        type: com.example.after
                        data: ${ $task.name }
    do:
      - work:
          set: { n: '${ .n + 1 }' }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And an event should have been published with:
    """yaml
    type: com.example.before
    data: /do/0/work
    """
    And an event should have been published with:
    """yaml
    type: com.example.after
    data: work
    """

  # Tests that only the named kind of task is extended
  Scenario Outline: Kinds Of Tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: kinds-of-tasks
      version: '1.0.0'
    use:
      extensions:
        - counting:
            extend: <kind>
            before:
              - count:
                  emit:
                    event:
                      with:
                        source: https://example.com/count
                        type: com.example.counted
                        data: ${ $task.name }
    do:
      - aSet:
          set: { n: 1 }
      - aDo:
          do:
            - innerSet:
                set: { n: 2 }
      - aFor:
          for:
            in: '[ 1 ]'
          do:
            - innerWait:
                wait: PT1S
      - aFork:
          fork:
            branches:
              - branchSwitch:
                  switch:
                    - any:
                        then: continue
      - aTry:
          try:
            - innerRaise:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch: {}
    """
    When the workflow is executed
    Then the workflow should complete
    And <count> events of type 'com.example.counted' should have been published

    Examples:
      | kind      | count |
      | set       | 2     |
      | composite | 2     |
      | for       | 1     |
      | wait      | 1     |
      | switch    | 1     |
      | try       | 1     |
      | raise     | 1     |
      | call      | 0     |
      | all       | 9     |

  # Tests that emit tasks and calls are extended, but not an extension's own tasks
  Scenario: Extensions Do Not Extend Themselves
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: extensions-do-not-extend-themselves
      version: '1.0.0'
    use:
      extensions:
        - noise:
            extend: all
            before:
              - announce:
                  emit:
                    event:
                      with:
                        source: https://example.com/noise
                        type: com.example.noise
    do:
      - real:
          emit:
            event:
              with:
                source: https://example.com/real
                type: com.example.real
    """
    When the workflow is executed
    Then the workflow should complete
    And 1 events of type 'com.example.noise' should have been published
    And 1 events of type 'com.example.real' should have been published

  # Tests the condition of an extension
  Scenario: Extension When
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: extension-when
      version: '1.0.0'
    use:
      extensions:
        - counting:
            extend: set
            when: ${ $task.name == "second" }
            before:
              - count:
                  emit:
                    event:
                      with:
                        source: https://example.com/count
                        type: com.example.counted
                        data: ${ $task.name }
    do:
      - first:
          set: { n: 1 }
      - second:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And 1 events of type 'com.example.counted' should have been published
    And an event should have been published with:
    """yaml
    type: com.example.counted
    data: second
    """

  # Tests the specification's own example: the call is answered by the extension
  Scenario: Mock A Service
    Given the service at "https://mocked.example.com" answers:
    """yaml
    GET /:
      body: { real: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: mock-a-service
      version: '1.0.0'
    use:
      extensions:
        - mockService:
            extend: call
            when: $task.call == "http" and ($task.with.endpoint.uri != null and ($task.with.endpoint.uri | startswith("https://mocked.example.com")))
            before:
              - intercept:
                  set:
                    mocked: true
                  then: exit
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://mocked.example.com/
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    mocked: true
    """
    And the service at "https://mocked.example.com" should have received 0 requests

  # Tests that a bypassed task's output is still transformed, and no after task runs
  Scenario: Bypassed Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: bypassed-task
      version: '1.0.0'
    use:
      extensions:
        - bypass:
            extend: set
            before:
              - replace:
                  emit:
                    event:
                      with:
                        source: https://example.com/bypass
                        type: com.example.bypassed
                  output:
                    as: '{ n: 10 }'
                  then: exit
              - neverBefore:
                  emit:
                    event:
                      with:
                        source: https://example.com/bypass
                        type: com.example.never
            after:
              - neverAfter:
                  emit:
                    event:
                      with:
                        source: https://example.com/bypass
                        type: com.example.never
    do:
      - work:
          set: { n: 1 }
          output:
            as: '{ n: (.n + 1) }'
          export:
            as: '{ exported: .n }'
          then: last
      - skipped:
          wait: PT1H
      - last:
          emit:
            event:
              with:
                source: https://example.com/last
                type: com.example.last
                data: [ '${ .n }', '${ $context.exported }' ]
          output:
            as: .data
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 11, 11 ]
    """
    And 0 events of type 'com.example.never' should have been published
    And skipped should not run

  # Tests that an error before the task is the task's error, and may be caught
  Scenario: Error In A Before Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-a-before-task
      version: '1.0.0'
    use:
      extensions:
        - guarding:
            extend: set
            when: $task.name == "work"
            before:
              - deny:
                  raise:
                    error:
                      type: https://example.com/errors/denied
                      status: 403
    do:
      - guard:
          try:
            - work:
                set: { n: 1 }
          catch:
            errors:
              with:
                status: 403
            do:
              - handle:
                  set: { handled: '${ $error.type }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: https://example.com/errors/denied
    """

  # Tests that an uncaught error after the task faults the workflow
  Scenario: Error In An After Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-an-after-task
      version: '1.0.0'
    use:
      extensions:
        - checking:
            extend: set
            after:
              - refuse:
                  raise:
                    error:
                      type: https://example.com/errors/refused
                      status: 422
    do:
      - work:
          set: { n: 1 }
      - never:
          wait: PT1S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/refused
    status: 422
    """
    And never should not run

  # Tests that all extensions that apply do so, in order of declaration
  Scenario: Several Extensions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: several-extensions
      version: '1.0.0'
    use:
      extensions:
        - one:
            extend: set
            before:
              - waitOne:
                  wait: PT1S
        - two:
            extend: all
            before:
              - waitTwo:
                  wait: PT2S
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And waitTwo should run after waitOne
    And the workflow should have ended 3 seconds after the start

  # Tests that the extension's tasks may export to the context
  Scenario: Extension Exports To The Context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: extension-exports-to-the-context
      version: '1.0.0'
    use:
      extensions:
        - counting:
            extend: set
            before:
              - count:
                  wait: PT0S
                  export:
                    as: '{ count: (($context.count // 0) + 1) }'
    do:
      - first:
          set: { n: 1 }
      - second:
          set: { count: '${ $context.count }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    count: 2
    """

  # Tests that a skipped task is not extended
  Scenario: Skipped Task Is Not Extended
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-task-is-not-extended
      version: '1.0.0'
    use:
      extensions:
        - counting:
            extend: set
            before:
              - count:
                  emit:
                    event:
                      with:
                        source: https://example.com/count
                        type: com.example.counted
    do:
      - skipped:
          if: 'false'
          set: { n: 1 }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 5
    """
    And 0 events of type 'com.example.counted' should have been published
