// What the tests of the pages share. Each check throws an AssertionError that says what is wrong and where.
//
// None of them needs the page to allow it anything: they work under any Content-Security-Policy, and in a context without scripts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export { tabStops } from "./focus.mjs";
export { noForeign } from "./foreign.mjs";
export { signIn, signOut } from "./sign_in.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Where scripts are off no timer ever fires, and axe waits for those that are due at once.
const AT_ONCE = `{
  const later = setTimeout;
  globalThis.setTimeout = (call, delay, ...given) => {
    if (delay > 0) return later(call, delay, ...given);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); call(...given); };
    port2.postMessage(0);
  };
}`;
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
// Not where it stands inside of something longer, as by chance in a hash.
const JWT = /(?<![\w-])eyJ[\w-]{10,}/g;
const CODICE_FISCALE = /(?<![A-Z0-9])[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z](?![A-Z0-9])/gi;

/** Debian's Chromium. */
export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox"] });
}

/** A page of a context of its own, which ends with the test `t`. The options are those of `browser.newContext`. */
export async function newPage(t, browser, options = {}) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  return context.newPage();
}

/** WCAG 2.1 A and AA, as far as axe can tell; without the rules that are only good practice. */
export async function axe(page) {
  const cdp = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await cdp.send("Page.getFrameTree");
    // A world apart, where the page's policy does not hold and where the page does not see it.
    const world = await cdp.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
    const ask = async (expression) => {
      const options = { contextId: world.executionContextId, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await cdp.send("Runtime.evaluate", { expression, ...options });
      assert.ok(!exceptionDetails, `axe does not run: ${exceptionDetails?.exception?.description ?? exceptionDetails?.text}`);
      return result.value;
    };
    await ask(`${AT_ONCE}; ${AXE}; undefined`);
    const wanted = { runOnly: { type: "tag", values: WCAG }, resultTypes: ["violations"] };
    const violations = await ask(`axe.run(document, ${JSON.stringify(wanted)}).then((found) => found.violations)`);
    assert.ok(violations.length === 0, `axe on ${page.url()}:\n${violations.map(told).join("\n")}`);
  } finally {
    await cdp.detach();
  }
}

function told({ id, impact, help, nodes }) {
  const places = nodes.map(({ target, html, failureSummary }) => {
    const why = failureSummary.split("\n").slice(1).map((line) => line.trim());
    return `    ${target.join(" ")}  ${html.slice(0, 160)}\n      ${why.join("\n      ")}`;
  });
  return `  ${id} (${impact}): ${help}\n${places.join("\n")}`;
}

/** The page is no wider than its window, whose size is the test's: `page.setViewportSize({ width: 320, height: 640 })`. */
export async function noOverflow(page) {
  const { inner, scroll, wide } = await page.evaluate(() => {
    const inner = window.innerWidth;
    const sticksOut = (element) => element.getBoundingClientRect().right > inner + 0.5;
    const outmost = [...document.body.querySelectorAll("*")].filter((element) => sticksOut(element) && !sticksOut(element.parentElement));
    const named = (element) => `<${element.localName}${element.id && ` id="${element.id}"`}${element.className && ` class="${element.className}"`}>`;
    return { inner, scroll: document.documentElement.scrollWidth, wide: outmost.slice(0, 10).map(named) };
  });
  assert.ok(scroll <= inner, `${page.url()} is ${scroll} px wide in a window of ${inner} px: ${wide.join(", ")}`);
}

/** How much of the page has moved by itself since it was opened, all shifts added up; it looks for `wait` ms more. */
export async function layoutShift(page, wait = 500) {
  const cdp = await page.context().newCDPSession(page);
  try {
    let sum = 0;
    cdp.on("PerformanceTimeline.timelineEventAdded", ({ event }) => {
      const { hadRecentInput, value } = event.layoutShiftDetails;
      if (!hadRecentInput) sum += value;
    });
    // What a PerformanceObserver is told, which tells nothing where scripts are off; what was before comes at once.
    await cdp.send("PerformanceTimeline.enable", { eventTypes: ["layout-shift"] });
    await page.waitForTimeout(wait);
    return sum;
  } finally {
    await cdp.detach();
  }
}

/** The bytes that a first view of `url` takes over the network: heads and compressed bodies of all answers. Opens it in `page`. */
export async function weight(page, url) {
  const cdp = await page.context().newCDPSession(page);
  try {
    let bytes = 0;
    cdp.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
    cdp.on("Network.requestWillBeSent", ({ redirectResponse }) => { bytes += redirectResponse?.encodedDataLength ?? 0; });
    await cdp.send("Network.enable");
    await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
    await page.goto(url, { waitUntil: "networkidle" });
    return bytes;
  } finally {
    await cdp.detach();
  }
}

/** The browser was given no token and no person's codice fiscale but those that are `allowed`, in any place that a script can read. */
export async function noToken(page, allowed = []) {
  const places = await page.evaluate(() => ({
    // A comment may stand outside of <html>.
    source: [...document.childNodes].map((node) => node.outerHTML ?? node.nodeValue ?? "").join(""),
    URL: location.href,
    localStorage: JSON.stringify({ ...localStorage }),
    sessionStorage: JSON.stringify({ ...sessionStorage }),
    "document.cookie": document.cookie,
  }));
  const accepted = new Set(allowed.map((one) => one.toUpperCase()));
  const found = [];
  for (const [place, text] of Object.entries(places)) {
    for (const read of new Set([text, decoded(text)])) {
      for (const [token] of read.matchAll(JWT)) found.push(`${place}: ${token.slice(0, 20)}…`);
      for (const [code] of read.matchAll(CODICE_FISCALE)) if (!accepted.has(code.toUpperCase())) found.push(`${place}: ${code}`);
    }
  }
  assert.ok(found.length === 0, `${page.url()} holds what the browser must not have:\n  ${[...new Set(found)].join("\n  ")}`);
}

/** Percent-encoding undone, where it is that. */
function decoded(text) {
  return text.replace(/%([0-7][0-9A-F])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
