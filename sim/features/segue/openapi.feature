Feature: OpenAPI Call Details
  As an implementer of the workflow DSL
  I want to ensure that operations are called as the service's own document says
  So that my implementation conforms to the expected behavior

  # Tests parameters in the path, the query and the headers of a Swagger 2.0 document
  Scenario: Parameters Of Swagger 2.0
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /swagger.json:
      body:
        swagger: '2.0'
        host: api.example.com
        basePath: /v2
        schemes: [ https ]
        paths:
          /owners/{owner}/pets:
            get:
              operationId: listPets
              parameters:
                - { name: owner, in: path, required: true, type: string }
                - { name: status, in: query, type: array, items: { type: string }, collectionFormat: multi }
                - { name: X-Trace, in: header, type: string }
    GET /v2/owners/a%20b/pets:
      body: [ { id: 1 } ]
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: parameters-of-swagger-2-0
      version: '1.0.0'
    do:
      - list:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/swagger.json
            operationId: listPets
            parameters:
              owner: ${ .owner }
              status: available
              X-Trace: t-1
    """
    And given the workflow input is:
    """yaml
    owner: a b
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    - id: 1
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: GET
    path: /v2/owners/a%20b/pets
    query: { status: available }
    headers: { x-trace: t-1 }
    """

  # Tests the server and the body of an OpenAPI 3 document
  Scenario: Body Of OpenAPI 3
    Given the service at "https://docs.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.3
        servers: [ { url: 'https://api.example.com/v3' } ]
        paths:
          /pets:
            post:
              operationId: createPet
              requestBody:
                required: true
                content: { application/json: { schema: { type: object } } }
    """
    And the service at "https://api.example.com" answers:
    """yaml
    POST /v3/pets:
      status: 201
      body: { id: 7 }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: body-of-openapi-3
      version: '1.0.0'
    do:
      - create:
          call: openapi
          with:
            document:
              endpoint: https://docs.example.com/openapi.json
            operationId: createPet
            parameters:
              body: { name: '${ .name }' }
    """
    And given the workflow input is:
    """yaml
    name: Milou
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 7
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    method: POST
    path: /v3/pets
    headers: { content-type: application/json }
    body: { name: Milou }
    """

  # Tests that a server relative to the document is found
  Scenario: Relative Server
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /docs/openapi.json:
      body:
        openapi: 3.1.0
        servers: [ { url: ../v1 } ]
        paths:
          /ping:
            get: { operationId: ping }
    GET /v1/ping:
      body: { pong: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: relative-server
      version: '1.0.0'
    do:
      - ping:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/docs/openapi.json
            operationId: ping
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    pong: true
    """

  # Tests that the operation is called with the credentials declared
  Scenario: Authentication Of An Operation
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.0
        servers: [ { url: 'https://api.example.com' } ]
        paths:
          /me:
            get: { operationId: me }
    GET /me:
      body: { me: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: authentication-of-an-operation
      version: '1.0.0'
    do:
      - who:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/openapi.json
            operationId: me
            authentication:
              bearer:
                token: ${ .token }
    """
    And given the workflow input is:
    """yaml
    token: abc.def
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    me: true
    """
    And the service at "https://api.example.com" should have received a request with:
    """yaml
    path: /me
    headers: { authorization: Bearer abc.def }
    """

  # Tests that an unknown operation is an error, and no operation is called
  Scenario: Unknown Operation
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.0
        paths: {}
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-operation
      version: '1.0.0'
    do:
      - who:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/openapi.json
            operationId: nowhere
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration
    status: 400
    instance: /do/0/who
    """
    And the service at "https://api.example.com" should have received 1 requests

  # Tests that a missing parameter is an error before the operation is called
  Scenario: Missing Parameter
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.0
        paths:
          /pets/{petId}:
            get:
              operationId: getPet
              parameters:
                - { name: petId, in: path, required: true, schema: { type: integer } }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: missing-parameter
      version: '1.0.0'
    do:
      - get:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/openapi.json
            operationId: getPet
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration
    status: 400
    instance: /do/0/get
    """
    And the service at "https://api.example.com" should have received 1 requests

  # Tests that a document that cannot be had is a communication error
  Scenario: Missing Document
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /other.json:
      body: {}
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: missing-document
      version: '1.0.0'
    do:
      - get:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/openapi.json
            operationId: getPet
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 404
    instance: /do/0/get
    """

  # Tests the status of an operation that fails
  Scenario: Operation That Fails
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.0
        paths:
          /pets:
            delete: { operationId: deleteAll }
    DELETE /pets:
      status: 409
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: operation-that-fails
      version: '1.0.0'
    do:
      - guard:
          try:
            - remove:
                call: openapi
                with:
                  document:
                    endpoint: https://api.example.com/openapi.json
                  operationId: deleteAll
          catch:
            errors:
              with:
                type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
                status: 409
            do:
              - handle:
                  set: { instance: '${ $error.instance }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/guard/try/0/remove
    """

  # Tests raw output
  Scenario: Raw Output Of An Operation
    Given the service at "https://api.example.com" answers:
    """yaml
    GET /openapi.json:
      body:
        openapi: 3.0.0
        paths:
          /text:
            get: { operationId: text }
    GET /text:
      headers: { content-type: text/plain }
      body: hello
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: raw-output-of-an-operation
      version: '1.0.0'
    do:
      - get:
          call: openapi
          with:
            document:
              endpoint: https://api.example.com/openapi.json
            operationId: text
            output: raw
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    aGVsbG8=
    """
