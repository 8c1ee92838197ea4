// An OpenID provider that stands for Entra: whoever types a name is that subject.
//
//   CLIENT_SECRET=… node provider.mjs --base http://127.0.0.1:8080 [--port 9000] [--host localhost]
//
// Prints "provider ready ISSUER". A second one, at another port, is another issuer. A login "error:access_denied" ends with that error.
//
// With `--host localhost` the issuer is http://localhost:PORT, which to a browser is another site than 127.0.0.1, as Entra is: only then
// a cookie with SameSite=Strict stays away from the return. Between ports of one host all cookies are shared.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Provider } from "oidc-provider";
import { escaped, form, page } from "./provider_pages.mjs";

export const CLIENT_ID = "omnia-cruscotto";
const INTERACTION = "/interaction/";
const HOUR = 3600;

/** Starts one, for the service at `base`; port 0 is any free one. */
export async function startProvider({ base, secret, port = 0, host = "127.0.0.1" }) {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  // The issuer has the port in it, so the provider comes after the server.
  const { port: listening } = server.address();
  const issuer = `http://${host}:${listening}`;
  const provider = new Provider(issuer, configuration(base, secret, listening));
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith(INTERACTION)) return answer(request, response);
    interact(provider, request, response).catch((error) => response.writeHead(400).end(page("Error", escaped(error.message))));
  });
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { issuer, close };
}

function configuration(base, secret, port) {
  return {
    clients: [{
      client_id: CLIENT_ID,
      client_secret: secret,
      redirect_uris: [`${base}/cruscotto/entra/ritorno`],
      post_logout_redirect_uris: [`${base}/cruscotto/entra`],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "client_secret_basic",
      id_token_signed_response_alg: "RS256",
    }],
    jwks: { keys: [signingKey()] },
    // S256 is the only method that this version knows.
    pkce: { required: () => true },
    responseTypes: ["code"],
    // Into the ID token, as Entra does, so that a claim other than `sub` can be the subject.
    scopes: ["openid", "profile"],
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource: (ctx) => { ctx.body = page("Signed out", ""); } },
    },
    // By port: a second issuer on the same host must not take the session of the first for its own.
    cookies: {
      keys: [randomBytes(32).toString("hex")],
      names: { session: `session_${port}`, interaction: `interaction_${port}`, resume: `resume_${port}` },
    },
    ttl: { AccessToken: HOUR, AuthorizationCode: 60, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
    interactions: { url: (_, interaction) => INTERACTION + interaction.uid },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, preferred_username: `${sub}@example.org` }) }),
    loadExistingGrant: grantWhatIsAsked,
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = page("Error", `<p>${escaped(out.error)}</p><p>${escaped(out.error_description ?? "")}</p>`);
    },
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomBytes(8).toString("hex"), use: "sig", alg: "RS256" };
}

/** Nobody is asked for consent. */
async function grantWhatIsAsked(ctx) {
  const { client, provider, requestParamScopes, session } = ctx.oidc;
  const known = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamScopes].join(" "));
  await grant.save();
  return grant;
}

async function interact(provider, request, response) {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name !== "login") return provider.interactionFinished(request, response, { consent: {} });
  const login = request.method === "POST" ? new URLSearchParams(await text(request)).get("login")?.trim() : "";
  if (!login) {
    response.setHeader("content-type", "text/html; charset=utf-8").end(page("Sign in", form(request.url)));
    return;
  }
  const [, error] = /^error:(\w+)$/.exec(login) ?? [];
  const result = error ? { error, error_description: "as the test asked" } : { login: { accountId: login } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** `form` has what the provider checks; the button is outside of it. */
function logoutSource(ctx, form) {
  ctx.body = page("Sign out", `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const text = { type: "string" };
  const { values } = parseArgs({ options: { base: text, port: text, host: text, secret: text } });
  const secret = values.secret ?? process.env.CLIENT_SECRET;
  if (!values.base || !secret) throw new Error("--base and CLIENT_SECRET are needed");
  const { issuer } = await startProvider({ ...values, port: Number(values.port ?? 0), secret });
  console.log(`provider ready ${issuer}`);
}
