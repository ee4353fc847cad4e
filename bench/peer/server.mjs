// The peer: oidc-provider as a process of its own, told by a JSON file what to serve. Loopback only.
import { readFileSync } from 'node:fs';
import http from 'node:http';

import Provider, { errors } from 'oidc-provider';

import { certificatesFrom } from './certificates.mjs';
import { configuration } from './configuration.mjs';
import { listenForControl } from './control.mjs';
import { interactionsOf } from './interactions.mjs';
import { adapterOn, connect } from './postgresql.mjs';

const scene = JSON.parse(readFileSync(process.argv[2], 'utf8'));

// Without a database it keeps everything in a plain Map: oidc-provider's own keeps a thousand records and forgets more.
async function storage() {
  if (scene.database_url) return adapterOn(await connect(scene.database_url, scene.connections));
  const memory = await import('./memory.mjs');
  return memory.adapter;
}

const provider = new Provider(scene.issuer, configuration(scene, {
  adapter: await storage(),
  certificates: certificatesFrom(scene.authority_pem),
  InvalidTarget: errors.InvalidTarget,
}));
provider.proxy = true;
provider.on('server_error', (_ctx, error) => console.error(error));

const protocol = provider.callback();
const interaction = interactionsOf(provider, scene.cookie_key);
const server = http.createServer((req, res) => {
  if (!req.url.startsWith('/interaction/')) {
    protocol(req, res);
    return;
  }
  interaction(req, res).catch((error) => { console.error(error); res.statusCode = 400; res.end(); });
});
server.keepAliveTimeout = 60_000;
listenForControl(provider, scene.control);
server.listen(scene.port, '127.0.0.1');
