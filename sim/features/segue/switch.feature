Feature: Switch Task Details
  As an implementer of the workflow DSL
  I want to ensure that switch tasks follow the right case
  So that my implementation conforms to the expected behavior

  # Tests that the first case that matches wins
  Scenario: First Matching Case Wins
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: first-matching-case-wins
      version: '1.0.0'
    do:
      - choose:
          switch:
            - small:
                when: .n < 10
                then: setSmall
            - tiny:
                when: .n < 5
                then: setTiny
      - setTiny:
          set: { size: tiny }
          then: end
      - setSmall:
          set: { size: small }
          then: end
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    size: small
    """

  # Tests that a default case is taken only when nothing else matches, wherever it stands
  Scenario: Default Case Declared First
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: default-case-declared-first
      version: '1.0.0'
    do:
      - choose:
          switch:
            - otherwise:
                then: setOther
            - red:
                when: .color == "red"
                then: setRed
      - setOther:
          set: { chosen: other }
          then: end
      - setRed:
          set: { chosen: red }
          then: end
    """
    And given the workflow input is:
    """yaml
    color: red
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    chosen: red
    """

  # Tests that a switch passes its transformed input on
  Scenario: Switch Passes Its Transformed Input On
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: switch-passes-its-transformed-input-on
      version: '1.0.0'
    do:
      - choose:
          input:
            from: .order
          switch:
            - any:
                when: .id == 3
                then: show
      - show:
          set: { seen: '${ . }' }
    """
    And given the workflow input is:
    """yaml
    order: { id: 3 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: { id: 3 }
    """

  # Tests the output transformation and export of a switch
  Scenario: Switch With Output And Export
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: switch-with-output-and-export
      version: '1.0.0'
    do:
      - choose:
          switch:
            - always:
                then: show
          output:
            as: '{ n: (.n + 1) }'
          export:
            as: '{ seen: .n }'
      - skipped:
          set: { n: 100 }
      - show:
          set: { n: '${ .n }', seen: '${ $context.seen }' }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    seen: 2
    """

  # Tests that without a match the flow continues with the next task
  Scenario: No Match Continues
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: no-match-continues
      version: '1.0.0'
    do:
      - choose:
          switch:
            - red:
                when: .color == "red"
                then: end
      - next:
          set: { reached: true }
    """
    And given the workflow input is:
    """yaml
    color: blue
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    reached: true
    """

  # Tests a case with the directive `exit`
  Scenario: Case Exits The Scope
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: case-exits-the-scope
      version: '1.0.0'
    do:
      - outer:
          do:
            - choose:
                switch:
                  - always:
                      when: .n == 1
                      then: exit
            - never:
                set: { n: 100 }
      - after:
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
    And never should not run

  # Tests a case with the directive `continue`
  Scenario: Case Continues
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: case-continues
      version: '1.0.0'
    do:
      - choose:
          switch:
            - one:
                when: .n == 1
                then: continue
            - other:
                then: end
      - next:
          set: { n: 2 }
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

  # Tests that null and false do not match, and everything else does
  Scenario Outline: What Counts As True
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: what-counts-as-true
      version: '1.0.0'
    do:
      - choose:
          switch:
            - matched:
                when: .value
                then: setMatched
            - otherwise:
                then: setOther
      - setMatched:
          set: { matched: true }
          then: end
      - setOther:
          set: { matched: false }
          then: end
    """
    And given the workflow input is:
    """yaml
    value: <value>
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    matched: <matched>
    """

    Examples:
      | value | matched |
      | true  | true    |
      | false | false   |
      | null  | false   |

  # Tests that a failing condition is an error of the switch
  Scenario: Condition Of A Case Fails
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: condition-of-a-case-fails
      version: '1.0.0'
    do:
      - choose:
          switch:
            - broken:
                when: .n | ascii_downcase
                then: end
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/choose
    """
