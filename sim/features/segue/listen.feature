Feature: Listen Task
  As an implementer of the workflow DSL
  I want to ensure that workflows consume the events that they declare, and only those
  So that my implementation conforms to the expected behavior

  # Tests that the data of one event is read, as an array of one
  Scenario: Listen To One Event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-one-event
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order.placed
    """
    When the workflow is started
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order.placed
    source: https://example.com/shop
    data: { id: 7 }
    """
    Then the workflow should complete with output:
    """yaml
    - id: 7
    """

  # Tests that events which do not match are ignored
  Scenario: Other Events Are Ignored
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: other-events-are-ignored
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order.placed
                  source: https://example.com/shop
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order.shipped
    source: https://example.com/shop
    data: { id: 1 }
    """
    When the following event is received:
    """yaml
    type: com.example.order.placed
    source: https://example.com/other
    data: { id: 2 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order.placed
    source: https://example.com/shop
    data: { id: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    - id: 3
    """

  # Tests that an event which came before the task listened is not consumed
  Scenario: Events Before The Task Are Not Consumed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: events-before-the-task-are-not-consumed
      version: '1.0.0'
    do:
      - pause:
          wait: PT5S
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order.placed
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order.placed
    data: { id: 1 }
    """
    When 5 seconds pass
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order.placed
    data: { id: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    - id: 2
    """

  # Tests reading the envelope
  Scenario: Read The Envelope
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: read-the-envelope
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order.placed
            read: envelope
          output:
            as: '.[0] | { id, type, source, specversion, data, tenant }'
    """
    When the workflow is started
    When the following event is received:
    """yaml
    id: event-1
    type: com.example.order.placed
    source: https://example.com/shop
    tenant: acme
    data: { total: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    id: event-1
    type: com.example.order.placed
    source: https://example.com/shop
    specversion: '1.0'
    data: { total: 3 }
    tenant: acme
    """

  # Tests reading the data as it came
  Scenario: Read Raw Data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: read-raw-data
      version: '1.0.0'
    do:
      - awaitText:
          listen:
            to:
              one:
                with:
                  type: com.example.text
            read: raw
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.text
    datacontenttype: text/plain
    data: '{"not": "parsed"}'
    """
    Then the workflow should complete with output:
    """yaml
    - '{"not": "parsed"}'
    """

  # Tests that an event without data is read as null
  Scenario: Event Without Data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: event-without-data
      version: '1.0.0'
    do:
      - awaitPing:
          listen:
            to:
              one:
                with:
                  type: com.example.ping
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.ping
    """
    Then the workflow should complete with output:
    """yaml
    - null
    """

  # Tests that text matches as a regular expression, and only as a whole
  Scenario: Filter By Regular Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-regular-expression
      version: '1.0.0'
    do:
      - awaitAny:
          listen:
            to:
              one:
                with:
                  type: com\.example\.order\.(placed|shipped)
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order.cancelled
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.order.placed.again
    data: 2
    """
    When the following event is received:
    """yaml
    type: net.com.example.order.placed
    data: 3
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order.shipped
    data: 4
    """
    Then the workflow should complete with output:
    """yaml
    - 4
    """

  # Tests a filter by an expression on the data
  Scenario: Filter By An Expression On The Data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-an-expression-on-the-data
      version: '1.0.0'
    do:
      - awaitFever:
          listen:
            to:
              one:
                with:
                  type: com.example.temperature
                  data: ${ .temperature > 38 }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.temperature
    data: { temperature: 36.9 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.temperature
    data: { temperature: 39.1 }
    """
    Then the workflow should complete with output:
    """yaml
    - temperature: 39.1
    """

  # Tests that a filter's expression may use the context and the workflow's input
  Scenario: Filter By An Expression On The Context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-an-expression-on-the-context
      version: '1.0.0'
    do:
      - remember:
          set: { limit: '${ .limit }' }
          export:
            as: .
      - awaitMore:
          listen:
            to:
              one:
                with:
                  type: com.example.number
                  data: ${ .n > $context.limit and .n < $workflow.input.max }
    """
    And given the workflow input is:
    """yaml
    limit: 10
    max: 20
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.number
    data: { n: 5 }
    """
    When the following event is received:
    """yaml
    type: com.example.number
    data: { n: 25 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.number
    data: { n: 15 }
    """
    Then the workflow should complete with output:
    """yaml
    - n: 15
    """

  # Tests a filter by members of the data
  Scenario: Filter By Members Of The Data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-members-of-the-data
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
                  data:
                    customer: { country: BE }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order
    data: { customer: { country: FR, name: A } }
    """
    When the following event is received:
    """yaml
    type: com.example.order
    data: { country: BE }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order
    data: { customer: { country: BE, name: B }, total: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    - customer: { country: BE, name: B }
      total: 3
    """

  # Tests a filter by an attribute whose value is an expression
  Scenario: Filter By A Computed Attribute
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-a-computed-attribute
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
                  subject: ${ $workflow.input.orderId }
    """
    And given the workflow input is:
    """yaml
    orderId: order-7
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order
    subject: order-8
    data: 8
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order
    subject: order-7
    data: 7
    """
    Then the workflow should complete with output:
    """yaml
    - 7
    """

  # Tests that a filter on an extension attribute needs that attribute
  Scenario: Filter By An Extension Attribute
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-an-extension-attribute
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  tenant: acme
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.order
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.order
    tenant: other
    data: 2
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.order
    tenant: acme
    data: 3
    """
    Then the workflow should complete with output:
    """yaml
    - 3
    """

  # Tests that any of the events ends the task
  Scenario: Listen To Any
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-any
      version: '1.0.0'
    do:
      - awaitEither:
          listen:
            to:
              any:
                - with:
                    type: com.example.a
                - with:
                    type: com.example.b
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.c
    data: c
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.b
    data: b
    """
    Then the workflow should complete with output:
    """yaml
    - b
    """

  # Tests that no filter means any event at all
  Scenario: Listen To Any Event At All
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-any-event-at-all
      version: '1.0.0'
    do:
      - awaitAnything:
          listen:
            to:
              any: []
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.whatever
    data: 1
    """
    Then the workflow should complete with output:
    """yaml
    - 1
    """

  # Tests a condition that ends the task
  Scenario: Listen To Any Until A Condition Holds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-any-until-a-condition-holds
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.n
              until: ( . | length ) == 3
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.other
    data: 100
    """
    When the following event is received:
    """yaml
    type: com.example.n
    data: 2
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.n
    data: 3
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2, 3 ]
    """

  # Tests that the condition sees what the events hold
  Scenario: Until A Condition On The Data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: until-a-condition-on-the-data
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any: []
              until: ${ any(.[]; .last == true) }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 1 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 2, last: true }
    """
    Then the workflow should complete with output:
    """yaml
    - n: 1
    - n: 2
      last: true
    """

  # Tests that the event which ends the task is not in its output
  Scenario: Listen To Any Until Another Event Is Consumed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-any-until-another-event-is-consumed
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.measured
              until:
                one:
                  with:
                    type: com.example.stopped
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.measured
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.measured
    data: 2
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.stopped
    data: 100
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  # Tests that nothing may have been consumed when the end comes
  Scenario: Until Is Consumed At Once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: until-is-consumed-at-once
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.measured
              until:
                one:
                  with:
                    type: com.example.stopped
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.stopped
    """
    Then the workflow should complete with output:
    """yaml
    []
    """

  # Tests an end that needs several events
  Scenario: Until All Of Several Events Are Consumed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: until-all-of-several-events-are-consumed
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.measured
              until:
                all:
                  - with:
                      type: com.example.closed.left
                  - with:
                      type: com.example.closed.right
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.closed.right
    """
    When the following event is received:
    """yaml
    type: com.example.measured
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.closed.right
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.closed.left
    """
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  # Tests that all events must come, in whatever order
  Scenario: Listen To All In Any Order
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-to-all-in-any-order
      version: '1.0.0'
    do:
      - awaitBoth:
          listen:
            to:
              all:
                - with:
                    type: com.example.paid
                - with:
                    type: com.example.packed
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.packed
    data: packed
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.paid
    data: paid
    """
    Then the workflow should complete with output:
    """yaml
    [ packed, paid ]
    """

  # Tests that a filter which already has its event consumes no other
  Scenario: Each Filter Of All Consumes One Event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: each-filter-of-all-consumes-one-event
      version: '1.0.0'
    do:
      - awaitBoth:
          listen:
            to:
              all:
                - with:
                    type: com.example.paid
                - with:
                    type: com.example.packed
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.paid
    data: 1
    """
    When the following event is received:
    """yaml
    type: com.example.paid
    data: 2
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.packed
    data: 3
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 3 ]
    """

  # Tests that two filters which both match need two events
  Scenario: One Event Does Not Serve Two Filters
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: one-event-does-not-serve-two-filters
      version: '1.0.0'
    do:
      - awaitTwo:
          listen:
            to:
              all:
                - with:
                    type: com.example.vote
                - with:
                    type: com.example.vote
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.vote
    data: 1
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.vote
    data: 2
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  # Tests that the first value found is what the others must equal
  Scenario: Correlate By The First Value
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: correlate-by-the-first-value
      version: '1.0.0'
    do:
      - awaitReadings:
          listen:
            to:
              all:
                - with:
                    type: com.example.temperature
                  correlate:
                    roomId:
                      from: .roomid
                - with:
                    type: com.example.humidity
                  correlate:
                    roomId:
                      from: .roomid
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.temperature
    roomid: kitchen
    data: 21
    """
    When the following event is received:
    """yaml
    type: com.example.humidity
    roomid: bath
    data: 80
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.humidity
    roomid: kitchen
    data: 40
    """
    Then the workflow should complete with output:
    """yaml
    [ 21, 40 ]
    """

  # Tests correlation with what the workflow expects
  Scenario: Correlate With An Expected Value
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: correlate-with-an-expected-value
      version: '1.0.0'
    do:
      - awaitPayment:
          listen:
            to:
              one:
                with:
                  type: com.example.paid
                correlate:
                  orderId:
                    from: .data.orderId
                    expect: ${ .orderId }
    """
    And given the workflow input is:
    """yaml
    orderId: 7
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.paid
    data: { orderId: 8 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.paid
    data: { orderId: 7 }
    """
    Then the workflow should complete with output:
    """yaml
    - orderId: 7
    """

  # Tests correlation with a constant
  Scenario: Correlate With A Constant
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: correlate-with-a-constant
      version: '1.0.0'
    do:
      - awaitPayment:
          listen:
            to:
              one:
                with:
                  type: com.example.paid
                correlate:
                  currency:
                    from: .data.currency
                    expect: EUR
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.paid
    data: { currency: USD }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.paid
    data: { currency: EUR }
    """
    Then the workflow should complete with output:
    """yaml
    - currency: EUR
    """

  # Tests that each event is processed, and its result taken
  Scenario: Process Each Event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: process-each-event
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.n
              until: length == 2
          foreach:
            item: number
            at: position
            do:
              - double:
                  set: { doubled: '${ $number.n * 2 }', position: '${ $position }' }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 10 }
    """
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 20 }
    """
    Then the workflow should complete with output:
    """yaml
    - { doubled: 20, position: 0 }
    - { doubled: 40, position: 1 }
    """

  # Tests the default names and the item's output and export
  Scenario: Output And Export Of Each Event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-and-export-of-each-event
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any: []
              until: length == 2
          foreach:
            do:
              - double:
                  set: { doubled: '${ $item.n * 2 }', index: '${ $index }' }
            output:
              as: .doubled
            export:
              as: '{ sum: (($context.sum // 0) + .) }'
      - show:
          set: { outputs: '${ . }', context: '${ $context }' }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 1 }
    """
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    outputs: [ 2, 4 ]
    context: { sum: 6 }
    """

  # Tests that events wait in line while one is processed
  Scenario: Events Are Processed One After Another
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: events-are-processed-one-after-another
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any: []
              until: length == 2
          foreach:
            do:
              - work:
                  wait: PT10S
              - done:
                  set: { n: '${ $item.n }' }
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 1 }
    """
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 2 }
    """
    When 10 seconds pass
    Then the workflow should be waiting
    And the task work should have run 2 times
    When 10 seconds pass
    Then the workflow should complete with output:
    """yaml
    - n: 1
    - n: 2
    """

  # Tests that an error while processing an event is an error of the task
  Scenario: Error While Processing An Event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-while-processing-an-event
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any: []
              until: length == 2
          foreach:
            do:
              - fail:
                  raise:
                    error:
                      type: https://example.com/errors/bad-event
                      status: 422
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    """
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/bad-event
    status: 422
    instance: /do/0/collect/foreach/do/0/fail
    """

  # Tests two tasks that listen at the same time
  Scenario: Two Listening Branches
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: two-listening-branches
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - left:
                  listen:
                    to:
                      one:
                        with:
                          type: com.example.left
              - right:
                  listen:
                    to:
                      one:
                        with:
                          type: com.example.right
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.right
    data: r
    """
    When the following event is received:
    """yaml
    type: com.example.left
    data: l
    """
    Then the workflow should complete with output:
    """yaml
    [ [ l ], [ r ] ]
    """

  # Tests that one event reaches all tasks that wait for it
  Scenario: One Event For Two Branches
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: one-event-for-two-branches
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - left:
                  listen:
                    to:
                      one:
                        with:
                          type: com.example.go
              - right:
                  listen:
                    to:
                      one:
                        with:
                          type: com.example.go
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.go
    data: 1
    """
    Then the workflow should complete with output:
    """yaml
    [ [ 1 ], [ 1 ] ]
    """

  # Tests that listening ends when the task times out
  Scenario: Listening Times Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listening-times-out
      version: '1.0.0'
    do:
      - awaitOrder:
          listen:
            to:
              one:
                with:
                  type: com.example.order
          timeout:
            after: PT30S
    """
    When the workflow is started
    When 30 seconds pass
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/awaitOrder
    """

  # Tests that a listening task's input is transformed before its filters are evaluated
  Scenario: Listen In A Loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: listen-in-a-loop
      version: '1.0.0'
    do:
      - loop:
          for:
            each: id
            in: .ids
          do:
            - awaitOne:
                listen:
                  to:
                    one:
                      with:
                        type: com.example.done
                        data: ${ .id == $id }
                output:
                  as: '{ last: .[0].id }'
    """
    And given the workflow input is:
    """yaml
    ids: [ 1, 2 ]
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.done
    data: { id: 2 }
    """
    When the following event is received:
    """yaml
    type: com.example.done
    data: { id: 1 }
    """
    Then the workflow should be waiting
    When the following event is received:
    """yaml
    type: com.example.done
    data: { id: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    last: 2
    """

  # Tests that events may be transformed without any task
  Scenario: Transform Each Event Without Tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: transform-each-event-without-tasks
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any: []
              until: length == 2
          foreach:
            item: number
            output:
              as: '{ n: .n, doubled: ($number.n * 2) }'
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 1 }
    """
    When the following event is received:
    """yaml
    type: com.example.n
    data: { n: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    - { n: 1, doubled: 2 }
    - { n: 2, doubled: 4 }
    """

  # Tests that a correlation holds for all that is collected, too
  Scenario: Correlate What Is Collected
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: correlate-what-is-collected
      version: '1.0.0'
    do:
      - collect:
          listen:
            to:
              any:
                - with:
                    type: com.example.line
                  correlate:
                    orderId:
                      from: .data.order
              until:
                one:
                  with:
                    type: com.example.complete
          output:
            as: map(.line)
    """
    When the workflow is started
    When the following event is received:
    """yaml
    type: com.example.line
    data: { order: 1, line: a }
    """
    When the following event is received:
    """yaml
    type: com.example.line
    data: { order: 2, line: b }
    """
    When the following event is received:
    """yaml
    type: com.example.line
    data: { order: 1, line: c }
    """
    When the following event is received:
    """yaml
    type: com.example.complete
    """
    Then the workflow should complete with output:
    """yaml
    [ a, c ]
    """
