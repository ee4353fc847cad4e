// openid-client as the story uses it: the higher of the two libraries, which retries with DPoP nonces by itself.
import * as oidc from 'openid-client';

export async function connect({ issuer, clientId, metadata, key, dpopKeys, fetch }) {
  const authentication = key ? oidc.PrivateKeyJwt(key) : oidc.TlsClientAuth();
  const options = { [oidc.customFetch]: fetch };
  const config = await oidc.discovery(new URL(issuer), clientId, metadata, authentication, options);
  // Otherwise an ID token from the token endpoint is believed for the sake of its TLS connection alone.
  oidc.enableNonRepudiationChecks(config);
  const binding = dpopKeys ? { DPoP: oidc.getDPoPHandle(config, dpopKeys) } : {};
  return {
    metadata: config.serverMetadata(),
    push: (parameters) => oidc.buildAuthorizationUrlWithPAR(config, parameters, binding),
    redeem: async (callback, { verifier, state, nonce }) => {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(config, callback, checks, undefined, binding);
      return { ...tokens, idToken: tokens.claims() };
    },
    refresh: (token) => oidc.refreshTokenGrant(config, token, undefined, binding),
    clientCredentials: (scope) => oidc.clientCredentialsGrant(config, { scope }, binding),
    userinfo: (token, subject) => oidc.fetchUserInfo(config, token, subject, binding),
    call: (token, url) => oidc.fetchProtectedResource(config, token, url, 'GET', undefined, undefined, binding),
    introspect: (token) => oidc.tokenIntrospection(config, token),
    revoke: (token) => oidc.tokenRevocation(config, token),
  };
}
