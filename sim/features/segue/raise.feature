Feature: Raise Task Details
  As an implementer of the workflow DSL
  I want to ensure that raised errors are exactly those declared
  So that my implementation conforms to the expected behavior

  # Tests all members of an error
  Scenario: Raise With All Members
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raise-with-all-members
      version: '1.0.0'
    do:
      - fail:
          raise:
            error:
              type: https://example.com/errors/full
              status: 422
              title: All Of It
              detail: Every member is given.
              instance: /somewhere/else
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/full
    status: 422
    title: All Of It
    detail: Every member is given.
    instance: /somewhere/else
    """

  # Tests expressions in the members
  Scenario: Raise With Expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raise-with-expressions
      version: '1.0.0'
    do:
      - fail:
          raise:
            error:
              type: ${ "https://example.com/errors/\(.kind)" }
              status: 400
              title: ${ .title }
              detail: Order ${ .order.id } is ${ .state }.
    """
    And given the workflow input is:
    """yaml
    kind: computed
    title: Computed
    order: { id: 7 }
    state: lost
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/computed
    status: 400
    title: Computed
    detail: Order 7 is lost.
    instance: /do/0/fail
    """

  # Tests a reusable error
  Scenario: Raise A Reusable Error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raise-a-reusable-error
      version: '1.0.0'
    use:
      errors:
        outOfStock:
          type: https://example.com/errors/out-of-stock
          status: 409
          title: Out Of Stock
          detail: ${ "no \(.item) left" }
    do:
      - fail:
          raise:
            error: outOfStock
    """
    And given the workflow input is:
    """yaml
    item: teapot
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/out-of-stock
    status: 409
    title: Out Of Stock
    detail: no teapot left
    instance: /do/0/fail
    """

  # Tests that an unknown error is refused
  Scenario: Unknown Error Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-error-is-refused
      version: '1.0.0'
    do:
      - fail:
          raise:
            error: nowhere
    """
    Then the definition should be refused with a problem at '/do/0/fail/raise/error'

  # Tests that tasks after the error do not run
  Scenario: Nothing Runs After An Error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: nothing-runs-after-an-error
      version: '1.0.0'
    do:
      - before:
          set: { n: 1 }
      - fail:
          raise:
            error:
              type: https://example.com/errors/any
              status: 500
      - never:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should fault
    And never should not run
    And fail should run last

  # Tests that the input of the task is transformed before its error is built
  Scenario: Raise With A Transformed Input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raise-with-a-transformed-input
      version: '1.0.0'
    do:
      - fail:
          input:
            from: .inner
          raise:
            error:
              type: https://example.com/errors/any
              status: 500
              detail: ${ .reason }
    """
    And given the workflow input is:
    """yaml
    inner: { reason: inside }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    detail: inside
    """

  # Tests the place of an error in a composite, by its names and positions
  Scenario: Place Of A Nested Error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: place-of-a-nested-error
      version: '1.0.0'
    do:
      - first:
          set: { n: 1 }
      - outer:
          do:
            - inner:
                set: { n: 2 }
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/1/outer/do/1/fail
    """
