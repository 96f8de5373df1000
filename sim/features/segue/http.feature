Feature: HTTP Call Details
  As an implementer of the workflow DSL
  I want to ensure that HTTP requests and responses are exactly those declared
  So that my implementation conforms to the expected behavior

  # Tests query parameters, escaped as they must be
  Scenario: Query Parameters
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /search:
      body: { found: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: query-parameters
      version: '1.0.0'
    do:
      - search:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/search
            query:
              text: ${ .text }
              limit: '10'
    """
    And given the workflow input is:
    """yaml
    text: a b&c=d/é
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: true
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: GET
    path: /search
    query: { text: 'a b&c=d/é', limit: '10' }
    """

  # Tests that query parameters are added to those of the address
  Scenario: Query Parameters In The Address
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /search:
      body: { found: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: query-parameters-in-the-address
      version: '1.0.0'
    do:
      - search:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/search?kind=pet&text={text}
            query:
              limit: '10'
    """
    And given the workflow input is:
    """yaml
    text: milou
    """
    When the workflow is executed
    Then the workflow should complete
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    query: { kind: pet, text: milou, limit: '10' }
    """

  # Tests headers with expressions
  Scenario: Headers
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /:
      body: {}
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: headers
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/
            headers:
              X-Order: ${ .id | tostring }
              Accept: application/vnd.example+json
    """
    And given the workflow input is:
    """yaml
    id: 7
    """
    When the workflow is executed
    Then the workflow should complete
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    headers: { x-order: '7', accept: application/vnd.example+json }
    """

  # Tests a JSON body, with expressions inside
  Scenario: JSON Body
    Given the service at "https://api.example.com" answers:
    """yaml
    POST /orders:
      status: 201
      body: { id: 1 }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: json-body
      version: '1.0.0'
    do:
      - order:
          call: http
          with:
            method: post
            endpoint: https://api.example.com/orders
            body:
              item: ${ .item }
              quantity: 2
              nested: { list: [ '${ .item }' ] }
    """
    And given the workflow input is:
    """yaml
    item: teapot
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 1
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: POST
    path: /orders
    headers: { content-type: application/json }
    body: { item: teapot, quantity: 2, nested: { list: [ teapot ] } }
    """

  # Tests a body with a content type of its own
  Scenario: Text Body
    Given the service at "https://api.example.com" answers:
    """yaml
    PUT /note:
      status: 204
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: text-body
      version: '1.0.0'
    do:
      - write:
          call: http
          with:
            method: put
            endpoint: https://api.example.com/note
            headers:
              Content-Type: text/plain
            body: Hello ${ .name }
    """
    And given the workflow input is:
    """yaml
    name: Ada
    """
    When the workflow is executed
    Then the workflow should complete
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: PUT
    headers: { content-type: text/plain }
    body: Hello Ada
    """

  # Tests that an answer without a body gives null
  Scenario: Answer Without A Body
    Given the service at "https://api.example.com" answers:
    """yaml
    DELETE /note:
      status: 204
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: answer-without-a-body
      version: '1.0.0'
    do:
      - remove:
          call: http
          with:
            method: delete
            endpoint: https://api.example.com/note
          output:
            as: '{ got: . }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: null
    """

  # Tests that text is not parsed
  Scenario: Text Answer
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /text:
      headers: { content-type: text/plain; charset=utf-8 }
      body: '{"not": "parsed"}'
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: text-answer
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/text
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    '{"not": "parsed"}'
    """

  # Tests the content types that are JSON without being application/json
  Scenario: Answer With A JSON Suffix
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /problem:
      headers: { content-type: application/hal+json }
      body: { parsed: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: answer-with-a-json-suffix
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/problem
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    parsed: true
    """

  # Tests that raw output is the content in base64
  Scenario: Raw Output
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /text:
      headers: { content-type: text/plain }
      body: hello
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raw-output
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/text
            output: raw
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    aGVsbG8=
    """

  # Tests the members of a response
  Scenario: Response Output
    Given the service at "https://api.example.com" answers:
    """yaml
    POST /orders:
      status: 201
      headers: { x-order: '7' }
      body: { id: 7 }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: response-output
      version: '1.0.0'
    do:
      - order:
          call: http
          with:
            method: post
            endpoint: https://api.example.com/orders
            body: { a: 1 }
            output: response
          output:
            as: '{ statusCode, content, order: .headers["x-order"], method: (.request.method | ascii_downcase), uri: .request.uri }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    statusCode: 201
    content: { id: 7 }
    order: '7'
    method: post
    uri: https://api.example.com/orders
    """

  # Tests each kind of error status
  Scenario Outline: Error Status
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /:
      status: <status>
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: error-status
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: <status>
    instance: /do/0/ask
    """

    Examples:
      | status |
      | 400    |
      | 404    |
      | 409    |
      | 429    |
      | 500    |
      | 503    |

  # Tests that a redirection is an error unless declared otherwise
  Scenario: Redirection Is An Error
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /old:
      status: 304
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: redirection-is-an-error
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/old
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 304
    instance: /do/0/ask
    """

  # Tests that a redirection status is not an error when declared so
  Scenario: Redirection Is Not An Error
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /same:
      status: 304
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: redirection-is-not-an-error
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/same
            redirect: true
            output: response
          output:
            as: .statusCode
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    304
    """

  # Tests that several variables of an address are expanded and escaped
  Scenario: Address With Variables
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /owners/a%20b/pets/7:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: address-with-variables
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/owners/{owner}/pets/{id}
    """
    And given the workflow input is:
    """yaml
    owner: a b
    id: 7
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  # Tests that a missing variable is empty
  Scenario: Address With A Missing Variable
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /pets/:
      body: { all: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: address-with-a-missing-variable
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/pets/{id}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    all: true
    """

  # Tests that a variable must be a scalar
  Scenario: Address With A Variable That Is An Object
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: address-with-a-variable-that-is-an-object
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/pets/{id}
    """
    And given the workflow input is:
    """yaml
    id: { a: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/ask
    """

  # Tests an address that is an expression as a whole
  Scenario: Address As An Expression
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /pets/7:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: address-as-an-expression
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: ${ "https://api.example.com/pets/\(.pet.id)" }
    """
    And given the workflow input is:
    """yaml
    pet: { id: 7 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  # Tests that the method is given in any case
  Scenario Outline: Methods
    Given the service at "https://api.example.com" answers:
    """yaml
    <verb> /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: methods
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: <method>
            endpoint: https://api.example.com/
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: <verb>
    """

    Examples:
      | method | verb   |
      | get    | GET    |
      | POST   | POST   |
      | Put    | PUT    |
      | patch  | PATCH  |
      | delete | DELETE |

  # Tests that a service which cannot be reached is a communication error
  Scenario: Service That Cannot Be Reached
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: service-that-cannot-be-reached
      version: '1.0.0'
    do:
      - guard:
          try:
            - ask:
                call: http
                with:
                  method: get
                  endpoint: https://nowhere.example.com/
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/ask
    """

  # Tests that an answer which says JSON and is none is a communication error
  Scenario: Answer That Is Not What It Says
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /:
      headers: { content-type: application/json }
      body: 'oops, no JSON'
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: answer-that-is-not-what-it-says
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    instance: /do/0/ask
    """

  # Tests that a failing argument makes no request
  Scenario: Argument That Fails
    Given the service at "https://api.example.com" answers:
    """yaml
    POST /:
      body: {}
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: argument-that-fails
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: post
            endpoint: https://api.example.com/
            body: ${ .text - 1 }
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
    instance: /do/0/ask
    """
    And the service at "https://api.example.com" should have received 0 requests
