// The provider in a browser. What a service with the cookies of the Cruscotto can rely on there, over http on this machine too.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { launch, newPage, noForeign, signIn, signOut } from "./lib.mjs";
import { CLIENT_ID, startProvider } from "./provider.mjs";

const COOKIES = ["lax", "strict"].map((kind) => `__Host-${kind}=1; Path=/; Secure; HttpOnly; SameSite=${kind}`);
const asked = [];
const service = createServer((request, response) => {
  asked.push({ path: request.url.split("?")[0], cookie: request.headers.cookie ?? "" });
  response.writeHead(200, { "content-type": "text/html", "set-cookie": COOKIES }).end("<!doctype html><title>Service</title>");
}).listen(0, "127.0.0.1");
await once(service, "listening");
const base = `http://127.0.0.1:${service.address().port}`;
const browser = await launch();
const secret = "a secret of the tests";
const [same, other] = [await startProvider({ base, secret }), await startProvider({ base, secret, host: "localhost" })];
after(async () => {
  await Promise.all([browser.close(), same.close(), other.close()]);
  service.close();
});

function authorize(issuer) {
  const code_challenge = createHash("sha256").update("v".repeat(43)).digest("base64url");
  const asks = { client_id: CLIENT_ID, redirect_uri: `${base}/cruscotto/entra/ritorno`, response_type: "code", scope: "openid", state: "s" };
  return `${issuer}/auth?${new URLSearchParams({ ...asks, code_challenge, code_challenge_method: "S256" })}`;
}

for (const javaScriptEnabled of [true, false]) {
  test(`in and out again, ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const page = await newPage(t, browser, { javaScriptEnabled });
    const watched = await noForeign(page, [base, other.issuer], [/favicon/]);
    await page.goto(authorize(other.issuer));
    await signIn(page, "a-subject", base);
    const back = new URL(page.url());
    assert.equal(back.pathname, "/cruscotto/entra/ritorno");
    assert.equal(back.searchParams.get("iss"), other.issuer);
    const where = new URLSearchParams({ client_id: CLIENT_ID, post_logout_redirect_uri: `${base}/cruscotto/entra` });
    await page.goto(`${other.issuer}/session/end?${where}`);
    await signOut(page, base);
    assert.equal(new URL(page.url()).pathname, "/cruscotto/entra");
    watched.check();
  });
}

test("an issuer at localhost is another site: a strict cookie does not come back from it, a lax one does", async (t) => {
  for (const [issuer, cookies] of [[same.issuer, ["lax", "strict"]], [other.issuer, ["lax"]]]) {
    const page = await newPage(t, browser);
    await page.goto(base);
    // By a link of the service, as a user goes.
    await page.evaluate((to) => { location.href = to; }, authorize(issuer));
    await signIn(page, "a-subject", base);
    const { cookie } = asked.findLast(({ path }) => path === "/cruscotto/entra/ritorno");
    const came = ["lax", "strict"].filter((kind) => cookie.includes(`__Host-${kind}=1`));
    assert.deepEqual(came, cookies, issuer);
  }
});

test("two issuers have their own sessions in one browser", async (t) => {
  const page = await newPage(t, browser);
  const third = await startProvider({ base, secret });
  t.after(() => third.close());
  for (const issuer of [same.issuer, third.issuer]) {
    await page.goto(authorize(issuer));
    await signIn(page, "a-subject", base);
  }
  await page.goto(authorize(same.issuer));
  assert.equal(new URL(page.url()).searchParams.get("iss"), same.issuer, "still signed in there");
});
