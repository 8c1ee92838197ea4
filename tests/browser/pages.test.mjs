// Every page in every state: accessible, narrow, by keyboard, still, light, and as it was after a reload.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BASE, PAGES, PUBLIC, PROVIDER, choose } from "./cruscotto.mjs";
import { axe, launch, layoutShift, newPage, noForeign, noOverflow, tabStops, weight } from "./lib.mjs";

// kB that a first view may weigh.
const LIGHT = 300;
const browser = await launch();
after(() => browser.close());

/** A context that has signed in, for all pages of a test. */
async function official(t, options, profile = "mlps-ammortizzatori") {
  const page = await newPage(t, browser, { locale: "it-IT", ...options });
  await choose(page, profile);
  return page;
}

for (const [name, viewport] of [["wide", { width: 1280, height: 900 }], ["narrow", { width: 320, height: 640 }]]) {
  test(`axe, width, language and stillness, ${name}`, async (t) => {
    const page = await official(t, { viewport });
    const watched = await noForeign(page, [BASE, PROVIDER], [/status of 4\d\d/]);
    for (const path of [...PUBLIC, ...PAGES]) {
      await page.goto(`${BASE}${path}`);
      assert.equal(await page.locator("html").getAttribute("lang"), "it", path);
      assert.equal(await page.locator("h1").count(), 1, path);
      await axe(page);
      await noOverflow(page);
      assert.ok((await layoutShift(page, 150)) === 0, `${path} moves by itself`);
    }
    watched.check();
  });
}

test("at 200 % zoom nothing is cut", async (t) => {
  // What a browser does at 200 %: half the pixels of CSS in the same window.
  const page = await official(t, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 });
  for (const path of PAGES) {
    await page.goto(`${BASE}${path}`);
    await noOverflow(page);
  }
});

test("by keyboard alone, with a focus that is seen", async (t) => {
  const page = await official(t, { viewport: { width: 1280, height: 900 } });
  for (const path of [...PUBLIC, ...PAGES]) {
    await page.goto(`${BASE}${path}`);
    const stops = await tabStops(page, 300);
    assert.equal(stops[0].name, "Vai al contenuto", path);
    for (const { role, name, element } of stops) assert.ok(name, `${path}: ${role} ${element} has no name`);
  }
});

test("a first view is light", async (t) => {
  const signedIn = await official(t, {});
  const state = await signedIn.context().storageState();
  for (const path of PAGES) {
    const page = await newPage(t, browser, { storageState: state });
    const bytes = await weight(page, `${BASE}${path}`);
    assert.ok(bytes <= LIGHT * 1000, `${path} weighs ${bytes} bytes`);
    await page.close();
  }
});

for (const javaScriptEnabled of [true, false]) {
  test(`reload and back show the same, ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const page = await official(t, { javaScriptEnabled });
    const shown = () => page.locator("main").innerText();
    for (const path of PAGES) {
      await page.goto(`${BASE}${path}`);
      const before = await shown();
      await page.reload();
      assert.equal(await shown(), before, path);
      await page.goto(`${BASE}/cruscotto/guida`);
      await page.goBack();
      assert.equal(await shown(), before, path);
    }
  });
}

test("print has no menus", async (t) => {
  const page = await official(t, {});
  await page.emulateMedia({ media: "print" });
  for (const path of PAGES) {
    await page.goto(`${BASE}${path}`);
    assert.ok(!(await page.locator("nav[aria-label=Pagine]").isVisible()), path);
    await axe(page);
  }
});
