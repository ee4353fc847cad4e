// What the bench asks of the peer beside its protocol, on a socket of its own and never while it measures: refresh
// tokens of fresh grants, as whole code flows would have left them behind.
import http from 'node:http';

const AT_ONCE = 16;

export function listenForControl(provider, path) {
  const server = http.createServer((req, res) => {
    answer(provider, req).then(
      (body) => res.end(JSON.stringify(body)),
      (error) => { res.statusCode = 500; res.end(String(error.stack)); },
    );
  });
  server.listen(path);
}

async function answer(provider, req) {
  let text = '';
  for await (const chunk of req) text += chunk;
  const wanted = JSON.parse(text);
  const client = await provider.Client.find(wanted.client_id);
  const tokens = [];
  while (tokens.length < wanted.count) {
    const batch = Math.min(AT_ONCE, wanted.count - tokens.length);
    tokens.push(...await Promise.all(Array.from({ length: batch }, () => refreshToken(provider, client, wanted))));
  }
  return tokens;
}

async function refreshToken(provider, client, { account_id: accountId, scope, resource }) {
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('openid');
  if (resource) grant.addResourceScope(resource, scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    scope: scope ? `openid ${scope}` : 'openid',
    resource,
    gty: 'authorization_code',
    authTime: Math.floor(Date.now() / 1000),
    acr: 'urn:openbanking:psd2:sca',
    amr: ['pwd', 'otp'],
    expiresWithSession: false,
    claims: {},
  });
  return token.save();
}
