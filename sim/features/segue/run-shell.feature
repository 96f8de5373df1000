Feature: Run Task With Shell Commands
  As an implementer of the workflow DSL
  I want to ensure that shell commands get their arguments and give what is asked for
  So that my implementation conforms to the expected behavior

  # Tests that the standard output is what a task gives by default
  Scenario: Standard Output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: standard-output
      version: '1.0.0'
    do:
      - greet:
          run:
            shell:
              command: printf 'hello'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    hello
    """

  # Tests each kind of output
  Scenario Outline: Kinds Of Output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: kinds-of-output
      version: '1.0.0'
    do:
      - speak:
          run:
            shell:
              command: printf 'out'; printf 'err' >&2; exit <code>
            return: <return>
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    <output>
    """

    Examples:
      | return | code | output                                |
      | stdout | 0    | out                                   |
      | stderr | 0    | err                                   |
      | code   | 0    | 0                                     |
      | code   | 3    | 3                                     |
      | all    | 0    | { code: 0, stdout: out, stderr: err } |
      | all    | 7    | { code: 7, stdout: out, stderr: err } |
      | none   | 0    | null                                  |

  # Tests standard input, arguments and environment
  Scenario: Input Of A Command
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: input-of-a-command
      version: '1.0.0'
    do:
      - speak:
          run:
            shell:
              stdin: ${ .text }
              command: printf '%s|%s|%s|%s' "$(cat)" "$1" "$2" "$GREETING"
              arguments:
                - one
                - ${ .second }
              environment:
                GREETING: ${ .greeting }
    """
    And given the workflow input is:
    """yaml
    text: from stdin
    second: two words
    greeting: hi
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    from stdin|one|two words|hi
    """

  # Tests interpolation in the command
  Scenario: Expression In The Command
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: expression-in-the-command
      version: '1.0.0'
    do:
      - greet:
          run:
            shell:
              command: printf 'Hello, ${ .user.name }'
    """
    And given the workflow input is:
    """yaml
    user: { name: Ada }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    Hello, Ada
    """

  # Tests that a command that is not awaited gives the task's input
  Scenario: Command That Is Not Awaited
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: command-that-is-not-awaited
      version: '1.0.0'
    do:
      - start:
          input:
            from: .inner
          run:
            await: false
            shell:
              command: printf 'ignored'
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

  # Tests the transformation of a command's output
  Scenario: Output Of A Command Is Transformed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: output-of-a-command-is-transformed
      version: '1.0.0'
    do:
      - list:
          run:
            shell:
              command: printf 'a\nb\n'
          output:
            as: split("\n") | map(select(. != ""))
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ a, b ]
    """
