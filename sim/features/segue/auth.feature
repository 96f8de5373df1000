Feature: Authentication
  As an implementer of the workflow DSL
  I want to ensure that protected services are called with the credentials declared
  So that my implementation conforms to the expected behavior

  # Tests basic authentication
  Scenario: Basic Authentication
    Given the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: basic-authentication
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                basic:
                  username: admin
                  password: ${ .password }
    """
    And given the workflow input is:
    """yaml
    password: pass:word
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: 'Basic YWRtaW46cGFzczp3b3Jk' }
    """

  # Tests bearer authentication
  Scenario: Bearer Authentication
    Given the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: bearer-authentication
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
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
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: 'Bearer abc.def' }
    """

  # Tests a reusable policy
  Scenario: Reusable Authentication
    Given the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: reusable-authentication
      version: '1.0.0'
    use:
      authentications:
        shared:
          bearer:
            token: ${ .token }
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                use: shared
    """
    And given the workflow input is:
    """yaml
    token: abc
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: Bearer abc }
    """

  # Tests that an unknown policy is refused
  Scenario: Unknown Authentication Is Refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-authentication-is-refused
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                use: nowhere
    """
    Then the definition should be refused with a problem at '/do/0/ask/with/endpoint/authentication/use'

  # Tests a policy whose members are a secret
  Scenario: Basic Authentication From A Secret
    Given the secret "credentials" is:
    """yaml
    username: admin
    password: s3cret
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: basic-authentication-from-a-secret
      version: '1.0.0'
    use:
      secrets: [ credentials ]
      authentications:
        shared:
          basic:
            use: credentials
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                use: shared
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: 'Basic YWRtaW46czNjcmV0' }
    """

  # Tests OAuth2 client credentials: the token is asked for, and used
  Scenario: OAuth2 Client Credentials
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /oauth2/token:
      body: { access_token: token-1, token_type: Bearer, expires_in: 3600 }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-client-credentials
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oauth2:
                  authority: https://id.example.com
                  grant: client_credentials
                  client:
                    id: workflow-runtime
                    secret: s3cret
                  scopes: [ read, write ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://id.example.com" should have received a request with:
    """yaml
    method: POST
    path: /oauth2/token
    headers: { content-type: application/x-www-form-urlencoded }
    form: { grant_type: client_credentials, client_id: workflow-runtime, client_secret: s3cret, scope: read write }
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: Bearer token-1 }
    """

  # Tests the token endpoint and the client's authentication
  Scenario: OAuth2 With A Token Endpoint And Basic Client Authentication
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /realms/acme/token:
      body: { access_token: token-2, token_type: Bearer }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-with-a-token-endpoint-and-basic-client-authentication
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oauth2:
                  authority: https://id.example.com/realms/acme
                  endpoints:
                    token: /token
                  grant: client_credentials
                  client:
                    id: workflow-runtime
                    secret: s3cret
                    authentication: client_secret_basic
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://id.example.com" should have received a request with:
    """yaml
    path: /realms/acme/token
    headers: { authorization: 'Basic d29ya2Zsb3ctcnVudGltZTpzM2NyZXQ=' }
    form: { grant_type: client_credentials }
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: Bearer token-2 }
    """

  # Tests the other grants that need no person
  Scenario: OAuth2 With A Password
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /oauth2/token:
      body: { access_token: token-3, token_type: Bearer }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-with-a-password
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oauth2:
                  authority: https://id.example.com
                  grant: password
                  username: ada
                  password: ${ .password }
                  client:
                    id: workflow-runtime
                    authentication: none
                  audiences: [ orders ]
    """
    And given the workflow input is:
    """yaml
    password: s3cret-word
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://id.example.com" should have received a request with:
    """yaml
    form: { grant_type: password, username: ada, password: s3cret-word, client_id: workflow-runtime, audience: orders }
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: Bearer token-3 }
    """

  # Tests a token request in JSON
  Scenario: OAuth2 With A JSON Request
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /oauth2/token:
      body: { access_token: token-4, token_type: Bearer }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-with-a-json-request
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oauth2:
                  authority: https://id.example.com
                  grant: client_credentials
                  request:
                    encoding: application/json
                  client:
                    id: workflow-runtime
                    secret: s3cret-word
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://id.example.com" should have received a request with:
    """yaml
    headers: { content-type: application/json }
    body: { grant_type: client_credentials, client_id: workflow-runtime, client_secret: s3cret-word }
    """

  # Tests that a token is used until it expires, not asked for with each call
  @segue
  Scenario: OAuth2 Token Is Kept
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /oauth2/token:
      body: { access_token: token-5, token_type: Bearer, expires_in: 3600 }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-token-is-kept
      version: '1.0.0'
    use:
      authentications:
        shared:
          oauth2:
            authority: https://id.example.com
            grant: client_credentials
            client:
              id: workflow-runtime
              secret: s3cret-word
    do:
      - loop:
          for:
            in: '[ 1, 2, 3 ]'
          do:
            - ask:
                call: http
                with:
                  method: get
                  endpoint:
                    uri: https://secured.example.com/
                    authentication:
                      use: shared
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received 3 requests
    And the service at "https://id.example.com" should have received 1 requests

  # Tests that OpenID Connect finds the token endpoint by itself
  Scenario: OpenID Connect
    Given the service at "https://id.example.com" answers:
    """yaml
    GET /.well-known/openid-configuration:
      body: { issuer: 'https://id.example.com', token_endpoint: 'https://id.example.com/tokens' }
    POST /tokens:
      body: { access_token: token-6, token_type: Bearer }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: openid-connect
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oidc:
                  authority: https://id.example.com
                  grant: client_credentials
                  client:
                    id: workflow-runtime
                    secret: s3cret-word
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { authorization: Bearer token-6 }
    """

  # Tests that digest authentication answers the service's challenge
  Scenario: Digest Authentication
    Given the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      - status: 401
        headers: { www-authenticate: 'Digest realm="pets", nonce="abc", qop="auth", algorithm=SHA-256' }
      - body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: digest-authentication
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                digest:
                  username: admin
                  password: s3cret-word
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received 2 requests

  # Tests that a refused token request is an authentication error, and the service is not called
  Scenario: OAuth2 Token Is Refused
    Given the service at "https://id.example.com" answers:
    """yaml
    POST /oauth2/token:
      status: 401
      body: { error: invalid_client }
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: oauth2-token-is-refused
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                oauth2:
                  authority: https://id.example.com
                  grant: client_credentials
                  client:
                    id: workflow-runtime
                    secret: wrong
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/authentication
    status: 401
    instance: /do/0/ask
    """
    And the service at "https://secured.example.com" should have received 0 requests

  # Tests the status of a service that refuses the credentials
  Scenario: Credentials Are Refused
    Given the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      status: 401
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: credentials-are-refused
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://secured.example.com/
              authentication:
                bearer:
                  token: stale
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 401
    instance: /do/0/ask
    """

  # Tests a secret in a header
  Scenario: Secret In A Header
    Given the secret "apiKey" is:
    """yaml
    key-123
    """
    And the service at "https://secured.example.com" answers:
    """yaml
    GET /:
      body: { ok: true }
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: secret-in-a-header
      version: '1.0.0'
    use:
      secrets: [ apiKey ]
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://secured.example.com/
            headers:
              X-Api-Key: ${ $secrets.apiKey }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the service at "https://secured.example.com" should have received a request with:
    """yaml
    headers: { x-api-key: key-123 }
    """

  # Tests that the secret itself does not show in the workflow's data
  @segue
  Scenario: Secret Does Not Show
    Given the secret "apiKey" is:
    """yaml
    key-123
    """
    And a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: secret-does-not-show
      version: '1.0.0'
    use:
      secrets: [ apiKey ]
    do:
      - leak:
          set: { key: '${ $secrets.apiKey }' }
          output:
            as: '{ leaked: (.key | contains("key-123")) }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    leaked: false
    """

  # Tests that a secret that does not exist is an authorization error
  Scenario: Unknown Secret
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: unknown-secret
      version: '1.0.0'
    use:
      secrets: [ nowhere ]
    do:
      - ask:
          set: { key: '${ $secrets.nowhere }' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/authorization
    status: 403
    instance: /do/0/ask
    """
