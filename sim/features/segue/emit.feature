Feature: Emit Task Details
  As an implementer of the workflow DSL
  I want to ensure that emitted events are published exactly as declared
  So that my implementation conforms to the expected behavior

  # Tests that the event is published
  Scenario: Event Is Published
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-is-published
      version: '1.0.0'
    do:
      - announce:
          emit:
            event:
              with:
                source: https://example.com/shop
                type: com.example.order.placed
                subject: ${ "order-\(.id)" }
                data:
                  id: ${ .id }
                  items: [ 1, '${ .id }' ]
    """
    And given the workflow input is:
    """yaml
    id: 7
    """
    When the workflow is executed
    Then the workflow should complete
    And an event should have been published with:
    """yaml
    specversion: '1.0'
    source: https://example.com/shop
    type: com.example.order.placed
    subject: order-7
    data: { id: 7, items: [ 1, 7 ] }
    """

  # Tests that given attributes are kept
  Scenario: Given Attributes Are Kept
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: given-attributes-are-kept
      version: '1.0.0'
    do:
      - announce:
          emit:
            event:
              with:
                id: event-7
                time: '2024-01-02T03:04:05Z'
                source: https://example.com/shop
                type: com.example.order.placed
                datacontenttype: application/json
                tenant: acme
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    specversion: '1.0'
    id: event-7
    time: '2024-01-02T03:04:05Z'
    source: https://example.com/shop
    type: com.example.order.placed
    datacontenttype: application/json
    tenant: acme
    """

  # Tests that each event has an id of its own
  Scenario: Generated Ids Differ
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: generated-ids-differ
      version: '1.0.0'
    do:
      - loop:
          for:
            in: '[ 1, 2, 3 ]'
          do:
            - announce:
                emit:
                  event:
                    with:
                      source: https://example.com/shop
                      type: com.example.ping
                export:
                  as: '(($context // []) + [ .id ])'
          output:
            as: $context | unique | length
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """
    And 3 events of type 'com.example.ping' should have been published

  # Tests that an event is published once although the workflow goes on
  Scenario: Event Is Published Once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-is-published-once
      version: '1.0.0'
    do:
      - announce:
          emit:
            event:
              with:
                source: https://example.com/shop
                type: com.example.ping
      - pause:
          wait: PT1M
      - fail:
          raise:
            error:
              type: https://example.com/errors/any
              status: 500
    """
    When the workflow is executed
    Then the workflow should fault
    And 1 events of type 'com.example.ping' should have been published

  # Tests that a skipped task publishes nothing
  Scenario: Skipped Emit
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-emit
      version: '1.0.0'
    do:
      - announce:
          if: .loud
          emit:
            event:
              with:
                source: https://example.com/shop
                type: com.example.ping
    """
    And given the workflow input is:
    """yaml
    loud: false
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    loud: false
    """
    And 0 events of type 'com.example.ping' should have been published

  # Tests that an expression may give the data as a whole
  Scenario: Data As One Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: data-as-one-expression
      version: '1.0.0'
    do:
      - announce:
          emit:
            event:
              with:
                source: ${ "https://example.com/\(.shop)" }
                type: com.example.order.placed
                data: ${ .order }
          output:
            as: '{ source, data }'
    """
    And given the workflow input is:
    """yaml
    shop: a
    order: [ 1, 2 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    source: https://example.com/a
    data: [ 1, 2 ]
    """

  # Tests that a failing expression publishes nothing
  Scenario: Event That Cannot Be Built
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-that-cannot-be-built
      version: '1.0.0'
    do:
      - announce:
          emit:
            event:
              with:
                source: https://example.com/shop
                type: com.example.ping
                data: ${ .text - 1 }
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
    instance: /do/0/announce
    """
    And 0 events of type 'com.example.ping' should have been published
