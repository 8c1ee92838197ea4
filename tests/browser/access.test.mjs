// What each profile does not see, and how access ends.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BASE, NORM, PAGES, choose, enter, omnia } from "./cruscotto.mjs";
import { axe, launch, newPage, noToken } from "./lib.mjs";

const browser = await launch();
after(() => browser.close());
const DETAIL = `/cruscotto/dettaglio/${NORM}`;

test("what a profile lacks is not offered", async (t) => {
  const offers = {
    "mlps-ammortizzatori": ["Sintesi", "Andamento e proiezione", "Verifica capienza", "Confronto", "Il mio accesso"],
    "mlps-consultazione": ["Sintesi", "Andamento e proiezione", "Verifica capienza", "Confronto", "Il mio accesso"],
    "mef-rgs": ["Sintesi", "Andamento e proiezione", "Verifica capienza", "Confronto", "Il mio accesso"],
    "inps-gestione": ["Il mio accesso"],
    "inps-controllo": ["Il mio accesso"],
  };
  for (const profile of [...Object.keys(offers), "mef-sintesi"]) {
    const page = await newPage(t, browser);
    await choose(page, profile, "/cruscotto/accesso");
    const menu = await page.locator("nav[aria-label=Pagine] a").allTextContents();
    if (offers[profile]) assert.deepEqual(menu, offers[profile], profile);
    // Each page that is offered opens, and none shows a person to who may not see one.
    for (const path of PAGES) {
      const answer = await page.goto(`${BASE}${path}`);
      assert.ok(answer.status() < 500, `${profile} ${path}: ${answer.status()}`);
      if (profile !== "mlps-ammortizzatori") await noToken(page);
      if (answer.status() === 403) await axe(page);
    }
    await page.context().close();
  }
});

test("a person who is masked is explained, and the filter is not there", async (t) => {
  const page = await newPage(t, browser);
  await choose(page, "mef-rgs", DETAIL);
  assert.equal(await page.getByLabel("Codice fiscale dell'azienda").count(), 0);
  await page.locator("#coperti").waitFor();
  const companies = await page.locator("tbody td:nth-of-type(5)").allTextContents();
  assert.ok(companies.some((company) => company.startsWith("****************")));
});

test("a session that ends in mid-form", async (t) => {
  const page = await newPage(t, browser);
  await choose(page, "mlps-ammortizzatori", DETAIL);
  const other = await page.context().newPage();
  await other.goto(`${BASE}/cruscotto`);
  await other.getByRole("button", { name: "Esci" }).click();
  await page.getByLabel("Codice fiscale dell'azienda").fill("00743110157");
  await page.getByRole("button", { name: "Applica i filtri" }).click();
  await page.getByText("La sessione è terminata e il modulo non è stato inviato").waitFor();
  await axe(page);
  await page.getByRole("link", { name: "Accedi", exact: true }).click();
  assert.equal(new URL(page.url()).pathname, "/cruscotto/entra");
});

test("a deep link is shown after the sign-in", async (t) => {
  const page = await newPage(t, browser);
  await enter(page, "mef-rgs", `${DETAIL}?numero_decreto=1&rilevazione=3`);
  assert.equal(new URL(page.url()).search, "?numero_decreto=1&rilevazione=3");
});

test("somebody without a grant is told whom to write to", async (t) => {
  const page = await newPage(t, browser);
  await page.goto(`${BASE}/cruscotto`);
  await page.getByRole("button", { name: "Provider of the tests" }).click();
  await page.getByLabel("Login").fill("nessuno");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("abilitazioni@example.org").waitFor();
  await axe(page);
  assert.deepEqual((await page.context().cookies(BASE)).filter(({ name }) => name === "__Host-omnia"), []);
});

// Last: the grant is not given again.
test("a revocation while a page is open", async (t) => {
  const page = await newPage(t, browser);
  await choose(page, "mlps-consultazione", DETAIL);
  const list = omnia("grant", "list", "--soggetto", "demo-mlps-consultazione");
  const [id] = list.match(/\d+/);
  omnia("grant", "revoke", "--operatore", "prova", "--motivo", "prova", id);
  await page.getByRole("link", { name: "Il mio accesso" }).click();
  await page.getByText("è stata revocata").waitFor();
  await axe(page);
  await page.goto(`${BASE}${DETAIL}`);
  assert.equal(new URL(page.url()).pathname, "/cruscotto/entra");
});
