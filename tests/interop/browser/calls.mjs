// Connect-ES in a page of a listed origin, and in one of another.
import { holds, same } from "./check.mjs";

const NORM = "DL109-2018-ART44";
const PERMISSION_DENIED = 7;

export async function calls(context, { base, listed, other, full, restricted }) {
  const json = async (path) => {
    const answer = await fetch(base + path, { headers: { authorization: `Bearer ${full}` } });
    return answer.json();
  };
  const page = await open(context, listed);
  const report = await page.evaluate((args) => calls.report(...args), [base, full, NORM]);
  const byRest = await json(`/v1/report-sintetico?normativa=${NORM}`);
  const expected = { autorizzati: byRest.totale.importi_autorizzati, rilevazione: byRest.rilevazione.numero };
  same("Connect-ES reads a report by gRPC-Web", report, expected);

  const read = await page.evaluate((args) => calls.exported(...args), [base, full, NORM]);
  const { totali } = await json(`/v1/normative/${NORM}/decreti/totali`);
  const whole = read.intestazione === 1 && read.lotti > 1 && read.chiusura === totali.righe;
  holds("Connect-ES reads a stream to its chiusura", whole && read.righe === Number(totali.righe), read);

  const refused = await page.evaluate((args) => calls.refused(...args), [base, restricted, NORM, "00743110157"]);
  const { message, ...told } = refused;
  const reason = "ERROR_REASON_FILTER_DENIED";
  same("a refusal has its code, reason and text", told, { code: PERMISSION_DENIED, reason, isKnown: true, locale: "it-IT" });
  holds("and its message", message.length > 0, message);

  const file = await page.evaluate((args) => calls.resource(...args), [`${base}/v1/report-sintetico/file?formato=FORMATO_FILE_CSV`, full]);
  const named = /^attachment; filename=/.test(file.disposition) && /^"[0-9a-f]+"$/.test(file.etag);
  holds("a page reads a file with its name and its ETag", file.status === 200 && named && file.body.includes(NORM), file);

  // The same page from an origin that is not listed: the browser keeps the answers from it.
  const stranger = await open(context, other);
  const said = [];
  stranger.on("console", (line) => said.push(line.text()));
  for (const [what, call] of [
    ["a report by gRPC-Web", (args) => calls.report(...args)],
    ["a resource", ([base, token]) => calls.resource(`${base}/v1/rilevazioni`, token)],
  ]) {
    const failed = await stranger.evaluate(call, [base, full, NORM]).then(() => "answered", (error) => error.message);
    holds(`CORS keeps ${what} from a page of elsewhere`, /Failed to fetch/.test(failed), failed);
  }
  holds("and Chromium names CORS", said.some((line) => line.includes("blocked by CORS policy")), said);
}

async function open(context, origin) {
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => document.title === "ready");
  return page;
}
