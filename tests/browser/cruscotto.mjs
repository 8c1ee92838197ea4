// The Cruscotto, by the hands of an official.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { signIn } from "./lib.mjs";

export const { BASE, PROVIDER, PROGRAM } = process.env;
/** A norm with decrees and a cap, one whose cap is exceeded, one without a cap. */
export const [NORM, OVER, UNCAPPED] = ["DL109-2018-ART44", "DLGS148-2015-ART44C7", "DLGS148-2015-ART22TER"];
const DETAIL = `/cruscotto/dettaglio/${NORM}`;

/** Every page that needs a session, in the states that look different. */
export const PAGES = [
  "/cruscotto",
  `/cruscotto?normativa=${NORM}`,
  "/cruscotto?dal=2026-12-31&al=2026-01-01",
  "/cruscotto?dal=1999-01-01&al=1999-12-31",
  "/cruscotto?rilevazione=3&ordina=residuo_autorizzato&verso=desc",
  DETAIL,
  `${DETAIL}?numero_decreto=nessuno`,
  `${DETAIL}?codifica_sistema_unico=x&dal=x`,
  `/cruscotto/dettaglio/${OVER}`,
  "/cruscotto/andamento",
  `/cruscotto/andamento?normativa=${NORM}&prestazione=CIGS&anno=2026`,
  `/cruscotto/andamento?normativa=${OVER}&prestazione=CIGS&anno=2025`,
  `/cruscotto/andamento?normativa=${UNCAPPED}&prestazione=CIGS&anno=2026`,
  "/cruscotto/capienza",
  `/cruscotto/capienza?normativa=${NORM}&prestazione=CIGS&importo=1.000.000%2C00&validita_dal=2026-01-01&validita_al=2027-06-30`,
  `/cruscotto/capienza?normativa=${NORM}&prestazione=CIGS&importo=x&validita_dal=2027-01-01&validita_al=2026-01-01`,
  "/cruscotto/confronto",
  "/cruscotto/confronto?da=11&a=12",
  "/cruscotto/confronto?da=12&a=12",
  `/cruscotto/confronto/righe?da=11&a=12&normativa=${NORM}`,
  "/cruscotto/accesso",
  "/cruscotto/nulla",
];
/** Those that need none. */
export const PUBLIC = ["/cruscotto/entra", "/cruscotto/guida", "/cruscotto/accessibilita"];

/** Signs in at the provider as the demo's user of a profile, from the page that was wanted. */
export async function enter(page, profile, path = "/cruscotto") {
  await page.goto(`${BASE}${path}`);
  await page.getByRole("button", { name: "Provider of the tests" }).click();
  await page.waitForURL((url) => url.origin === PROVIDER);
  await signIn(page, `demo-${profile}`, BASE);
  assert.equal(new URL(page.url()).pathname, path.split("?")[0]);
}

/** Signs in by choice: for what is not about signing in. */
export async function choose(page, profile, path = "/cruscotto") {
  await page.goto(`${BASE}/cruscotto/entra?dopo=${encodeURIComponent(path)}`);
  await page.getByRole("button", { name: profile, exact: true }).click();
  await page.waitForURL((url) => url.pathname === path.split("?")[0]);
}

/** "1.234.567,80 €" in cents. */
export function cents(text) {
  const digits = text.replace(/[^\d,−-]/g, "").replace("−", "-");
  assert.match(digits, /^-?\d+,\d\d$/, `not an amount: ${text}`);
  return BigInt(digits.replace(",", ""));
}

/** A command of the program, on the service's own database. */
export function omnia(...args) {
  return execFileSync(PROGRAM, args, { encoding: "utf8" });
}
