Feature: Lifecycle Events
  As an implementer of the workflow DSL
  I want to ensure that the state of workflows and tasks is published
  So that my implementation conforms to the expected behavior

  # Tests the start of a workflow
  Scenario: Workflow Started
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-started
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.started.v1
    data:
      definition: { namespace: default, name: workflow-started, version: '1.0.0' }
    """

  # Tests the end of a workflow
  Scenario: Workflow Completed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-completed
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.completed.v1
    data:
      output: { n: 1 }
    """

  # Tests the fault of a workflow and its task
  Scenario: Workflow And Task Faulted
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-and-task-faulted
      version: '1.0.0'
    do:
      - fail:
          raise:
            error:
              type: https://example.com/errors/any
              status: 418
    """
    When the workflow is executed
    Then the workflow should fault
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.faulted.v1
    data:
      task: /do/0/fail
      error: { type: https://example.com/errors/any, status: 418 }
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.faulted.v1
    data:
      error: { type: https://example.com/errors/any, status: 418 }
    """

  # Tests the start and the end of a task
  Scenario: Task Started And Completed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-started-and-completed
      version: '1.0.0'
    do:
      - work:
          set: { n: 1 }
          output:
            as: '{ m: .n }'
    """
    When the workflow is executed
    Then the workflow should complete
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.created.v1
    data: { task: /do/0/work }
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.started.v1
    data: { task: /do/0/work }
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.completed.v1
    data: { task: /do/0/work, output: { m: 1 } }
    """

  # Tests suspending and resuming
  Scenario: Workflow Suspended And Resumed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-suspended-and-resumed
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
    """
    When the workflow is started
    When the workflow is suspended
    And the workflow is resumed
    Then a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.suspended.v1
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.suspended.v1
    data: { task: /do/0/pause }
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.resumed.v1
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.resumed.v1
    data: { task: /do/0/pause }
    """

  # Tests cancelling
  Scenario: Workflow And Task Cancelled
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: workflow-and-task-cancelled
      version: '1.0.0'
    do:
      - pause:
          wait: PT10S
    """
    When the workflow is started
    When the workflow is cancelled
    Then a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.cancelled.v1
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.cancelled.v1
    data: { task: /do/0/pause }
    """

  # Tests the retry of a task
  Scenario: Task Retried
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: task-retried
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch:
            retry:
              delay: PT1S
              limit:
                attempt:
                  count: 2
    """
    When the workflow is executed
    Then the workflow should fault
    And 2 lifecycle events of type 'io.serverlessworkflow.task.retried.v1' should have been published

  # Tests the correlation of events
  Scenario: Correlation Started And Completed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: correlation-started-and-completed
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
                correlate:
                  orderId:
                    from: .data.id
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order
    data: { id: 7 }
    """
    Then the workflow should complete
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.correlation-started.v1
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.workflow.correlation-completed.v1
    data:
      correlationKeys: { orderId: 7 }
    """

  # Tests that a skipped task publishes neither start nor end
  Scenario: Skipped Task Is Not Started
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-task-is-not-started
      version: '1.0.0'
    do:
      - skipped:
          if: 'false'
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete
    And 0 lifecycle events of type 'io.serverlessworkflow.task.started.v1' should have been published
    And 0 lifecycle events of type 'io.serverlessworkflow.task.completed.v1' should have been published

  # Tests that the losers of a race are told to be cancelled, each of them
  Scenario: Losers Of A Race Are Cancelled
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: losers-of-a-race-are-cancelled
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - slow:
                  wait: PT1H
              - slower:
                  wait: PT2H
              - quick:
                  wait: PT1S
    """
    When the workflow is executed
    Then the workflow should complete
    And 2 lifecycle events of type 'io.serverlessworkflow.task.cancelled.v1' should have been published
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.cancelled.v1
    data: { task: /do/0/race/fork/branches/0/slow }
    """
    And a lifecycle event should have been published with:
    """yaml
    type: io.serverlessworkflow.task.cancelled.v1
    data: { task: /do/0/race/fork/branches/1/slower }
    """

  # Tests that every task that ends is told once
  Scenario: Each Task Is Told Once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: each-task-is-told-once
      version: '1.0.0'
    do:
      - loop:
          for:
            in: '[ 1, 2 ]'
          do:
            - work:
                set: { n: '${ $item }' }
    """
    When the workflow is executed
    Then the workflow should complete
    And 3 lifecycle events of type 'io.serverlessworkflow.task.started.v1' should have been published
    And 3 lifecycle events of type 'io.serverlessworkflow.task.completed.v1' should have been published
    And 1 lifecycle events of type 'io.serverlessworkflow.workflow.completed.v1' should have been published
    And 0 lifecycle events of type 'io.serverlessworkflow.task.cancelled.v1' should have been published
