Feature: For Task Details
  As an implementer of the workflow DSL
  I want to ensure that for tasks iterate as declared
  So that my implementation conforms to the expected behavior

  # Tests the default names of the item and the index
  Scenario: Default Variable Names
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: default-variable-names
      version: '1.0.0'
    do:
      - loop:
          for:
            in: .letters
          do:
            - collect:
                set: { letters: '${ (.letters | map(select(length > 1))) + [ "\($index)\($item)" ] }' }
    """
    And given the workflow input is:
    """yaml
    letters: [ a, b ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    letters: [ 0a, 1b ]
    """

  # Tests a custom index name
  Scenario: Custom Index Name
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: custom-index-name
      version: '1.0.0'
    do:
      - loop:
          for:
            each: letter
            at: position
            in: .letters
          do:
            - collect:
                set: { seen: '${ .seen + [ { ($letter): $position } ] }' }
    """
    And given the workflow input is:
    """yaml
    letters: [ a, b ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ { a: 0 }, { b: 1 } ]
    """

  # Tests that the output of an iteration is the input of the next
  Scenario: Iterations Pass Their Output On
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: iterations-pass-their-output-on
      version: '1.0.0'
    do:
      - sum:
          for:
            each: n
            in: .numbers
          do:
            - add:
                set: { total: '${ (.total // 0) + $n }' }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3, 4 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    total: 10
    """
    And the task add should have run 4 times

  # Tests that an empty collection leaves the input unchanged
  Scenario: Empty Collection
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: empty-collection
      version: '1.0.0'
    do:
      - loop:
          for:
            in: .items
          do:
            - never:
                set: { ran: true }
    """
    And given the workflow input is:
    """yaml
    items: []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    items: []
    """
    And never should not run

  # Tests that null is an empty collection
  Scenario: Missing Collection
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: missing-collection
      version: '1.0.0'
    do:
      - loop:
          for:
            in: .items
          do:
            - never:
                set: { ran: true }
    """
    And given the workflow input is:
    """yaml
    other: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    other: 1
    """
    And never should not run

  # Tests that something else than an array is an error of the task
  Scenario Outline: Collection That Is No Array
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: collection-that-is-no-array
      version: '1.0.0'
    do:
      - loop:
          for:
            in: .items
          do:
            - never:
                set: { ran: true }
    """
    And given the workflow input is:
    """yaml
    items: <items>
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/loop
    """
    And never should not run

    Examples:
      | items    |
      | 3        |
      | text     |
      | { a: 1 } |

  # Tests that `while` is evaluated before each iteration
  Scenario: While Ends The Loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: while-ends-the-loop
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: .numbers
          while: (.total // 0) < 3
          do:
            - add:
                set: { total: '${ (.total // 0) + $n }' }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3, 4 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    total: 3
    """
    And the task add should have run 2 times

  # Tests that `while` may use the variables of the loop
  Scenario: While Sees The Loop Variables
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: while-sees-the-loop-variables
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            at: i
            in: .numbers
          while: $n < 30 and $i < 5
          do:
            - collect:
                set: { seen: '${ (.seen // []) + [ $n ] }' }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 10, 20, 30, 40 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 10, 20 ]
    """

  # Tests `while` that does not hold at first
  Scenario: While That Never Holds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: while-that-never-holds
      version: '1.0.0'
    do:
      - loop:
          for:
            in: .items
          while: 'false'
          do:
            - never:
                set: { ran: true }
    """
    And given the workflow input is:
    """yaml
    items: [ 1 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    items: [ 1 ]
    """
    And never should not run

  # Tests loops in loops with the variables of both
  Scenario: Nested Loops
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: nested-loops
      version: '1.0.0'
    do:
      - rows:
          for:
            each: row
            in: .rows
          do:
            - cells:
                for:
                  each: cell
                  in: $row
                do:
                  - collect:
                      set: { cells: '${ (.cells // []) + [ "\($row | length):\($cell)" ] }' }
    """
    And given the workflow input is:
    """yaml
    rows: [ [ a, b ], [ c ] ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    cells: [ '2:a', '2:b', '1:c' ]
    """

  # Tests that an inner loop's variable hides the outer one of the same name, and only inside
  Scenario: Inner Variable Hides The Outer One
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: inner-variable-hides-the-outer-one
      version: '1.0.0'
    do:
      - outer:
          for:
            in: '[ 1 ]'
          do:
            - inner:
                for:
                  in: '[ "x" ]'
                do:
                  - look:
                      set: { inner: '${ $item }' }
            - after:
                set: { inner: '${ .inner }', outer: '${ $item }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    inner: x
    outer: 1
    """

  # Tests that `exit` in the body ends the iteration, not the loop
  Scenario: Exit Ends The Iteration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: exit-ends-the-iteration
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: '[ 1, 2 ]'
          do:
            - add:
                set: { seen: '${ (.seen // []) + [ $n ] }' }
                then: exit
            - never:
                set: { seen: never }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 2 ]
    """
    And never should not run
    And the task add should have run 2 times

  # Tests that `end` in the body completes the workflow
  Scenario: End In A Loop Completes The Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: end-in-a-loop-completes-the-workflow
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: '[ 1, 2 ]'
          do:
            - first:
                set: { n: '${ $n }' }
                then: end
      - never:
          set: { n: 100 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And never should not run

  # Tests that the context lives on from one iteration to the next
  Scenario: Export In A Loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-in-a-loop
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: '[ 1, 2, 3 ]'
          do:
            - collect:
                set: { n: '${ $n }' }
                export:
                  as: '{ seen: (($context.seen // []) + [ .n ]) }'
      - show:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 2, 3 ]
    """

  # Tests where an error of an iteration comes from
  Scenario: Error In An Iteration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-an-iteration
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: '[ 1, 2, 3 ]'
          do:
            - check:
                if: $n == 2
                raise:
                  error:
                    type: https://example.com/errors/two
                    status: 422
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/two
    status: 422
    instance: /do/0/loop/do/0/check
    """
    And the task check should have run 1 times

  # Tests that the output transformation of the loop is applied once, at its end
  Scenario: Output Of A Loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-of-a-loop
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: .numbers
          do:
            - add:
                set: { total: '${ (.total // 0) + $n }' }
          output:
            as: .total
    """
    And given the workflow input is:
    """yaml
    numbers: [ 5, 6 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    11
    """

  # Tests that the collection is taken once, from the transformed input
  Scenario: Collection Is Taken Once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: collection-is-taken-once
      version: '1.0.0'
    do:
      - loop:
          input:
            from: .inner
          for:
            each: n
            in: .numbers
          do:
            - replace:
                set: { numbers: [], count: '${ (.count // 0) + 1 }' }
    """
    And given the workflow input is:
    """yaml
    inner: { numbers: [ 1, 2, 3 ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    numbers: []
    count: 3
    """
