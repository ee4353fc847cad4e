// The story that every client goes through in every scenario. What the libraries check by themselves (issuer, state,
// nonce, signatures, token types, subjects) is not repeated; what they leave to the application is asserted here.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { random } from './scene.mjs';

export async function tell(scene, report) {
  await report.step('discovery', () => checkMetadata(scene));
  await report.step('client credentials', () => ownToken(scene));
  const first = await authorize(scene, report, 'accounts', ['/login', '/login/totp', '/consent']);
  await tellOfJwt(scene, report, first);
  const second = await authorize(scene, report, 'payments', ['/consent']);
  await tellOfOpaque(scene, report, second);
  await report.step('denied by the person', () => denied(scene));
  await report.step('DPoP nonces', () => assert.equal(scene.nonceDemands() > 0, scene.app.nonces));
}

async function tellOfJwt(scene, report, tokens) {
  await report.step('accounts: API validates the JWT', () => callApi(scene, tokens));
  await report.step('accounts: UserInfo', () => userinfo(scene, tokens));
  await report.step('accounts: stolen token', () => steal(scene, tokens));
  await report.step('accounts: introspection', () => introspect(scene, scene.accounts, tokens, 'accounts'));
  await report.step('accounts: introspection by a stranger', () => isInactive(scene.payments, tokens));
  const renewed = await report.step('accounts: refresh', () => refresh(scene, tokens));
  const again = await report.step('accounts: refresh again', () => refresh(scene, renewed));
  await report.step('accounts: refreshed token', () => introspect(scene, scene.accounts, again, 'accounts'));
  await report.step('accounts: revocation', () => revoke(scene, scene.accounts, again));
  await report.step('accounts: revocation of the refresh token', () => revokeRefreshToken(scene, again));
}

async function tellOfOpaque(scene, report, tokens) {
  await report.step('payments: token is opaque', () => assert.doesNotMatch(tokens.access_token, /\./));
  await report.step('payments: UserInfo', () => userinfo(scene, tokens));
  await report.step('payments: introspection', () => introspect(scene, scene.payments, tokens, 'payments'));
  const renewed = await report.step('payments: refresh', () => refresh(scene, tokens));
  const again = await report.step('payments: refresh again', () => refresh(scene, renewed));
  await report.step('payments: refreshed token', () => introspect(scene, scene.payments, again, 'payments'));
  await report.step('payments: revocation', () => revoke(scene, scene.payments, again));
  await report.step('payments: old refresh token ends the grant', () => replay(scene, tokens, again));
}

function checkMetadata({ client: { metadata }, app }) {
  assert.equal(metadata.require_pushed_authorization_requests, true);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  assert.equal(metadata.tls_client_certificate_bound_access_tokens, true);
  assert.ok(metadata.token_endpoint_auth_methods_supported.includes(app.authentication));
  assert.ok(metadata.code_challenge_methods_supported.includes('S256'));
}

async function ownToken({ client, accounts, app, confirmation }) {
  const tokens = await client.clientCredentials('accounts');
  checkTokenType(tokens, app);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal(tokens.id_token, undefined);
  const told = await accounts.introspect(tokens.access_token);
  assert.equal(told.active, true);
  assert.equal(told.sub, app.clientId);
  assert.deepEqual(told.cnf, confirmation);
}

async function authorize(scene, report, scope, pages) {
  const { client, person, onTheWay } = scene;
  const { url, expected } = await report.step(`${scope}: pushed request`, () => push(scene, `openid email ${scope}`));
  const callback = await report.step(`${scope}: person`, async () => {
    const reached = await person.answer(url, 'approve');
    assert.deepEqual(person.pages, pages);
    return onTheWay(reached);
  });
  return report.step(`${scope}: code`, async () => {
    const tokens = await client.redeem(callback, expected);
    checkTokenType(tokens, scene.app);
    assert.ok(tokens.refresh_token && tokens.expires_in > 0 && tokens.expires_in <= 300);
    assert.equal(tokens.idToken.acr, 'urn:openbanking:psd2:sca');
    assert.equal(tokens.idToken.at_hash, halfHash(tokens.access_token, scene.app.idTokenAlgorithm));
    return tokens;
  });
}

