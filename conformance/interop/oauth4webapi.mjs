// oauth4webapi as the story uses it: the lower of the two libraries; each request and each answer is ours to put through.
import * as oauth from 'oauth4webapi';

export async function connect({ issuer, clientId, metadata, key, dpopKeys, fetch }) {
  const options = { [oauth.customFetch]: fetch };
  const identifier = new URL(issuer);
  const found = await oauth.discoveryRequest(identifier, options);
  const server = await oauth.processDiscoveryResponse(identifier, found);
  const client = { ...metadata, client_id: clientId };
  const authentication = key ? oauth.PrivateKeyJwt(key) : oauth.TlsClientAuth();
  const binding = dpopKeys ? { ...options, DPoP: oauth.DPoP(client, dpopKeys) } : options;
  const party = [server, client, authentication];
  return {
    metadata: server,
    push: (parameters) => push(party, parameters, binding),
    redeem: (callback, expected) => redeem(party, callback, expected, binding),
    refresh: (token) =>
      withNonce(async () => {
        const answer = await oauth.refreshTokenGrantRequest(...party, token, binding);
        const tokens = await oauth.processRefreshTokenResponse(server, client, answer);
        await oauth.validateApplicationLevelSignature(server, answer, options);
        return tokens;
      }),
    clientCredentials: (scope) =>
      withNonce(async () => {
        const answer = await oauth.clientCredentialsGrantRequest(...party, { scope }, binding);
        return oauth.processClientCredentialsResponse(server, client, answer);
      }),
    userinfo: (token, subject) =>
      withNonce(async () => {
        const answer = await oauth.userInfoRequest(server, client, token, binding);
        return oauth.processUserInfoResponse(server, client, subject, answer);
      }),
    call: (token, url) => oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, binding),
    introspect: async (token) => {
      const answer = await oauth.introspectionRequest(...party, token, options);
      const told = await oauth.processIntrospectionResponse(server, client, answer);
      if (client.introspection_signed_response_alg) {
        await oauth.validateApplicationLevelSignature(server, answer, options);
      }
      return told;
    },
    revoke: async (token) => oauth.processRevocationResponse(await oauth.revocationRequest(...party, token, options)),
  };
}

async function push([server, client, authentication], parameters, binding) {
  const pushed = await withNonce(async () => {
    const answer = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, binding);
    return oauth.processPushedAuthorizationResponse(server, client, answer);
  });
  const url = new URL(server.authorization_endpoint);
  url.searchParams.set('client_id', client.client_id);
  url.searchParams.set('request_uri', pushed.request_uri);
  return url;
}

async function redeem([server, client, authentication], callback, { verifier, state, nonce, redirectUri }, binding) {
  const answered = oauth.validateAuthResponse(server, client, callback, state);
  return withNonce(async () => {
    const request = [server, client, authentication, answered, redirectUri, verifier, binding];
    const answer = await oauth.authorizationCodeGrantRequest(...request);
    const expected = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, expected);
    await oauth.validateApplicationLevelSignature(server, answer, binding);
    return { ...tokens, idToken: oauth.getValidatedIdTokenClaims(tokens) };
  });
}

// The library takes a nonce from the refusal into its handle; to try again is the application's part.
async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return attempt();
  }
}
