Feature: Flow Directives And Conditions
  As an implementer of the workflow DSL
  I want to ensure that flow directives and conditions lead to the right task
  So that my implementation conforms to the expected behavior

  # Tests that `continue` is what happens anyway
  Scenario: Continue Goes To The Next Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: continue-goes-to-the-next-task
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: continue
      - two:
          set: { n: '${ .n + 1 }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And two should run after one

  # Tests that `continue` on the last task ends the scope
  Scenario: Continue On The Last Task Completes
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: continue-on-the-last-task-completes
      version: '1.0.0'
    do:
      - only:
          set: { n: 1 }
          then: continue
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  # Tests that `exit` leaves the inner scope only
  Scenario: Exit Leaves The Current Scope
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: exit-leaves-the-current-scope
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { at: inner }
                then: exit
            - never:
                set: { at: never }
      - last:
          set: { from: '${ .at }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    from: inner
    """
    And never should not run
    And last should run last

  # Tests that `exit` at the top level completes the workflow
  Scenario: Exit At The Top Level Completes The Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: exit-at-the-top-level-completes-the-workflow
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: exit
      - two:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And two should not run

  # Tests that `end` completes the workflow from any depth
  Scenario: End Inside Nested Tasks Completes The Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: end-inside-nested-tasks-completes-the-workflow
      version: '1.0.0'
    do:
      - outer:
          do:
            - middle:
                do:
                  - inner:
                      set: { at: inner }
                      then: end
                  - never:
                      set: { at: never }
            - neither:
                set: { at: neither }
      - nor:
          set: { at: nor }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: inner
    """
    And never should not run
    And neither should not run
    And nor should not run

  # Tests that the workflow's output is transformed also when it is ended early
  Scenario: End Transforms The Workflow Output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: end-transforms-the-workflow-output
      version: '1.0.0'
    output:
      as: '{ wrapped: . }'
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
                output:
                  as: .n
                then: end
          output:
            as: '"not reached"'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    wrapped: 1
    """

  # Tests a loop made of a backward jump
  Scenario: Jump Backwards
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: jump-backwards
      version: '1.0.0'
    do:
      - increment:
          set: { n: '${ .n + 1 }' }
      - check:
          switch:
            - again:
                when: .n < 3
                then: increment
            - done:
                then: end
    """
    And given the workflow input is:
    """yaml
    n: 0
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """
    And the task increment should have run 3 times

  # Tests that a jump skips what lies between
  Scenario: Jump Forwards
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: jump-forwards
      version: '1.0.0'
    do:
      - one:
          set: { path: [ one ] }
          then: three
      - two:
          set: { path: '${ .path + ["two"] }' }
      - three:
          set: { path: '${ .path + ["three"] }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    path: [ one, three ]
    """
    And two should not run

  # Tests that a composite's own directive is followed after its tasks
  Scenario: Directive Of A Composite Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: directive-of-a-composite-task
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
          then: last
      - skipped:
          set: { n: 2 }
      - last:
          set: { n: '${ .n + 10 }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 11
    """
    And skipped should not run

  # Tests that a skipped task's output is its raw input
  Scenario: Skipped Task Passes Its Raw Input On
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-task-passes-its-raw-input-on
      version: '1.0.0'
    do:
      - skipped:
          if: .enabled
          input:
            from: .enabled
          set: { ran: true }
          output:
            as: '{ transformed: . }'
          export:
            as: '{ exported: true }'
      - after:
          set: { input: '${ . }', context: '${ $context.exported }' }
    """
    And given the workflow input is:
    """yaml
    enabled: false
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    input: { enabled: false }
    context: null
    """
    And skipped should not run

  # Tests that a task whose condition holds is run
  Scenario: Condition Holds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: condition-holds
      version: '1.0.0'
    do:
      - maybe:
          if: ${ .enabled }
          set: { ran: true }
    """
    And given the workflow input is:
    """yaml
    enabled: true
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ran: true
    """

  # Tests that the condition is evaluated on the raw input, before input.from
  Scenario: Condition Sees The Raw Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: condition-sees-the-raw-input
      version: '1.0.0'
    do:
      - maybe:
          if: .kind == "raw"
          input:
            from: '{ kind: "transformed" }'
          set: ${ . }
    """
    And given the workflow input is:
    """yaml
    kind: raw
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    kind: transformed
    """

  # Tests that the condition may use the context
  Scenario: Condition On The Context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: condition-on-the-context
      version: '1.0.0'
    do:
      - remember:
          set: { wanted: true }
          export:
            as: '{ wanted: .wanted }'
      - change:
          set: { n: 1 }
      - maybe:
          if: $context.wanted
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """

  # Tests that the directive of a skipped task is not followed
  Scenario: Directive Of A Skipped Task Is Not Followed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: directive-of-a-skipped-task-is-not-followed
      version: '1.0.0'
    do:
      - skipped:
          if: 'false'
          set: { n: 1 }
          then: end
      - next:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And skipped should not run

  # Tests that an error in the condition is an expression error of the task
  Scenario: Condition That Fails
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: condition-that-fails
      version: '1.0.0'
    do:
      - maybe:
          if: .a.b.c > error("no")
          set: { n: 1 }
    """
    And given the workflow input is:
    """yaml
    a: { b: { c: 1 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/maybe
    """

  # Tests that a skipped composite skips its tasks
  Scenario: Skipped Composite Task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-composite-task
      version: '1.0.0'
    do:
      - outer:
          if: .n > 5
          do:
            - inner:
                set: { n: 100 }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And inner should not run

  # Tests that a directive may not leave its scope
  Scenario: Directive To A Task Of Another Scope Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: directive-to-a-task-of-another-scope-is-refused
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
                then: last
      - last:
          set: { n: 2 }
    """
    Then the definition should be refused with a problem at '/do/0/outer/do/0/inner/then'

  # Tests that a directive must name a task
  Scenario: Directive To An Unknown Task Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: directive-to-an-unknown-task-is-refused
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: nowhere
    """
    Then the definition should be refused with a problem at '/do/0/one/then'
