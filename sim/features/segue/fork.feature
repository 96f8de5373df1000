Feature: Fork Task
  As an implementer of the workflow DSL
  I want to ensure that branches run concurrently and are joined as declared
  So that my implementation conforms to the expected behavior

  # Tests that the outputs are in order of declaration, not of completion
  Scenario: Outputs In Order Of Declaration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: outputs-in-order-of-declaration
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  do:
                    - waitLong:
                        wait: PT5S
                    - setSlow:
                        set: { name: slow }
              - fast:
                  do:
                    - setFast:
                        set: { name: fast }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - name: slow
    - name: fast
    """
    And setSlow should run after setFast

  # Tests that each branch gets the fork's transformed input
  Scenario: Branches Get The Input Of The Fork
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: branches-get-the-input-of-the-fork
      version: '1.0.0'
    do:
      - both:
          input:
            from: .order
          fork:
            branches:
              - one:
                  set: { a: '${ .id }' }
              - two:
                  set: { b: '${ .id }' }
    """
    And given the workflow input is:
    """yaml
    order: { id: 3 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - a: 3
    - b: 3
    """

  # Tests that branches do run at the same time
  Scenario: Branches Wait At The Same Time
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: branches-wait-at-the-same-time
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  wait: PT10S
              - two:
                  wait: PT10S
      - after:
          set: { done: true }
    """
    When the workflow is executed
    Then the workflow should complete
    And the task two should start 0 seconds after the start
    And the task after should start 10 seconds after the start

  # Tests that the first branch that completes wins
  Scenario: Fastest Branch Wins
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: fastest-branch-wins
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - slow:
                  do:
                    - waitLong:
                        wait: PT10S
                    - setSlow:
                        set: { winner: slow }
              - fast:
                  do:
                    - waitShort:
                        wait: PT2S
                    - setFast:
                        set: { winner: fast }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    winner: fast
    """
    And setSlow should not run
    And the workflow should have ended 2 seconds after the start

  # Tests that a branch that faults does not win a race
  Scenario: Faulted Branch Loses The Race
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: faulted-branch-loses-the-race
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - broken:
                  raise:
                    error:
                      type: https://example.com/errors/broken
                      status: 500
              - good:
                  do:
                    - waitShort:
                        wait: PT1S
                    - setGood:
                        set: { winner: good }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    winner: good
    """

  # Tests that the first error counts when all competing branches fault
  Scenario: All Competing Branches Fault
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: all-competing-branches-fault
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - late:
                  do:
                    - waitShort:
                        wait: PT1S
                    - raiseLate:
                        raise:
                          error:
                            type: https://example.com/errors/late
                            status: 500
              - early:
                  raise:
                    error:
                      type: https://example.com/errors/early
                      status: 500
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/early
    status: 500
    instance: /do/0/race/fork/branches/1/early
    """

  # Tests that an error in one branch faults the fork and cancels the others
  Scenario: Error In A Branch Faults The Fork
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-a-branch-faults-the-fork
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  do:
                    - waitLong:
                        wait: PT1H
                    - never:
                        set: { n: 1 }
              - broken:
                  raise:
                    error:
                      type: https://example.com/errors/broken
                      status: 418
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/broken
    status: 418
    instance: /do/0/both/fork/branches/1/broken
    """
    And never should not run
    And the workflow should have ended 0 seconds after the start

  # Tests that an error in a branch may be caught around the fork
  Scenario: Error In A Branch Is Caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-in-a-branch-is-caught
      version: '1.0.0'
    do:
      - guard:
          try:
            - both:
                fork:
                  branches:
                    - slow:
                        do:
                          - waitLong:
                              wait: PT1H
                          - never:
                              set: { n: 1 }
                    - broken:
                        raise:
                          error:
                            type: https://example.com/errors/broken
                            status: 418
          catch:
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
      - settle:
          wait: PT2H
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/both/fork/branches/1/broken
    """
    And never should not run

  # Tests that an error caught inside a branch stays there
  Scenario: Error Caught Inside A Branch
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-caught-inside-a-branch
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - careful:
                  try:
                    - fail:
                        raise:
                          error:
                            type: https://example.com/errors/broken
                            status: 418
                  catch:
                    do:
                      - handle:
                          set: { handled: '${ $error.status }' }
              - good:
                  set: { good: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - handled: 418
    - good: true
    """

  # Tests forks in forks
  Scenario: Nested Forks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: nested-forks
      version: '1.0.0'
    do:
      - outer:
          fork:
            branches:
              - inner:
                  fork:
                    branches:
                      - a:
                          set: { n: 1 }
                      - b:
                          set: { n: 2 }
              - c:
                  set: { n: 3 }
          output:
            as: flatten | map(.n)
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 1, 2, 3 ]
    """

  # Tests a race inside of a join
  Scenario: Race Inside A Join
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: race-inside-a-join
      version: '1.0.0'
    do:
      - outer:
          fork:
            branches:
              - race:
                  fork:
                    compete: true
                    branches:
                      - slow:
                          wait: PT1H
                      - fast:
                          set: { winner: fast }
              - other:
                  set: { other: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - winner: fast
    - other: true
    """
    And the workflow should have ended 0 seconds after the start

  # Tests that `end` in a branch completes the workflow and cancels the other branches
  Scenario: End In A Branch Completes The Workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: end-in-a-branch-completes-the-workflow
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  do:
                    - waitLong:
                        wait: PT1H
                    - never:
                        set: { n: 1 }
              - quick:
                  do:
                    - stop:
                        set: { stopped: true }
                        then: end
      - after:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    stopped: true
    """
    And never should not run
    And after should not run
    And the workflow should have ended 0 seconds after the start

  # Tests that `exit` in a branch ends that branch only
  Scenario: Exit In A Branch
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: exit-in-a-branch
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  do:
                    - leave:
                        set: { n: 1 }
                        then: exit
                    - never:
                        set: { n: 100 }
              - two:
                  set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - n: 1
    - n: 2
    """
    And never should not run

  # Tests that what a branch exports is in the context after the fork
  Scenario: Export In A Branch
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: export-in-a-branch
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  set: { n: 1 }
                  export:
                    as: '($context // {}) + { one: .n }'
              - two:
                  do:
                    - later:
                        wait: PT1S
                    - setTwo:
                        set: { n: 2 }
                        export:
                          as: '($context // {}) + { two: .n }'
      - show:
          set: { one: '${ $context.one }', two: '${ $context.two }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    one: 1
    two: 2
    """

  # Tests that a skipped branch gives its input
  Scenario: Skipped Branch
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: skipped-branch
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - skipped:
                  if: .n > 5
                  set: { n: 100 }
              - taken:
                  if: .n < 5
                  set: { n: '${ .n + 1 }' }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - n: 1
    - n: 2
    """
    And skipped should not run

  # Tests the variables of a loop inside the branches of a fork
  Scenario: Fork In A Loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: fork-in-a-loop
      version: '1.0.0'
    do:
      - loop:
          for:
            each: n
            in: '[ 1, 2 ]'
          do:
            - both:
                fork:
                  branches:
                    - double:
                        set: { r: '${ $n * 2 }' }
                    - triple:
                        set: { r: '${ $n * 3 }' }
                output:
                  as: map(.r)
                export:
                  as: '{ all: (($context.all // []) + [ . ]) }'
      - show:
          set: { all: '${ $context.all }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    all: [ [ 2, 3 ], [ 4, 6 ] ]
    """

  # Tests that the losers' outstanding calls do not change the outcome
  Scenario: Race Of Two Services
    Given the service at "https://doctors.example.com" answers:
    """yaml
    PUT /alert:
      delay: PT5S
      body: { who: doctor }
    """
    And the service at "https://nurses.example.com" answers:
    """yaml
    PUT /alert:
      delay: PT2S
      body: { who: nurse }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: race-of-two-services
      version: '1.0.0'
    do:
      - raiseAlarm:
          fork:
            compete: true
            branches:
              - callDoctor:
                  call: http
                  with:
                    method: put
                    endpoint: https://doctors.example.com/alert
              - callNurse:
                  call: http
                  with:
                    method: put
                    endpoint: https://nurses.example.com/alert
      - later:
          wait: PT10S
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    who: nurse
    """
    And the task later should start 2 seconds after the start

  # Tests that a loser that waits for its next attempt makes none
  Scenario: Loser Does Not Retry Any More
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: loser-does-not-retry-any-more
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - stubborn:
                  try:
                    - fail:
                        raise:
                          error:
                            type: https://example.com/errors/any
                            status: 500
                  catch:
                    retry:
                      delay: PT10S
              - quick:
                  wait: PT15S
      - later:
          wait: PT1M
    """
    When the workflow is executed
    Then the workflow should complete
    And the task fail should have run 2 times
    And the task later should start 15 seconds after the start