async function push({ client, app }, scope) {
  const expected = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: random(),
    nonce: random(),
    redirectUri: app.redirectUri,
  };
  const url = await client.push({
    response_type: 'code',
    redirect_uri: app.redirectUri,
    scope,
    state: expected.state,
    nonce: expected.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(expected.verifier),
    code_challenge_method: 'S256',
  });
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  return { url, expected };
}

async function callApi({ client, accounts, app, confirmation }, tokens) {
  const answer = await client.call(tokens.access_token, new URL(accounts.audience));
  assert.equal(answer.status, 200);
  const claims = await answer.json();
  assert.deepEqual(claims.cnf, confirmation);
  assert.equal(claims.client_id, app.clientId);
  assert.equal(claims.sub, tokens.idToken.sub);
}

async function userinfo({ client }, tokens) {
  const claims = await client.userinfo(tokens.access_token, tokens.idToken.sub);
  assert.match(claims.email, /^[^@]+@people\.example$/);
}

// Whoever holds the token but not the key: with another certificate, without one, without a proof.
async function steal({ client: { metadata }, thief }, tokens) {
  for (const endpoint of [metadata.userinfo_endpoint, metadata.mtls_endpoint_aliases.userinfo_endpoint]) {
    for (const scheme of ['Bearer', 'DPoP']) {
      const answer = await thief.fetch(endpoint, { headers: { authorization: `${scheme} ${tokens.access_token}` } });
      assert.equal(answer.status, 401, `${scheme} at ${endpoint}`);
      assert.ok(answer.headers.get('www-authenticate'));
    }
  }
}

async function introspect({ app, confirmation }, server, tokens, scope) {
  const told = await server.introspect(tokens.access_token);
  assert.equal(told.active, true);
  assert.equal(told.aud, server.audience);
  assert.equal(told.client_id, app.clientId);
  assert.ok(told.scope.split(' ').includes(scope));
  assert.deepEqual(told.cnf, confirmation);
  assert.equal(told.token_type.toLowerCase(), tokens.token_type.toLowerCase());
}

async function isInactive(server, tokens) {
  assert.deepEqual(await server.introspect(tokens.access_token), { active: false });
}

async function refresh({ client, app }, tokens) {
  const renewed = await client.refresh(tokens.refresh_token);
  checkTokenType(renewed, app);
  assert.ok(renewed.refresh_token);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  assert.notEqual(renewed.access_token, tokens.access_token);
  return renewed;
}

async function revoke({ client }, server, tokens) {
  await client.revoke(tokens.access_token);
  await isInactive(server, tokens);
}

async function revokeRefreshToken({ client }, tokens) {
  await client.revoke(tokens.refresh_token);
  await assert.rejects(client.refresh(tokens.refresh_token), { error: 'invalid_grant' });
}

// The token before the last one was replaced twice over: someone else holds it, and the whole grant ends.
async function replay({ client }, first, last) {
  await assert.rejects(client.refresh(first.refresh_token), { error: 'invalid_grant' });
  await assert.rejects(client.refresh(last.refresh_token), { error: 'invalid_grant' });
}

async function denied(scene) {
  const { url, expected } = await push(scene, 'openid accounts payments');
  const callback = scene.onTheWay(await scene.person.answer(url, 'deny'));
  assert.equal(callback.searchParams.get('iss'), scene.client.metadata.issuer);
  await assert.rejects(scene.client.redeem(callback, expected), { error: 'access_denied' });
}

function checkTokenType({ token_type: type }, { binding }) {
  assert.equal(type.toLowerCase(), binding === 'dpop' ? 'dpop' : 'bearer');
}

// Neither library looks at `at_hash` in this flow.
function halfHash(token, algorithm) {
  const digest = createHash(algorithm === 'Ed25519' ? 'sha512' : 'sha256').update(token).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
