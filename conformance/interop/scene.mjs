// Everyone in the story, made from a scenario: the app, the two resource servers, the person, a thief.
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { faults } from './faults.mjs';
import { Person } from './person.mjs';
import { connectAs } from './transport.mjs';

export async function open(scenario) {
  const { issuer, authority, app, person } = scenario;
  const fault = scenario.fault ? named(scenario.fault) : {};
  const { connect } = await import(`./${scenario.client}.mjs`);
  const dpopKeys = app.binding === 'dpop' ? await jose.generateKeyPair(app.dpopAlgorithm) : undefined;
  const ownFault = fault.onlyThief ? {} : fault;
  let api;
  const elsewhere = { [new URL(scenario.accounts.audience).origin]: (url, options) => api(url, options) };
  const fetch = connectAs({ authority, certificate: app.certificate, fault: ownFault, elsewhere });
  const client = await connect({
    issuer,
    clientId: app.clientId,
    metadata: {
      ...(app.idTokenAlgorithm && { id_token_signed_response_alg: app.idTokenAlgorithm }),
      ...(app.certificate && { use_mtls_endpoint_aliases: true }),
    },
    key: app.signingKey && { key: await jose.importJWK(app.signingKey), kid: app.signingKey.kid },
    dpopKeys,
    fetch,
  });
  api = guard(client.metadata, scenario.accounts.audience, app.binding, fetch);
  return {
    client,
    app,
    accounts: await resourceServer(connect, scenario, scenario.accounts, ownFault),
    payments: await resourceServer(connect, scenario, scenario.payments, ownFault),
    person: new Person(person, issuer, authority),
    nonceDemands: () => fetch.nonceDemands,
    confirmation: await confirmationOf(app, dpopKeys),
    thief: { fetch: connectAs({ authority, certificate: scenario.payments.certificate, fault }) },
    onTheWay: fault.callback ?? ((url) => url),
  };
}

function named(fault) {
  if (!faults[fault]) throw new Error(`there is no fault called ${fault}`);
  return faults[fault];
}

// A resource server's own side: it asks the introspection endpoint with its certificate, for signed answers if it may.
async function resourceServer(connect, { issuer, authority }, { clientId, audience, certificate, signedAnswers }, fault) {
  const fetch = connectAs({ authority, certificate, fault });
  const metadata = {
    use_mtls_endpoint_aliases: true,
    ...(signedAnswers && { introspection_signed_response_alg: signedAnswers }),
  };
  const client = await connect({ issuer, clientId, metadata, fetch });
  return { audience, introspect: client.introspect };
}

// The bank's API, which answers with the claims of the JWT it was sent. oauth4webapi has rules for tokens bound by DPoP;
// those bound to a certificate it refuses to judge, and jose verifies them.
function guard(metadata, audience, binding, fetch) {
  const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri), { [jose.customFetch]: fetch });
  return async (url, options) => {
    const request = new Request(url, { method: options.method, headers: options.headers });
    if (binding === 'dpop') {
      const rules = { [oauth.customFetch]: fetch, requireDPoP: true };
      return Response.json(await oauth.validateJwtAccessToken(metadata, request, audience, rules));
    }
    const [scheme, token] = request.headers.get('authorization').split(' ');
    const demands = { issuer: metadata.issuer, audience, typ: 'at+jwt', requiredClaims: ['exp', 'iat', 'jti', 'client_id'] };
    const { payload } = await jose.jwtVerify(token, keys, demands);
    return Response.json(payload, { status: scheme.toLowerCase() === 'bearer' ? 200 : 401 });
  };
}

// The `cnf` that this app's tokens must carry: computed here from the key, not read from any token.
async function confirmationOf(app, dpopKeys) {
  if (dpopKeys) return { jkt: await jose.calculateJwkThumbprint(await jose.exportJWK(dpopKeys.publicKey)) };
  const { raw } = new X509Certificate(app.certificate.certificate);
  return { 'x5t#S256': createHash('sha256').update(raw).digest('base64url') };
}

export const random = () => randomUUID().replaceAll('-', '');
