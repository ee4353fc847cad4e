// The cheapest honest pages that oidc-provider can be given: it ships none for production. One form for each prompt,
// a token against forgery tied to the interaction, no template engine, no texts in catalogues.
import { createHmac, timingSafeEqual } from 'node:crypto';

const LARGEST_FORM = 16 * 1024;

const page = (title, fields, token) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<h1>${title}</h1><form method="post"><input type="hidden" name="csrf_token" value="${token}">${fields}
<button id="approve" name="decision" value="approve">Allow</button></form></html>`;

export function interactionsOf(provider, key) {
  const tokenOf = (uid) => createHmac('sha256', key).update(uid).digest('base64url');

  async function show(req, res) {
    const { uid, prompt, params } = await provider.interactionDetails(req, res);
    const client = await provider.Client.find(params.client_id);
    const fields = prompt.name === 'login' ? '<input name="username">' : `<p>${client.clientId}: ${params.scope}</p>`;
    send(res, page(prompt.name === 'login' ? 'Sign in' : 'Allow?', fields, tokenOf(uid)));
  }

  async function answer(req, res) {
    const details = await provider.interactionDetails(req, res);
    const form = new URLSearchParams(await readBody(req));
    const expected = Buffer.from(tokenOf(details.uid));
    const given = Buffer.from(form.get('csrf_token') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('a forged form');
    const result = details.prompt.name === 'login'
      ? { login: { accountId: form.get('username'), amr: ['pwd', 'otp'], acr: 'urn:openbanking:psd2:sca' } }
      : { consent: { grantId: await consent(details) } };
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
  }

  async function consent({ grantId, params, session, prompt: { details } }) {
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
    for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(' '));
    }
    return grant.save();
  }

  return async (req, res) => (req.method === 'POST' ? answer(req, res) : show(req, res));
}

async function readBody(req) {
  let body = '';
  for await (const chunk of req) {
    body += chunk;
    if (body.length > LARGEST_FORM) throw new Error('a form too large');
  }
  return body;
}

function send(res, text) {
  res.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  res.end(text);
}
