Feature: Set Task Details
  As an implementer of the workflow DSL
  I want to ensure that set tasks build exactly the data that they describe
  So that my implementation conforms to the expected behavior

  # Tests that set replaces the data, it does not merge with the task's input
  Scenario: Set Replaces The Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-replaces-the-input
      version: '1.0.0'
    do:
      - first:
          set: { a: 1 }
      - second:
          set: { b: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 2
    """

  # Tests a direct runtime expression
  Scenario: Set With An Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-with-an-expression
      version: '1.0.0'
    do:
      - takeColor:
          set: ${ .configuration.color }
    """
    And given the workflow input is:
    """yaml
    configuration: { color: red }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    red
    """

  # Tests expressions at any depth, in arrays and objects
  Scenario: Set With Nested Expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-with-nested-expressions
      version: '1.0.0'
    do:
      - build:
          set:
            outer:
              list:
                - ${ .a }
                - { inner: "${ .b }" }
                - plain
    """
    And given the workflow input is:
    """yaml
    a: 1
    b: [ true ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    outer:
      list: [ 1, { inner: [ true ] }, plain ]
    """

  # Tests that an expression keeps the type of its result
  Scenario: Set Keeps Types
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-keeps-types
      version: '1.0.0'
    do:
      - build:
          set:
            integer: ${ 3 }
            fraction: ${ 0.5 }
            yes: ${ true }
            nothing: ${ null }
            text: ${ "3" }
            literal: 014
            no: no
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    integer: 3
    fraction: 0.5
    yes: true
    nothing: null
    text: '3'
    literal: 14
    no: 'no'
    """

  # Tests that keys of the set data are not evaluated
  Scenario: Set Does Not Evaluate Keys
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-does-not-evaluate-keys
      version: '1.0.0'
    do:
      - build:
          set:
            '${ .a }': kept
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    '${ .a }': kept
    """

  # Tests that all members see the input of the task, not each other
  Scenario: Set Members Do Not See Each Other
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-members-do-not-see-each-other
      version: '1.0.0'
    do:
      - swap:
          set:
            a: ${ .b }
            b: ${ .a }
    """
    And given the workflow input is:
    """yaml
    a: 1
    b: 2
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a: 2
    b: 1
    """

  # Tests that an expression without any result produces null
  Scenario: Set With An Expression Without Result
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: set-with-an-expression-without-result
      version: '1.0.0'
    do:
      - nothing:
          set:
            found: ${ .items[] | select(. == "b") }
    """
    And given the workflow input is:
    """yaml
    items: [ a ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: null
    """
