// oidc-provider's settings, chosen to do the same work as the other side: FAPI 2.0, ES256 throughout, certificate-bound
// JWT access tokens for the bank, opaque ones for the vault, PAR, PKCE, rotation of every refresh token.
const PERSON = { sub: 'person', name: 'Alice Example' };
const RESOURCE_SERVERS = new Map([
  ['https://bank.example/', { scope: 'accounts', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }],
  ['https://vault.example/', { scope: 'vault', accessTokenFormat: 'opaque' }],
  ['https://signed-vault.example/', { scope: 'signed-vault', accessTokenFormat: 'opaque' }],
]);

export function configuration(scene, { adapter, certificates, InvalidTarget }) {
  return {
    adapter,
    clients: scene.clients,
    jwks: scene.jwks,
    routes: {
      authorization: '/authorize',
      introspection: '/introspect',
      jwks: '/jwks',
      pushed_authorization_request: '/par',
      token: '/token',
      userinfo: '/userinfo',
    },
    cookies: { keys: [scene.cookie_key], long: { signed: true }, short: { signed: true } },
    scopes: ['openid', 'accounts', 'vault', 'signed-vault', 'introspection'],
    claims: { openid: ['sub'], profile: ['name'] },
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
    responseTypes: ['code'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256'],
      idTokenSigningAlgValues: ['ES256'],
      introspectionSigningAlgValues: ['ES256'],
    },
    clientDefaults: {
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'private_key_jwt',
    },
    extraClientMetadata: { properties: ['resource'] },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      ClientCredentials: 300,
      Grant: 90 * 86400,
      IdToken: 300,
      Interaction: 900,
      RefreshToken: 30 * 86400,
      Session: 8 * 3600,
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ ...PERSON, sub: id }) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      fapi: { enabled: true, profile: '2.0' },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.resource !== undefined && token.aud === client.resource,
      },
      jwtIntrospection: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: certificates.get,
        certificateAuthorized: certificates.authorized,
        certificateSubjectMatches: certificates.subjectMatches,
      },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, indicator) => {
          const found = RESOURCE_SERVERS.get(indicator);
          if (found === undefined) throw new InvalidTarget();
          return { ...found, audience: indicator, accessTokenTTL: 300 };
        },
      },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
    },
  };
}
