Feature: Run Task With Workflows
  As an implementer of the workflow DSL
  I want to ensure that workflows may run other workflows
  So that my implementation conforms to the expected behavior

  # Tests that the output of the other workflow is the task's
  Scenario: Run Another Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: run-another-workflow
      version: '1.0.0'
    do:
      - callOther:
          run:
            workflow:
              namespace: default
              name: doubler
              version: '1.0.0'
              input:
                n: ${ .n }
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: doubler
      version: '1.0.0'
    do:
      - double:
          set: { doubled: '${ .n * 2 }' }
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

  # Tests that the parent goes on only when the other workflow has ended
  Scenario: Wait For Another Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: wait-for-another-workflow
      version: '1.0.0'
    do:
      - callOther:
          run:
            workflow:
              namespace: default
              name: sleeper
              version: '1.0.0'
      - after:
          set: { slept: '${ .slept }' }
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: sleeper
      version: '1.0.0'
    do:
      - sleep:
          wait: PT1M
      - done:
          set: { slept: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    slept: true
    """
    And the task after should start 60 seconds after the start

  # Tests that a workflow that is not awaited does not hold up the task, whose output is its input
  Scenario: Do Not Wait For Another Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: do-not-wait-for-another-workflow
      version: '1.0.0'
    do:
      - callOther:
          input:
            from: .inner
          run:
            await: false
            workflow:
              namespace: default
              name: sleeper
              version: '1.0.0'
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: sleeper
      version: '1.0.0'
    do:
      - sleep:
          wait: PT1M
      - announce:
          emit:
            event:
              with:
                source: https://example.com/sleeper
                type: com.example.awake
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
    And the workflow should have ended 0 seconds after the start
    When PT1M passes
    Then 1 events of type 'com.example.awake' should have been published

  # Tests that an error of the other workflow is an error of the task
  Scenario: Another Workflow Faults
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: another-workflow-faults
      version: '1.0.0'
    do:
      - callOther:
          run:
            workflow:
              namespace: default
              name: broken
              version: '1.0.0'
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: broken
      version: '1.0.0'
    do:
      - fail:
          raise:
            error:
              type: https://example.com/errors/inside
              status: 418
              title: Inside
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/inside
    status: 418
    title: Inside
    instance: /do/0/callOther
    """

  # Tests that an error of the other workflow may be caught
  Scenario: Another Workflow's Error Is Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: another-workflow-s-error-is-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - callOther:
                run:
                  workflow:
                    namespace: default
                    name: broken
                    version: '1.0.0'
          catch:
            errors:
              with:
                status: 418
            do:
              - handle:
                  set: { handled: true }
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: broken
      version: '1.0.0'
    do:
      - fail:
          raise:
            error:
              type: https://example.com/errors/inside
              status: 418
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: true
    """

  # Tests that the other workflow validates and transforms what it gets, and what it gives
  Scenario: Input And Output Of Another Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: input-and-output-of-another-workflow
      version: '1.0.0'
    do:
      - callOther:
          run:
            workflow:
              namespace: default
              name: inner
              version: '1.0.0'
              input:
                wrapped: { n: '${ .n }' }
          output:
            as: .result
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: inner
      version: '1.0.0'
    input:
      from: .wrapped
    output:
      as: '{ result: .n }'
    do:
      - add:
          set: { n: '${ .n + 1 }' }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    2
    """

  # Tests that the other workflow's context is its own
  Scenario: Context Is Not Shared
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: context-is-not-shared
      version: '1.0.0'
    do:
      - remember:
          set: { a: 1 }
          export:
            as: .
      - callOther:
          run:
            workflow:
              namespace: default
              name: inner
              version: '1.0.0'
      - show:
          set: { inner: '${ . }', mine: '${ $context }' }
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: inner
      version: '1.0.0'
    do:
      - look:
          set: { seen: '${ $context.a }' }
          export:
            as: '{ b: 2 }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    inner: { seen: null }
    mine: { a: 1 }
    """

  # Tests that a task's timeout ends the wait for the other workflow
  Scenario: Another Workflow Takes Too Long
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: another-workflow-takes-too-long
      version: '1.0.0'
    do:
      - callOther:
          run:
            workflow:
              namespace: default
              name: sleeper
              version: '1.0.0'
          timeout:
            after: PT10S
    """
    Given a second workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: sleeper
      version: '1.0.0'
    do:
      - sleep:
          wait: PT1M
      - announce:
          emit:
            event:
              with:
                source: https://example.com/sleeper
                type: com.example.awake
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    instance: /do/0/callOther
    """
    When PT1M passes
    Then 0 events of type 'com.example.awake' should have been published
