Feature: Schedules
  As an implementer of the workflow DSL
  I want to ensure that schedules are understood, and that event-driven workflows get their events
  So that my implementation conforms to the expected behavior

  # Tests every kind of schedule
  Scenario Outline: Valid Schedules
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: valid-schedules
      version: '1.0.0'
    schedule: <schedule>
    do:
      - work:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

    Examples:
      | schedule                                         |
      | { every: PT10M }                                 |
      | { every: { minutes: 10 } }                       |
      | { cron: '0 0 * * *' }                            |
      | { cron: '*/5 8-18 * * MON-FRI' }                 |
      | { after: PT1H }                                  |
      | { on: { one: { with: { type: com.example.a } } } } |

  # Tests that a schedule which is none is refused
  Scenario Outline: Invalid Schedules Are Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: invalid-schedules-are-refused
      version: '1.0.0'
    schedule: <schedule>
    do:
      - work:
          set: { n: 1 }
    """
    Then the definition should be refused with a problem at '<pointer>'

    Examples:
      | schedule                  | pointer         |
      | { cron: 'every monday' }  | /schedule/cron  |
      | { cron: '61 0 * * *' }    | /schedule/cron  |
      | { every: sometimes }      | /schedule/every |
      | { after: P }              | /schedule/after |

  # Tests that the events which start a workflow are its input
  Scenario: Events Are The Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: events-are-the-input
      version: '1.0.0'
    schedule:
      on:
        one:
          with:
            type: com.example.order
    do:
      - show:
          set:
            count: ${ length }
            total: ${ .[0].data.total }
            raw: ${ $workflow.input[0].type }
    """
    When the following event starts the workflow:
    """yaml
    type: com.example.order
    data: { total: 12 }
    """
    Then the workflow should complete with output:
    """yaml
    count: 1
    total: 12
    raw: com.example.order
    """

  # Tests that other events start nothing
  Scenario: Other Events Do Not Start A Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: other-events-do-not-start-a-workflow
      version: '1.0.0'
    schedule:
      on:
        any:
          - with:
              type: com.example.order
              data: ${ .total > 100 }
          - with:
              type: com.example.refund
    do:
      - show:
          set: { n: 1 }
    """
    Then the following event should not start the workflow:
    """yaml
    type: com.example.order
    data: { total: 12 }
    """
    And the following event should not start the workflow:
    """yaml
    type: com.example.other
    """
    When the following event starts the workflow:
    """yaml
    type: com.example.refund
    """
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
