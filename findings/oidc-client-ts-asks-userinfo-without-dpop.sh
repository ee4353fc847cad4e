#!/usr/bin/env bash
# oidc-client-ts 3.5.0, with `dpop` switched on and `loadUserInfo: true`, gets a DPoP-bound access token and proves
# possession of its key at the token endpoint, and then asks the UserInfo endpoint under the scheme Bearer, with no proof.
#
# A server that keeps to RFC 9449, 7.1, refuses that, so the whole sign-in fails for whoever sets both. What works is to
# leave `loadUserInfo` out, and to ask by oneself with a proof from `UserManager.dpopProof()`.
#
# Installs the library from the package registry into a temporary folder, lets it sign in at a small server in the same
# process, prints what came at both endpoints, and fails if that is no longer so. Seen 2026-12-01, Node 20 on Linux.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts oidc-client-ts@3.5.0
cat >sign-in.mjs <<'JS'
import { createServer } from "node:http";
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from "oidc-client-ts";

globalThis.window = globalThis; // the library asks a browser's window for what Node has of its own
const seen = {};
const part = value => Buffer.from(JSON.stringify(value)).toString("base64url");
const server = createServer((request, response) => {
  seen[request.url] = { authorization: request.headers.authorization ?? "none", proof: "dpop" in request.headers };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: "someone", aud: "app", iat: now, exp: now + 60 };
  const tokens = { access_token: "a-token", token_type: "DPoP", id_token: `${part({ alg: "none" })}.${part(claims)}.` };
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(request.url === "/token" ? tokens : { sub: "someone" }));
});
await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const keys = new Map();
const store = {
  get: async key => keys.get(key), set: async (key, value) => { keys.set(key, value); },
  remove: async key => { keys.delete(key); }, getAllKeys: async () => [...keys.keys()],
};
const client = new OidcClient({
  authority: issuer, client_id: "app", redirect_uri: "https://app.example/", scope: "openid", loadUserInfo: true,
  dpop: { store, bind_authorization_code: false },
  metadata: {
    issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
  },
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});
const asked = await client.createSigninRequest({});
const state = new URL(asked.url).searchParams.get("state");
await client.processSigninResponse(`https://app.example/?code=x&state=${state}`);
server.close();
for (const [path, { authorization, proof }] of Object.entries(seen)) {
  console.log(`${path}: Authorization ${authorization}, DPoP proof ${proof ? "sent" : "missing"}`);
}
const holds = seen["/token"].proof && seen["/userinfo"].authorization === "Bearer a-token" && !seen["/userinfo"].proof;
process.exit(holds ? 0 : 1);
JS
node sign-in.mjs
