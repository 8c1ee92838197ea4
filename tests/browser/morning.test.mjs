// An official's morning, from the sign-in to the sign-out, with scripts and without.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { BASE, NORM, PROVIDER, cents, enter } from "./cruscotto.mjs";
import { launch, newPage, noForeign, noToken, signOut } from "./lib.mjs";

const browser = await launch();
after(() => browser.close());

const text = async (page, selector) => (await page.locator(selector).first().textContent()).trim();

async function download(page, name) {
  const began = page.waitForEvent("download");
  await page.getByRole("link", { name, exact: true }).click();
  const file = await began;
  return readFileSync(await file.path(), "utf8");
}

for (const javaScriptEnabled of [true, false]) {
  test(`a morning ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const page = await newPage(t, browser, { javaScriptEnabled, locale: "it-IT" });
    const watched = await noForeign(page, [BASE, PROVIDER], [/favicon/]);
    const visited = [];
    page.on("framenavigated", (frame) => visited.push(frame.url()));
    await enter(page, "mlps-ammortizzatori");

    // Everything, then one norm; only then is there a detail.
    assert.match(await text(page, "#titolo-report"), /dati al 31\sagosto\s2026/);
    assert.ok(await page.getByRole("button", { name: "Accedi al dettaglio" }).isDisabled());
    await page.getByRole("checkbox", { name: new RegExp(NORM) }).check();
    await page.getByRole("button", { name: "Applica i filtri" }).click();
    const row = page.locator("tbody tr");
    assert.equal(await row.count(), 1);
    const figures = (await row.locator("td.num").allInnerTexts()).map((figure) => cents(figure.split("\n")[0]));
    const [cap, authorised, paid, leftAuthorised, leftPaid] = figures;
    assert.equal(cap - authorised, leftAuthorised);
    assert.equal(cap - paid, leftPaid);
    assert.equal(cents(await text(page, "tfoot td.num:nth-of-type(2)")), authorised);

    // The decrees behind it add up to it, and so does the file.
    await page.getByRole("link", { name: "Accedi al dettaglio" }).click();
    assert.equal(cents(await text(page, "#totale-autorizzati")), authorised);
    assert.equal(cents(await text(page, "#totale-erogati")), paid);
    const csv = await download(page, "CSV (RFC 4180)");
    const [head, ...lines] = csv.trim().split("\r\n");
    const column = head.split(",").indexOf("importi_autorizzati");
    const sum = lines.reduce((total, line) => total + BigInt(line.split(",")[column].replace(".", "")), 0n);
    assert.equal(sum, authorised, "the file's sum is the page's");
    const announced = (await text(page, "#totale-righe")).replace(".", "");
    assert.equal(String(lines.length), announced, "the file has the rows that were announced");

    // A company, found by a code that stands in no address.
    const company = (await text(page, "tbody td:nth-of-type(5)"));
    await page.getByLabel("Codice fiscale dell'azienda").fill(company);
    await page.getByRole("button", { name: "Applica i filtri" }).click();
    assert.match(page.url(), /ricerca=\d+/);
    const companies = new Set(await page.locator("tbody td:nth-of-type(5)").allTextContents());
    assert.deepEqual([...companies], [company]);
    await page.reload();
    assert.match(await text(page, "#titolo-righe"), /Dati al/);
    await page.goBack();
    await page.goForward();
    assert.match(await text(page, "#titolo-righe"), /Dati al/);

    // Does an agreement fit?
    await page.getByRole("link", { name: "Verifica capienza" }).click();
    await page.getByLabel("Normativa").selectOption({ value: NORM });
    await page.getByLabel("Importo").fill("1.000.000,00");
    await page.getByLabel(/^(Validità dal|Dal|Primo giorno)/).fill("2026-01-01");
    await page.getByLabel(/^(Validità al|Al|Ultimo giorno)/).fill("2026-12-31");
    await page.getByRole("button", { name: "Verifica" }).click();
    await page.locator("main table").first().waitFor();

    // What moved since the last rilevazione.
    await page.getByRole("link", { name: "Confronto", exact: true }).click();
    await page.locator("main table").first().waitFor();
    await page.getByRole("link", { name: "Andamento e proiezione" }).click();
    await page.getByLabel("Normativa").selectOption({ value: NORM });
    await page.locator("main form.filters button[type=submit]").first().click();
    await page.getByRole("img").first().waitFor();
    if (javaScriptEnabled) await noToken(page);

    // Out, here and at the provider.
    await page.getByRole("button", { name: "Esci" }).click();
    await page.waitForURL((url) => url.origin === PROVIDER);
    await signOut(page, BASE);
    await page.goto(`${BASE}/cruscotto`);
    assert.equal(new URL(page.url()).pathname, "/cruscotto/entra");
    for (const url of visited) assert.ok(!url.includes(company) && !/eyJ/.test(url), url);
    watched.check();
  });
}
