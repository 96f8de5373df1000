Feature: Suspending, Resuming And Cancelling
  As an implementer of the workflow DSL
  I want to ensure that a person can stop a workflow, and let it go on
  So that my implementation conforms to the expected behavior

  # Tests that nothing starts while a workflow is suspended
  Scenario: Suspended While Waiting
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: suspended-while-waiting
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
      - after:
          set: { done: true }
    """
    When the workflow is started
    When the workflow is suspended
    Then the workflow should be suspended
    When PT1M passes
    Then the workflow should be suspended
    And after should not run
    When the workflow is resumed
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And the task after should start 60 seconds after the start

  # Tests that a wait that has not passed goes on after the resume
  Scenario: Resumed Before The Time Has Passed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: resumed-before-the-time-has-passed
      version: '1.0.0'
    do:
      - pause:
          wait: PT1M
      - after:
          set: { done: true }
    """
    When the workflow is started
    When the workflow is suspended
    And 10 seconds pass
    And the workflow is resumed
    Then the workflow should be waiting
    When 50 seconds pass
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And the task after should start 60 seconds after the start

  # Tests that an event that comes while suspended is not lost
  Scenario: Event While Suspended
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-while-suspended
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
    """
    When the workflow is started
    When the workflow is suspended
    When the following event is received:
    """yaml
    type: com.example.order
    data: 7
    """
    Then the workflow should be suspended
    When the workflow is resumed
    Then the workflow should complete with output:
    """yaml
    - 7
    """

  # Tests that an answer that comes while suspended is not lost
  Scenario: Answer While Suspended
    Given the service at "https://slow.example.com" answers:
    """yaml
    GET /:
      delay: PT10S
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: answer-while-suspended
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://slow.example.com/
      - after:
          set: { ok: '${ .ok }' }
    """
    When the workflow is started
    Then the workflow should be running
    When the workflow is suspended
    And 20 seconds pass
    Then the workflow should be suspended
    And after should not run
    When the workflow is resumed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://slow.example.com" should have received 1 requests

  # Tests that suspending twice, and resuming what is not suspended, changes nothing
  Scenario: Suspending And Resuming Twice
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: suspending-and-resuming-twice
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
    """
    When the workflow is started
    When the workflow is suspended
    Then suspending the workflow again should be refused
    When the workflow is resumed
    Then resuming the workflow again should be refused
    And the workflow should be waiting

  # Tests that cancelling ends everything
  Scenario: Cancelled While Waiting
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: cancelled-while-waiting
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
      - never:
          set: { n: 1 }
    """
    When the workflow is started
    When the workflow is cancelled
    Then the workflow should be cancelled
    When PT1M passes
    Then the workflow should be cancelled
    And never should not run

  # Tests that cancelling cannot be caught
  Scenario: Cancelling Is Not Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: cancelling-is-not-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - pause:
                wait: PT10S
          catch:
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is started
    When the workflow is cancelled
    Then the workflow should be cancelled
    And handle should not run

  # Tests that a suspended workflow may be cancelled
  Scenario: Cancelled While Suspended
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: cancelled-while-suspended
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
    """
    When the workflow is started
    When the workflow is suspended
    And the workflow is cancelled
    Then the workflow should be cancelled

  # Tests that an event after the cancellation is not consumed
  Scenario: Event After The Cancellation
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-after-the-cancellation
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
      - never:
          set: { n: 1 }
    """
    When the workflow is started
    When the workflow is cancelled
    When the following event is received:
    """yaml
    type: com.example.order
    """
    Then the workflow should be cancelled
    And never should not run

  # Tests that cancelling a workflow cancels the one that it awaits
  Scenario: Cancelling Reaches Awaited Workflows
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: cancelling-reaches-awaited-workflows
      version: '1.0.0'
    do:
      - callOther:
          run:
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
    When the workflow is started
    When the workflow is cancelled
    And PT2M passes
    Then the workflow should be cancelled
    And 0 events of type 'com.example.awake' should have been published

  # Tests that an ended workflow cannot be cancelled any more
  Scenario: Completed Workflow Cannot Be Cancelled
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: completed-workflow-cannot-be-cancelled
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And cancelling the workflow again should be refused
    And the workflow should complete
