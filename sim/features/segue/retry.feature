Feature: Retries
  As an implementer of the workflow DSL
  I want to ensure that failed tasks are tried again as often, and as late, as declared
  So that my implementation conforms to the expected behavior

  # Tests that the body is tried again until it succeeds
  Scenario: Retry Until It Succeeds
    Given the service at "https://flaky.example.com" answers:
    """yaml
    GET /:
      - status: 503
      - status: 503
      - body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retry-until-it-succeeds
      version: '1.0.0'
    do:
      - guard:
          try:
            - ask:
                call: http
                with:
                  method: get
                  endpoint: https://flaky.example.com/
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
                status: 503
            retry:
              delay: PT3S
              limit:
                attempt:
                  count: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://flaky.example.com" should have received 3 requests
    And the task guard should have been retried 2 times
    And the workflow should have ended 6 seconds after the start

  # Tests that the error is raised when the retries are used up
  Scenario: Retries Are Used Up
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retries-are-used-up
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
            retry:
              delay: PT1S
              limit:
                attempt:
                  count: 2
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/any
    status: 503
    instance: /do/0/guard/try/0/fail
    """
    And the task fail should have run 3 times
    And the task guard should have been retried 2 times

  # Tests that the handler runs once, when the retries are used up
  Scenario: Handler Runs When Retries Are Used Up
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: handler-runs-when-retries-are-used-up
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
            retry:
              delay: PT1S
              limit:
                attempt:
                  count: 2
            do:
              - handle:
                  set: { handled: '${ $error.status }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: 503
    """
    And the task fail should have run 3 times
    And the task handle should have run 1 times
    And the task handle should start 2 seconds after the start

  # Tests how long each backoff waits: the third retry starts after the sum of three delays
  Scenario Outline: Backoff
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: backoff
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
            retry:
              delay: PT2S
              backoff: <backoff>
              limit:
                attempt:
                  count: 3
            do:
              - handle:
                  set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete
    And run 2 of the task fail should start <first> seconds after the start
    And run 3 of the task fail should start <second> seconds after the start
    And run 4 of the task fail should start <third> seconds after the start
    And the task handle should start <third> seconds after the start

    Examples:
      | backoff             | first | second | third |
      | { constant: {} }    | 2     | 4      | 6     |
      | { linear: {} }      | 2     | 6      | 12    |
      | { exponential: {} } | 2     | 6      | 14    |

  # Tests that the parameters of a backoff are heeded
  @segue
  Scenario Outline: Backoff With Parameters
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: backoff-with-parameters
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
            retry:
              delay: PT2S
              backoff: <backoff>
              limit:
                attempt:
                  count: 3
            do:
              - handle:
                  set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete
    And run 2 of the task fail should start <first> seconds after the start
    And run 3 of the task fail should start <second> seconds after the start
    And run 4 of the task fail should start <third> seconds after the start

    Examples:
      | backoff                                          | first | second | third |
      | { linear: { increment: PT1S } }                  | 2     | 5      | 9     |
      | { exponential: { factor: 3 } }                   | 2     | 8      | 26    |
      | { exponential: { factor: 3, maxDelay: PT10S } }  | 2     | 8      | 18    |

  # Tests that without a backoff the delay stays the same
  Scenario: No Backoff Is Constant
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: no-backoff-is-constant
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
            retry:
              delay: { seconds: 5 }
              limit:
                attempt:
                  count: 2
    """
    When the workflow is executed
    Then the workflow should fault
    And run 3 of the task fail should start 10 seconds after the start

  # Tests that without a delay the retry is made at once
  Scenario: No Delay
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: no-delay
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
            retry:
              limit:
                attempt:
                  count: 2
    """
    When the workflow is executed
    Then the workflow should fault
    And the task fail should have run 3 times
    And the workflow should have ended 0 seconds after the start

  # Tests that the jitter is added within its bounds
  Scenario: Jitter Stays Within Its Bounds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: jitter-stays-within-its-bounds
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
            retry:
              delay: PT10S
              jitter:
                from: PT1S
                to: PT3S
              limit:
                attempt:
                  count: 1
    """
    When the workflow is executed
    Then the workflow should fault
    And run 2 of the task fail should start between 11 and 13 seconds after the start

  # Tests that the jitter is not the same for each retry
  Scenario: Jitter Varies
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: jitter-varies
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
            retry:
              delay: PT10S
              jitter:
                from: PT0S
                to: PT5S
              limit:
                attempt:
                  count: 4
    """
    When the workflow is executed
    Then the workflow should fault
    And the pauses between the runs of the task fail should not all be the same

  # Tests that a retry which would begin too late is not made
  Scenario: Limit Of The Whole Duration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: limit-of-the-whole-duration
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
            retry:
              delay: PT10S
              limit:
                duration: PT25S
    """
    When the workflow is executed
    Then the workflow should fault
    And the task fail should have run 3 times
    And the workflow should have ended 20 seconds after the start

  # Tests that one attempt may not take longer than allowed
  Scenario: Limit Of One Attempt's Duration
    Given the service at "https://slow.example.com" answers:
    """yaml
    GET /:
      - delay: PT1M
        body: { slow: true }
      - delay: PT2S
        body: { quick: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: limit-of-one-attempt-s-duration
      version: '1.0.0'
    do:
      - guard:
          try:
            - ask:
                call: http
                with:
                  method: get
                  endpoint: https://slow.example.com/
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
            retry:
              delay: PT1S
              limit:
                attempt:
                  count: 3
                  duration: PT10S
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    quick: true
    """
    And run 2 of the task ask should start 11 seconds after the start
    And the workflow should have ended 13 seconds after the start

  # Tests that a retry begins the body from its start, with the same input
  Scenario: Retry Begins The Body Again
    Given the service at "https://flaky.example.com" answers:
    """yaml
    POST /:
      - status: 500
      - body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retry-begins-the-body-again
      version: '1.0.0'
    do:
      - guard:
          try:
            - count:
                set: { n: '${ .n + 1 }' }
            - ask:
                call: http
                with:
                  method: post
                  endpoint: https://flaky.example.com/
                  body: ${ . }
          catch:
            retry:
              limit:
                attempt:
                  count: 1
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the task count should have run 2 times
    And the service at "https://flaky.example.com" should have received a request with:
    """yaml
    method: POST
    body: { n: 2 }
    """
    And the service at "https://flaky.example.com" should have received 2 requests

  # Tests that only caught errors are retried
  Scenario: Other Errors Are Not Retried
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: other-errors-are-not-retried
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
            errors:
              with:
                status: 503
            retry:
              delay: PT1S
              limit:
                attempt:
                  count: 5
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 400
    instance: /do/0/guard/try/0/fail
    """
    And the task fail should have run 1 times

  # Tests the condition of the retry policy
  Scenario: Retry When
    Given the service at "https://flaky.example.com" answers:
    """yaml
    GET /:
      - status: 503
      - status: 404
      - body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retry-when
      version: '1.0.0'
    do:
      - guard:
          try:
            - ask:
                call: http
                with:
                  method: get
                  endpoint: https://flaky.example.com/
          catch:
            retry:
              when: $error.status == 503
              delay: PT1S
              limit:
                attempt:
                  count: 5
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 404
    instance: /do/0/guard/try/0/ask
    """
    And the service at "https://flaky.example.com" should have received 2 requests

  # Tests the exception of the retry policy, and that the handler takes what is not retried
  Scenario: Retry Except When
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retry-except-when
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
            as: problem
            retry:
              exceptWhen: ${ $problem.type | endswith("/fatal") }
              delay: PT1S
              limit:
                attempt:
                  count: 5
            do:
              - handle:
                  set: { given: up }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    given: up
    """
    And the task fail should have run 1 times
    And the workflow should have ended 0 seconds after the start

  # Tests a reusable policy
  Scenario: Reusable Retry Policy
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: reusable-retry-policy
      version: '1.0.0'
    use:
      retries:
        patient:
          delay: PT1M
          backoff:
            linear: {}
          limit:
            attempt:
              count: 2
    do:
      - guard:
          try:
            - fail:
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch:
            retry: patient
    """
    When the workflow is executed
    Then the workflow should fault
    And run 2 of the task fail should start 60 seconds after the start
    And run 3 of the task fail should start 180 seconds after the start
    And the task fail should have run 3 times

  # Tests that an unknown policy is refused
  Scenario: Unknown Retry Policy Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-retry-policy-is-refused
      version: '1.0.0'
    do:
      - guard:
          try:
            - fail:
                set: { n: 1 }
          catch:
            retry: nowhere
    """
    Then the definition should be refused with a problem at '/do/0/guard/catch/retry'

  # Tests that each entry into the try has all its retries
  Scenario: Retries Count For Each Entry
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: retries-count-for-each-entry
      version: '1.0.0'
    do:
      - loop:
          for:
            in: '[ 1, 2 ]'
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
                        count: 1
                  do:
                    - handle:
                        set: { handled: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    handled: true
    """
    And the task fail should have run 4 times
    And the task handle should have run 2 times
    And the workflow should have ended 2 seconds after the start

  # Tests that retries of an inner and an outer try multiply
  Scenario: Nested Retries
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: nested-retries
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
                  retry:
                    limit:
                      attempt:
                        count: 1
          catch:
            retry:
              limit:
                attempt:
                  count: 2
    """
    When the workflow is executed
    Then the workflow should fault
    And the task fail should have run 6 times
    And the task outer should have been retried 2 times

  # Tests that the workflow's timeout ends a retry that waits
  Scenario: Timeout While Waiting For A Retry
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: timeout-while-waiting-for-a-retry
      version: '1.0.0'
    timeout:
      after: PT15S
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
              delay: PT10S
              limit:
                attempt:
                  count: 5
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    """
    And the task fail should have run 2 times
    And the workflow should have ended 15 seconds after the start

  # Tests that the next retry is announced as such
  Scenario: Context Of A Failed Attempt Stays
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: context-of-a-failed-attempt-stays
      version: '1.0.0'
    do:
      - guard:
          try:
            - count:
                set: { n: '${ ($context.n // 0) + 1 }' }
                export:
                  as: .
            - fail:
                if: .n < 3
                raise:
                  error:
                    type: https://example.com/errors/any
                    status: 500
          catch:
            retry:
              limit:
                attempt:
                  count: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """
    And the task count should have run 3 times
