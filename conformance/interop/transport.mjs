// HTTPS as one party speaks it: whom it trusts, with which certificate it connects, and the fault it is to suffer.
import { Agent, fetch } from 'undici';

// Returns a `fetch` for a client. `elsewhere` maps an origin to a function that answers instead of the network.
// `nonceDemands` counts how often a proof was sent back for want of the server's nonce.
export function connectAs({ authority, certificate, fault, elsewhere = {} }) {
  const connect = { ca: authority, ...(certificate && { cert: certificate.certificate, key: certificate.key }) };
  const dispatcher = new Agent({ connect });
  const send = async (address, options) => {
    const url = new URL(address);
    if (elsewhere[url.origin]) return elsewhere[url.origin](url, options);
    const sent = fault.request?.(url, options) ?? options;
    const answer = await fetch(url, { ...sent, dispatcher });
    if (await demandsNonce(answer)) send.nonceDemands += 1;
    return (await fault.answer?.(url, answer, sent)) ?? answer;
  };
  send.nonceDemands = 0;
  return send;
}

async function demandsNonce(answer) {
  if (answer.ok || !answer.headers.has('dpop-nonce')) return false;
  const said = (answer.headers.get('www-authenticate') ?? '') + (await answer.clone().text());
  return said.includes('use_dpop_nonce');
}
