Feature: Wait Task And Timeouts
  As an implementer of the workflow DSL
  I want to ensure that waiting takes as long as declared, and that nothing takes longer than allowed
  So that my implementation conforms to the expected behavior

  # Tests durations in all their forms
  Scenario Outline: Wait For A Duration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: wait-for-a-duration
      version: '1.0.0'
    do:
      - pause:
          wait: <duration>
      - after:
          set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete
    And the task after should start <seconds> seconds after the start

    Examples:
      | duration                                                      | seconds |
      | PT10S                                                         | 10      |
      | PT1M30S                                                       | 90      |
      | PT1H                                                          | 3600    |
      | P1D                                                           | 86400   |
      | { seconds: 5 }                                                | 5       |
      | { days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 0 } | 90061   |
      | { milliseconds: 1500 }                                        | 1.5     |
      | PT0.5S                                                        | 0.5     |

  # Tests a computed duration
  Scenario: Wait For A Computed Duration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: wait-for-a-computed-duration
      version: '1.0.0'
    do:
      - pause:
          wait: ${ "PT\(.seconds)S" }
      - after:
          set: { done: true }
    """
    And given the workflow input is:
    """yaml
    seconds: 42
    """
    When the workflow is executed
    Then the workflow should complete
    And the task after should start 42 seconds after the start

  # Tests that a wait passes its input on, and that its output may be transformed
  Scenario: Wait Passes Its Input On
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: wait-passes-its-input-on
      version: '1.0.0'
    do:
      - pause:
          input:
            from: .inner
          wait: PT1S
          output:
            as: '{ seen: . }'
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: { n: 1 }
    """

  # Tests that a wait is waiting, and not longer than declared
  Scenario: Waiting While The Time Has Not Passed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: waiting-while-the-time-has-not-passed
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
    """
    When the workflow is started
    Then the workflow should be waiting
    When 9 seconds pass
    Then the workflow should be waiting
    When 1 seconds pass
    Then the workflow should complete

  # Tests that a wait of no time goes on at once
  Scenario: Wait For No Time
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: wait-for-no-time
      version: '1.0.0'
    do:
      - pause:
          wait: PT0S
      - after:
          set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And the workflow should have ended 0 seconds after the start

  # Tests that text which is no duration is an expression error
  Scenario: Computed Duration That Is None
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: computed-duration-that-is-none
      version: '1.0.0'
    do:
      - pause:
          wait: ${ .duration }
    """
    And given the workflow input is:
    """yaml
    duration: soon
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/pause
    """

  # Tests that text which is no duration is refused before running
  Scenario: Duration That Is None Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: duration-that-is-none-is-refused
      version: '1.0.0'
    do:
      - pause:
          wait: soon
    """
    Then the definition should be refused with a problem at '/do/0/pause/wait'

  # Tests the error of a task that takes too long
  Scenario: Task Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-times-out
      version: '1.0.0'
    do:
      - pause:
          wait: PT1M
          timeout:
            after: { seconds: 30 }
      - never:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/pause
    """
    And never should not run
    And the workflow should have ended 30 seconds after the start

  # Tests that a task that is quick enough does not time out later
  Scenario: Task In Time
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-in-time
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
          timeout:
            after: PT30S
      - longer:
          wait: PT1M
      - done:
          set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And the task done should start 70 seconds after the start

  # Tests that a composite's timeout counts for all its tasks together
  Scenario: Composite Task Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: composite-task-times-out
      version: '1.0.0'
    do:
      - outer:
          do:
            - first:
                wait: PT20S
            - second:
                wait: PT20S
            - never:
                set: { n: 1 }
          timeout:
            after: PT30S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/outer
    """
    And never should not run
    And the task second should start 20 seconds after the start
    And the workflow should have ended 30 seconds after the start

  # Tests that the earlier of two timeouts counts
  Scenario: Inner Timeout Comes First
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: inner-timeout-comes-first
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                wait: PT1H
                timeout:
                  after: PT10S
          timeout:
            after: PT20S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/outer/do/0/inner
    """
    And the workflow should have ended 10 seconds after the start

  # Tests that a timeout may be caught
  Scenario: Timeout Is Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: timeout-is-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - pause:
                wait: PT1H
                timeout:
                  after: PT5S
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
            do:
              - handle:
                  set: { status: '${ $error.status }', instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 408
    instance: /do/0/guard/try/0/pause
    """
    And the task handle should start 5 seconds after the start

  # Tests that a try's own timeout is not caught by itself
  Scenario: Timeout Of A Try Is Not Caught By It
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: timeout-of-a-try-is-not-caught-by-it
      version: '1.0.0'
    do:
      - guard:
          try:
            - pause:
                wait: PT1H
          catch:
            do:
              - handle:
                  set: { handled: true }
          timeout:
            after: PT5S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/guard
    """
    And handle should not run

  # Tests a reusable timeout
  Scenario: Reusable Timeout
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: reusable-timeout
      version: '1.0.0'
    use:
      timeouts:
        short:
          after: PT5S
    do:
      - pause:
          wait: PT1H
          timeout: short
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/pause
    """
    And the workflow should have ended 5 seconds after the start

  # Tests the timeout of the workflow
  Scenario: Workflow Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-times-out
      version: '1.0.0'
    timeout:
      after: PT30S
    do:
      - pause:
          wait: PT20S
      - again:
          wait: PT20S
      - never:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /
    """
    And never should not run
    And the workflow should have ended 30 seconds after the start

  # Tests that the workflow's timeout cannot be caught inside of it
  Scenario: Workflow Timeout Is Not Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-timeout-is-not-caught
      version: '1.0.0'
    timeout:
      after: PT30S
    do:
      - guard:
          try:
            - pause:
                wait: PT1H
          catch:
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    """
    And handle should not run

  # Tests a reusable timeout of the workflow
  Scenario: Reusable Workflow Timeout
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: reusable-workflow-timeout
      version: '1.0.0'
    use:
      timeouts:
        short:
          after: { seconds: 2 }
    timeout: short
    do:
      - pause:
          wait: PT1H
    """
    When the workflow is executed
    Then the workflow should fault
    And the workflow should have ended 2 seconds after the start

  # Tests that a computed timeout is evaluated on the task's input
  Scenario: Computed Timeout
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: computed-timeout
      version: '1.0.0'
    do:
      - pause:
          input:
            from: .limits
          wait: PT1H
          timeout:
            after: ${ "PT\(.seconds)S" }
    """
    And given the workflow input is:
    """yaml
    limits: { seconds: 7 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    instance: /do/0/pause
    """
    And the workflow should have ended 7 seconds after the start

  # Tests that a branch that times out faults the fork
  Scenario: Branch Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: branch-times-out
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  wait: PT1H
                  timeout:
                    after: PT5S
              - quick:
                  set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/both/fork/branches/0/slow
    """

  # Tests that an iteration that takes too long does so with its loop
  Scenario: Loop Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: loop-times-out
      version: '1.0.0'
    do:
      - loop:
          for:
            in: '[ 1, 2, 3, 4 ]'
          do:
            - pause:
                wait: PT10S
          timeout:
            after: PT25S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    instance: /do/0/loop
    """
    And the task pause should have run 3 times

  # Tests that a call that gets no answer in time is abandoned, and its late answer ignored
  Scenario: Call Times Out
    Given the service at "https://slow.example.com" answers:
    """yaml
    GET /:
      delay: PT1M
      body: { late: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: call-times-out
      version: '1.0.0'
    do:
      - guard:
          try:
            - ask:
                call: http
                with:
                  method: get
                  endpoint: https://slow.example.com/
                timeout:
                  after: PT10S
          catch:
            do:
              - handle:
                  set: { status: '${ $error.status }' }
      - later:
          wait: PT5M
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 408
    """
    And the task handle should start 10 seconds after the start
