// The provider itself: what a page test relies on must be there before a page is blamed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { CLIENT_ID, startProvider } from "./provider.mjs";

const BASE = "http://127.0.0.1:1";
const RETURN = `${BASE}/cruscotto/entra/ritorno`;
const SECRET = "a secret of the tests";
const provider = await startProvider({ base: BASE, secret: SECRET });
after(() => provider.close());
const discovered = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();

/** A browser as far as cookies and redirects go. */
class Visitor {
  #cookies = new Map();

  async ask(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", ...options, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  post(url, fields) {
    return this.ask(url, { method: "POST", body: new URLSearchParams(fields) });
  }

  /** Goes where it is sent, until that is the service; the address there. */
  async follow(answer) {
    let from = answer;
    while ([302, 303].includes(from.status)) {
      const to = new URL(from.headers.get("location"), provider.issuer);
      if (to.origin === BASE) return to;
      from = await this.ask(to);
    }
    return assert.fail(`${from.status}: ${await from.text()}`);
  }
}

function request(more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const asked = {
    client_id: CLIENT_ID,
    redirect_uri: RETURN,
    response_type: "code",
    scope: "openid profile unknown",
    state: "the-state",
    nonce: "the-nonce",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  };
  for (const [name, value] of Object.entries(asked)) if (value === undefined) delete asked[name];
  return { verifier, url: `${discovered.authorization_endpoint}?${new URLSearchParams(asked)}` };
}

async function signIn(visitor, login) {
  const { url, verifier } = request();
  const asked = await visitor.ask(url);
  const form = new URL(asked.headers.get("location"), provider.issuer);
  assert.match(await (await visitor.ask(form)).text(), /<input name="login"/);
  return { verifier, back: await visitor.follow(await visitor.post(form, { login })) };
}

function redeem(code, verifier, secret = SECRET) {
  const authorization = `Basic ${Buffer.from(`${CLIENT_ID}:${encodeURIComponent(secret)}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: RETURN, code_verifier: verifier });
  return fetch(discovered.token_endpoint, { method: "POST", headers: { authorization }, body });
}

test("discovery says what the service must find", () => {
  assert.equal(discovered.issuer, provider.issuer);
  assert.equal(discovered.authorization_response_iss_parameter_supported, true);
  assert.deepEqual(discovered.code_challenge_methods_supported, ["S256"]);
  assert.ok(discovered.end_session_endpoint.startsWith(provider.issuer));
});

test("the code flow gives an ID token that the published key has signed", async () => {
  const { back, verifier } = await signIn(new Visitor(), "a-subject");
  assert.equal(back.origin + back.pathname, RETURN);
  assert.equal(back.searchParams.get("state"), "the-state");
  assert.equal(back.searchParams.get("iss"), provider.issuer);

  const answer = await (await redeem(back.searchParams.get("code"), verifier)).json();
  const [head, body, signature] = answer.id_token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url"));
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  assert.equal(alg, "RS256");
  const { iat, exp, at_hash: _, ...others } = claims;
  const preferred = { preferred_username: "a-subject@example.org" };
  assert.deepEqual(others, { iss: provider.issuer, aud: CLIENT_ID, sub: "a-subject", nonce: "the-nonce", ...preferred });
  assert.ok(iat <= Date.now() / 1000 && exp > iat);
  const { keys } = await (await fetch(discovered.jwks_uri)).json();
  const key = createPublicKey({ key: keys.find((key) => key.kid === kid), format: "jwk" });
  assert.ok(verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url")));
});

test("a code is of no use twice, with another verifier, or with another secret", async () => {
  for (const spoil of [
    async (code, verifier) => { await redeem(code, verifier); return redeem(code, verifier); },
    (code) => redeem(code, randomBytes(32).toString("base64url")),
    (code, verifier) => redeem(code, verifier, "another"),
  ]) {
    const { back, verifier } = await signIn(new Visitor(), "a-subject");
    const { status } = await spoil(back.searchParams.get("code"), verifier);
    assert.ok([400, 401].includes(status), `${status}`);
  }
});

test("no code without PKCE by S256, or to another address", async () => {
  for (const spoilt of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: "plain" }]) {
    const visitor = new Visitor();
    const back = await visitor.follow(await visitor.ask(request(spoilt).url));
    assert.equal(back.searchParams.get("error"), "invalid_request");
    assert.equal(back.searchParams.get("iss"), provider.issuer);
  }
  const elsewhere = await new Visitor().ask(request({ redirect_uri: `${BASE}/elsewhere` }).url);
  assert.equal(elsewhere.status, 400);
});

test("a login may ask for an error", async () => {
  const { back } = await signIn(new Visitor(), "error:access_denied");
  assert.equal(back.searchParams.get("error"), "access_denied");
});

test("a session lasts until the logout, which leads back to the service", async () => {
  const visitor = new Visitor();
  await signIn(visitor, "a-subject");
  const again = await visitor.follow(await visitor.ask(request().url));
  assert.ok(again.searchParams.has("code"), "the second time nobody is asked");

  const where = new URLSearchParams({ client_id: CLIENT_ID, post_logout_redirect_uri: `${BASE}/cruscotto/entra`, state: "bye" });
  const html = await (await visitor.ask(`${discovered.end_session_endpoint}?${where}`)).text();
  const [, action] = /action="([^"]+)"/.exec(html);
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(html);
  const back = await visitor.follow(await visitor.post(new URL(action, provider.issuer), { xsrf, logout: "yes" }));
  assert.equal(back.href, `${BASE}/cruscotto/entra?state=bye`);

  const asked = await visitor.ask(request().url);
  assert.match(asked.headers.get("location"), /\/interaction\//);
});

test("as a program it says where it is", async () => {
  const file = new URL("provider.mjs", import.meta.url).pathname;
  const env = { ...process.env, CLIENT_SECRET: SECRET };
  const other = spawn(process.execPath, [file, "--base", BASE, "--host", "localhost"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(createInterface(other.stdout), "line");
  const [, issuer, port] = /^provider ready (http:\/\/localhost:(\d+))$/.exec(line);
  const said = await (await fetch(`http://localhost:${port}/.well-known/openid-configuration`)).json();
  assert.equal(said.issuer, issuer);
  other.kill();
  await once(other, "exit");
});
