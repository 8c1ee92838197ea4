// The helpers themselves: each lets a good page pass and finds what is wrong with a bad one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { axe, launch, layoutShift, newPage, noForeign, noOverflow, noToken, tabStops, weight } from "./lib.mjs";

const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const CF = "RSSMRA80A01H501U";
// As strict as a page can be, so that the helpers are seen not to depend on it.
const STRICT = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const LOOSE = "default-src * 'unsafe-inline'";
const STYLE = ":focus-visible { outline: 3px solid #06c } body { background: #fff; color: #222; overflow-wrap: anywhere }";
const FORM = '<a href="#main">Skip</a><main id="main"><h1>Good</h1><form><label>Year <input name="y"></label><button>Show</button></form></main>';
// Enough for compression to be seen.
const PROSE = `<p>${"An appropriation is watched. ".repeat(400)}</p>`;
const TABLE = '<p style="width: 700px">wide</p>';
const RADIOS = '<input type="radio" name="r" id="one"><label for="one">One</label>';
const SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>';
const MOVED = `<div id="moved"></div><p>below</p><script>setTimeout(() => { moved.style.height = "300px" }, 100)</script>`;

const GOOD = [STRICT, `${FORM}${PROSE}<p>${CF}</p>`];
const PAGES = {
  "/good": GOOD,
  "/autofocus": [STRICT, FORM.replace("<input", "<input autofocus")],
  "/unlabelled": [STRICT, '<h1>Bad</h1><input name="y"><img src="/none.gif">'],
  "/contrast": [LOOSE, '<h1>Bad</h1><p style="color: #bbb">grey on white</p>'],
  "/wide": [LOOSE, TABLE],
  "/scrolls": [LOOSE, `<div tabindex="0" style="overflow-x: auto">${TABLE}</div>`],
  "/moves": [LOOSE, MOVED],
  "/grows": [LOOSE, '<img alt="" src="/late.svg"><p>below</p>'],
  "/foreign": [LOOSE, '<img alt="" src="http://localhost:1/a.gif">'],
  "/policy": ["default-src 'self'", '<p style="color: red">inline</p>'],
  "/reported": ["", '<p style="color: red">inline</p>', { "content-security-policy-report-only": "style-src 'self'" }],
  "/throws": [LOOSE, "<script>throw new Error('on purpose')</script>"],
  "/token": [STRICT, `</body></html><!-- ${JWT} -->`],
  "/stored": [LOOSE, `<script>sessionStorage.t = "${JWT}"</script>`],
  "/local": [LOOSE, `<script>localStorage.t = "${JWT}"</script>`],
  "/cookie": [LOOSE, "", { "set-cookie": `t=${JWT}` }],
  "/person": [STRICT, `<p>${CF.toLowerCase()}</p>`],
  "/no-outline": [LOOSE, '<a href="/">first</a><a href="/" id="plain" style="outline: none">second</a>'],
  "/transparent": [LOOSE, '<a href="/" style="outline-color: transparent">first</a>'],
  "/same-shadow": [LOOSE, '<a href="/" style="outline: none; box-shadow: 0 0 3px #000">first</a>'],
  "/shadow": [LOOSE, `<style>a:focus { outline: none; box-shadow: 0 0 3px #000 }</style><a href="/">first</a>${RADIOS}`],
  "/off-screen": [LOOSE, '<a href="/" style="position: absolute; left: -999px">first</a>'],
  "/trap": [LOOSE, '<button id="a" onkeydown="event.preventDefault()">Trap</button>'],
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://a");
  if (pathname === "/style.css") return response.setHeader("content-type", "text/css").end(STYLE);
  if (pathname === "/favicon.ico") return response.writeHead(204).end();
  if (pathname === "/late.svg") return setTimeout(() => response.setHeader("content-type", "image/svg+xml").end(SQUARE), 300);
  if (pathname === "/moved") return response.writeHead(302, { location: "/good" }).end();
  const [policy, body, heads = {}] = PAGES[pathname] ?? [];
  if (body === undefined) return response.writeHead(404).end("not found");
  if (policy) response.setHeader("content-security-policy", policy);
  const compressed = gzipSync(`<!doctype html><html lang="en"><head><title>Page</title>
    <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head><body>${body}</body></html>`);
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-encoding": "gzip", ...heads }).end(compressed);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();
after(async () => {
  await browser.close();
  server.close();
});

const open = async (t, path, options) => {
  const page = await newPage(t, browser, options);
  await page.goto(base + path);
  return page;
};
const narrow = { viewport: { width: 320, height: 640 } };

for (const javaScriptEnabled of [true, false]) {
  test(`a good page passes, ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const page = await newPage(t, browser, { ...narrow, javaScriptEnabled });
    const watched = await noForeign(page, [base]);
    await page.goto(`${base}/good`);
    await axe(page);
    await noOverflow(page);
    await noToken(page, [CF]);
    const stops = (await tabStops(page)).map(({ role, name }) => `${role} ${name}`);
    assert.deepEqual(stops, ["link Skip", "textbox Year", "button Show"]);
    watched.check();
  });
}

const BAD = [
  ["axe", axe, { "/unlabelled": /image-alt[^]*label \(critical\)/, "/contrast": /color-contrast/ }],
  ["noOverflow", noOverflow, { "/wide": /is 7\d\d px wide in a window of 320 px: <p>$/ }],
  ["noToken", (page) => noToken(page), {
    "/token": /source: eyJ/,
    "/stored": /sessionStorage: eyJ/,
    "/local": /localStorage: eyJ/,
    "/cookie": /document.cookie: eyJ/,
    "/person": /source: rssmra/,
    [`/autofocus?u=%22${JWT}`]: /URL: eyJ/,
    [`/autofocus#${CF}`]: /URL: RSS/,
  }],
  ["tabStops", (page) => tabStops(page, 5), {
    "/no-outline": /not seen on link "second" <a id="plain">$/,
    "/transparent": /not seen/,
    "/same-shadow": /not seen/,
    "/off-screen": /not seen/,
    "/trap": /not come back|not back/,
  }],
];
for (const [name, check, pages] of BAD) {
  for (const [path, message] of Object.entries(pages)) {
    test(`${name} finds ${path.slice(0, 20)}`, async (t) => {
      const page = await open(t, path, narrow);
      await assert.rejects(check(page), { name: "AssertionError", message });
    });
  }
}

