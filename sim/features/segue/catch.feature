Feature: Catching Errors
  As an implementer of the workflow DSL
  I want to ensure that errors are caught exactly where the definition says
  So that my implementation conforms to the expected behavior

  # Tests that a body without errors gives its own output
  Scenario: Nothing To Catch
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: nothing-to-catch
      version: '1.0.0'
    do:
      - guard:
          try:
            - good:
                set: { n: 1 }
          catch:
            do:
              - handle:
                  set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And handle should not run

  # Tests each attribute of the filter, alone: it must equal the error's
  Scenario Outline: Filter By One Attribute
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-by-one-attribute
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/broken
                    status: 418
                    title: Broken Teapot
          catch:
            errors:
              with:
                <attribute>
            do:
              - handle:
                  set: { handled: true }
      - mark:
          set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should <outcome>

    Examples:
      | attribute                                  | outcome  |
      | type: https://example.com/errors/broken    | complete |
      | type: https://example.com/errors/other     | fault    |
      | status: 418                                | complete |
      | status: 419                                | fault    |
      | title: Broken Teapot                       | complete |
      | title: Broken                              | fault    |
      | instance: /do/0/guard/try/0/fail           | complete |
      | instance: /do/0/guard                      | fault    |

  # Tests that all attributes of the filter must match
  Scenario: All Attributes Must Match
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: all-attributes-must-match
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/broken
                    status: 500
          catch:
            errors:
              with:
                type: https://example.com/errors/broken
                status: 503
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/broken
    status: 500
    instance: /do/0/guard/try/0/fail
    """
    And handle should not run

  # Tests that without a filter all errors are caught
  Scenario: No Filter Catches All
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: no-filter-catches-all
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 499
          catch:
            do:
              - handle:
                  set: ${ $error }
          output:
            as: '{ type, status, instance }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: https://example.com/errors/any
    status: 499
    instance: /do/0/guard/try/0/fail
    """

  # Tests a condition on the error
  Scenario: Catch When
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: catch-when
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 503
          catch:
            when: $error.status >= 500
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: true
    """

  # Tests that a condition that does not hold lets the error through
  Scenario: Catch When Does Not Hold
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: catch-when-does-not-hold
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 400
          catch:
            when: $error.status >= 500
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/any
    status: 400
    """
    And handle should not run

  # Tests the exception from what is caught
  Scenario: Catch Except When
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: catch-except-when
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/fatal
                    status: 500
          catch:
            exceptWhen: ${ $error.type | endswith("fatal") }
            do:
              - handle:
                  set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/fatal
    status: 500
    """
    And handle should not run

  # Tests that the condition uses the name given to the error
  Scenario: Named Error In The Condition
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: named-error-in-the-condition
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 503
                    detail: over capacity
          catch:
            as: problem
            when: $problem.detail == "over capacity"
            do:
              - handle:
                  set: { reason: '${ $problem.detail }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    reason: over capacity
    """

  # Tests that without tasks the try's input is passed on
  Scenario: Caught Without Tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: caught-without-tasks
      version: '1.0.0'
    do:
      - guard:
          input:
            from: .inner
          try:
            - change:
                set: { changed: true }
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch: {}
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

  # Tests that the handler's first task gets the try's transformed input
  Scenario: Input Of The Handler
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: input-of-the-handler
      version: '1.0.0'
    do:
      - guard:
          input:
            from: .inner
          try:
            - change:
                set: { changed: true }
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch:
            do:
              - handle:
                  set: { got: '${ . }' }
    """
    And given the workflow input is:
    """yaml
    inner: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: { n: 1 }
    """

  # Tests that the rest of the body is left out after an error
  Scenario: Rest Of The Body Is Left Out
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: rest-of-the-body-is-left-out
      version: '1.0.0'
    do:
      - guard:
          try:
            - first:
                set: { n: 1 }
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
            - never:
                set: { n: 100 }
          catch:
            do:
              - handle:
                  set: { n: 2 }
      - after:
          set: { n: '${ .n + 1 }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """
    And never should not run
    And handle should run after first
    And after should run last

  # Tests that what was exported before the error stays
  Scenario: Context Before The Error Stays
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: context-before-the-error-stays
      version: '1.0.0'
    do:
      - guard:
          try:
            - remember:
                set: { n: 1 }
                export:
                  as: '{ remembered: .n }'
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch:
            do:
              - handle:
                  set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    remembered: 1
    """

  # Tests that the innermost try that fits catches
  Scenario: Inner Try Catches
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: inner-try-catches
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - fail:
                      raise:
                        error:
                          type: https://example.com/errors/any
                          status: 500
                catch:
                  do:
                    - handleInner:
                        set: { by: inner }
          catch:
            do:
              - handleOuter:
                  set: { by: outer }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    by: inner
    """
    And handleOuter should not run

  # Tests that an error which the inner try does not take is caught by the outer
  Scenario: Outer Try Catches
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: outer-try-catches
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - fail:
                      raise:
                        error:
                          type: https://example.com/errors/any
                          status: 500
                catch:
                  errors:
                    with:
                      status: 400
                  do:
                    - handleInner:
                        set: { by: inner }
          catch:
            do:
              - handleOuter:
                  set: { by: outer, instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    by: outer
    instance: /do/0/outer/try/0/inner/try/0/fail
    """
    And handleInner should not run

  # Tests that an error in a handler is not caught by its own try
  Scenario: Error In The Handler
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-the-handler
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - fail:
                      raise:
                        error:
                          type: https://example.com/errors/first
                          status: 500
                catch:
                  do:
                    - rethrow:
                        raise:
                          error:
                            type: https://example.com/errors/second
                            status: 501
                            detail: ${ "after \($error.type)" }
          catch:
            do:
              - handle:
                  set: ${ $error }
          output:
            as: '{ type, status, detail, instance }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: https://example.com/errors/second
    status: 501
    detail: after https://example.com/errors/first
    instance: /do/0/outer/try/0/inner/catch/do/0/rethrow
    """

  # Tests that inner errors do not disturb the outer error variable
  Scenario: Error Variables Of Nested Handlers
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-variables-of-nested-handlers
      version: '1.0.0'
    do:
      - outer:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/outer
                    status: 500
          catch:
            as: first
            do:
              - inner:
                  try:
                    - failAgain:
                        raise:
                          error:
                            type: https://example.com/errors/inner
                            status: 400
                  catch:
                    as: second
                    do:
                      - both:
                          set: { first: '${ $first.status }', second: '${ $second.status }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    first: 500
    second: 400
    """

  # Tests that errors from expressions are caught by their standard type
  Scenario: Expression Error Is Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: expression-error-is-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - broken:
                set: { n: '${ .text + 1 }' }
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
                status: 400
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
    """
    And given the workflow input is:
    """yaml
    text: a
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/broken
    """

  # Tests that a filter may hold an expression
  Scenario: Filter With An Expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: filter-with-an-expression
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/broken
                    status: 500
          catch:
            errors:
              with:
                type: ${ "https://example.com/errors/\(.kind)" }
            do:
              - handle:
                  set: { handled: true }
    """
    And given the workflow input is:
    """yaml
    kind: broken
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: true
    """

  # Tests the directives of a handler
  Scenario: End In A Handler
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: end-in-a-handler
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
            do:
              - handle:
                  set: { ended: true }
                  then: end
      - never:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ended: true
    """
    And never should not run

  # Tests the output transformation and the directive of the try itself
  Scenario: Output And Directive Of A Try
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-and-directive-of-a-try
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
            do:
              - handle:
                  set: { n: 1 }
          output:
            as: '{ n: (.n + 1) }'
          then: last
      - skipped:
          set: { n: 100 }
      - last:
          set: { n: '${ .n + 1 }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """
    And skipped should not run

  # Tests that an error of a composite in the body keeps the place where it was raised
  Scenario: Error From Deep Inside The Body
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-from-deep-inside-the-body
      version: '1.0.0'
    do:
      - guard:
          try:
            - loop:
                for:
                  in: '[ 1 ]'
                do:
                  - nested:
                      do:
                        - fail:
                            raise:
                              error:
                                type: https://example.com/errors/deep
                                status: 500
          catch:
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/loop/do/0/nested/do/0/fail
    """
