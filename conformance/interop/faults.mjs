// Servers that misbehave, made of ours by changing what passes between: a client, or our story, must notice each one.
// `request` may replace what is sent, `answer` what comes back, `callback` the redirect; undefined changes nothing.

const json = (body, status = 200) => Response.json(body, { status });
const changed = (path, change) => async (url, answer, sent) => {
  if (url.pathname !== path || !answer.ok) return undefined;
  return json(change(await answer.json(), new URLSearchParams(String(sent?.body ?? ''))));
};
const redirect = (name, value) => (url) => {
  const other = new URL(url);
  if (value === null) other.searchParams.delete(name);
  else other.searchParams.set(name, value);
  return other;
};
// Another last character would leave the signature as it is: its low bits are padding.
const forge = (jwt) => {
  const [header, payload, signature] = jwt.split('.');
  return [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
};
const otherNonce = (url, options) => {
  if (url.pathname !== '/par') return undefined;
  const body = new URLSearchParams(String(options.body));
  if (body.has('nonce')) body.set('nonce', 'of-another-request');
  return { ...options, body };
};

export const faults = {
  'the redirect names another issuer': { callback: redirect('iss', 'https://attacker.example') },
  'the redirect names no issuer': { callback: redirect('iss', null) },
  'the redirect brings another state': { callback: redirect('state', 'of-another-request') },
  'the ID token has another nonce': { request: otherNonce },
  'the ID token has a bad signature': {
    answer: changed('/token', (body) => (body.id_token ? { ...body, id_token: forge(body.id_token) } : body)),
  },
  'the access token is of another type': {
    answer: changed('/token', (body) => ({ ...body, token_type: body.token_type === 'DPoP' ? 'Bearer' : 'DPoP' })),
  },
  'UserInfo tells of someone else': { answer: changed('/userinfo', (body) => ({ ...body, sub: 'someone-else' })) },
  'UserInfo takes a stolen token': {
    answer: async (url, answer) => (url.pathname === '/userinfo' ? json({ sub: 'anyone' }) : undefined),
    onlyThief: true,
  },
  'introspection hides the binding': { answer: changed('/introspect', ({ cnf, ...body }) => body) },
  'signed introspection has a bad signature': {
    answer: async (url, answer) => {
      const type = answer.headers.get('content-type');
      if (url.pathname !== '/introspect' || type !== 'application/token-introspection+jwt') return undefined;
      return new Response(forge(await answer.text()), { headers: { 'content-type': type } });
    },
  },
  'refresh tokens do not rotate': {
    answer: changed('/token', (body, sent) =>
      sent.has('refresh_token') ? { ...body, refresh_token: sent.get('refresh_token') } : body,
    ),
  },
  'revocation does nothing': {
    request: (url, options) =>
      url.pathname === '/revoke' ? { ...options, body: new URLSearchParams({ ...form(options), token: 'no-token' }) } : undefined,
  },
};

function form(options) {
  return Object.fromEntries(new URLSearchParams(String(options.body)));
}