test("what scrolls in its own box is no overflow", async (t) => {
  await noOverflow(await open(t, "/scrolls", narrow));
});

test("a shadow of its own shows the focus, and a walk begins at the top wherever the focus was", async (t) => {
  assert.equal((await tabStops(await open(t, "/shadow"))).length, 2);
  assert.deepEqual((await tabStops(await open(t, "/autofocus"))).map(({ role }) => role), ["link", "textbox", "button"]);
});

test("noForeign finds what is asked elsewhere, violated policies and errors", async (t) => {
  const bad = { "/foreign": /elsewhere: http:\/\/localhost:1/, "/policy": /Content-Security-Policy: style-src/, "/reported": /Policy: style-src/,
    "/throws": /script: on purpose/, "/none": /console: .*404/ };
  for (const [path, message] of Object.entries(bad)) {
    const page = await newPage(t, browser);
    const watched = await noForeign(page, [base]);
    await page.goto(base + path, { waitUntil: "networkidle" });
    assert.throws(() => watched.check(), { name: "AssertionError", message }, path);
  }
  const page = await newPage(t, browser);
  const watched = await noForeign(page, [base, "http://localhost:1"], [/404/, /ERR_/]);
  for (const path of ["/none", "/foreign"]) await page.goto(base + path, { waitUntil: "networkidle" });
  watched.check();
});

test("layoutShift measures what moves, by a script or without any", async (t) => {
  assert.equal(await layoutShift(await open(t, "/good")), 0);
  for (const [path, javaScriptEnabled] of [["/moves", true], ["/grows", false]]) {
    const moved = await layoutShift(await open(t, path, { javaScriptEnabled }));
    assert.ok(moved > 0.005, `${path}: ${moved}`);
  }
});

test("weight counts compressed bytes, also those of a redirect, and each time anew", async (t) => {
  const page = await newPage(t, browser);
  const first = await weight(page, `${base}/good`);
  assert.ok(first > 600 && first < PROSE.length / 4, `${first}`);
  assert.equal(await weight(page, `${base}/good`), first);
  assert.ok((await weight(page, `${base}/moved`)) > first + 50);
});
