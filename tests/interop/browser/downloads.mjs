// Chromium and curl download an XLSX, are cut off in the middle, and go on where they were.
//
// A link has no Authorization, and what a test adds to the requests of a page (extra headers, a rule of an extension) Chromium leaves out when
// it goes on with a download: its download manager asks without the page. So an extension has it download, with the header: that it keeps.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { holds, same } from "./check.mjs";

const run = promisify(execFile);
const RIGHE = 100_000;
// In tenths of a second: how long a download may take, and how long Chromium may leave it.
const [TENTHS, IDLE] = [1200, 10];

export async function downloads(context, { base, proxy, full, norm, scratch, get }) {
  const path = `/v1/normative/${norm}/decreti`;
  const headers = { authorization: `Bearer ${full}` };
  const { totali } = await (await fetch(`${base}${path}/totali`, { headers })).json();
  holds(`the file has ${RIGHE} rows`, Number(totali.righe) >= RIGHE, totali);
  const url = `${proxy.url}${path}/file?formato=FORMATO_FILE_XLSX`;
  const [worker] = context.serviceWorkers();
  const extension = worker ?? (await context.waitForEvent("serviceworker"));

  // The first time nobody had the file yet, and the answer does not say its size; the second time it does.
  const digests = [];
  for (const [which, bytes] of [["a file of unknown size", 1_000_000], ["a file of known size", 1_500_000]]) {
    proxy.cutAfter(bytes);
    const { item, told } = await completed(extension, await begin(extension, url, full));
    wentOn(proxy, `Chromium is cut off in ${which} and goes on ${told ? "when it is told to" : "by itself"}`, /^if-range: "/im);
    digests.push(await digest(item.filename));
  }
  const [first, second] = digests;
  same("both are the same file", second, first);

  proxy.cutAfter(2_000_000);
  const file = `${scratch}/curl.xlsx`;
  const curl = ["-sS", "-H", `authorization: Bearer ${full}`, "-o", file, "-C", "-", url];
  const cut = await run("curl", curl).then(() => 0, (error) => error.code);
  holds("curl is cut off", [18, 56].includes(cut), cut);
  await run("curl", curl);
  wentOn(proxy, "curl -C - goes on", /^range: /im);
  same("and has the same file", await digest(file), first);

  same("it is that of the Download call", await digest(await get(norm)), first);
}

function begin(extension, url, token) {
  const download = ([url, token]) =>
    chrome.downloads.download({ url, headers: [{ name: "authorization", value: `Bearer ${token}` }] });
  return extension.evaluate(download, [url, token]);
}

/** Waits for the whole file. Where Chromium does not go on by itself, its user tells it to. */
async function completed(extension, id) {
  let [told, idle] = [false, 0];
  for (let tenths = 0; tenths < TENTHS; tenths += 1) {
    const [item] = await extension.evaluate((id) => chrome.downloads.search({ id }), id);
    if (item.state === "complete") return { item, told };
    idle = item.state === "interrupted" ? idle + 1 : 0;
    if (idle === IDLE && !told) {
      told = true;
      await extension.evaluate((id) => chrome.downloads.resume(id), id);
    }
    await sleep(100);
  }
  throw new Error("interop (browser): the download does not end");
}

/** That the request after the one that was cut off asked for the rest, and got it. */
function wentOn(proxy, what, condition) {
  const asked = proxy.log.find((head) => head.startsWith("GET") && /^range: bytes=/im.test(head));
  const told = proxy.log.find((head) => head.startsWith("HTTP/1.1 206"));
  const begins = Number(/^range: bytes=(\d+)-/im.exec(asked)?.[1]);
  const range = told?.toLowerCase().includes(`content-range: bytes ${begins}-`);
  holds(`${what} (Range, 206)`, begins > 0 && range && condition.test(asked), proxy.log);
}

async function digest(file) {
  return createHash("sha256").update(await readFile(file)).digest("hex");
}
