// A real OpenID Connect provider (oidc-provider), for one test run: prints its address as its only line.
// Accounts come as JSON in ACCOUNTS, by name; whoever types the name is in.

import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const accounts = JSON.parse(process.env.ACCOUNTS ?? "{}");
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "greenroom",
        client_secret: process.env.CLIENT_SECRET,
        redirect_uris: [/** @type {string} */ (process.env.REDIRECT_URI)],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
    // As company providers do: the claims stand in the ID token itself.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, id) =>
      accounts[id] && { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) },
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
