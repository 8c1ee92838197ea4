// Debian's Chromium against the demo server: Connect-ES by gRPC-Web, CORS, downloads that are cut off and go on.
//
//   node main.mjs PROGRAM NORM SCRATCH     # the data of the demo are where the program finds them; beside this file, stubs/ of the protos
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { calls } from "./calls.mjs";
import { same } from "./check.mjs";
import { downloads } from "./downloads.mjs";
import { pages } from "./pages.mjs";
import { Proxy } from "./proxy.mjs";
import { serve } from "./service.mjs";

const [program, norm, scratch] = process.argv.slice(2);
const run = promisify(execFile);
const token = async (soggetto) => (await run(program, ["token", "--soggetto", soggetto])).stdout.trim();

const file = (name) => new URL(name, import.meta.url).pathname;
await build({ entryPoints: [file("page/page.js")], bundle: true, format: "esm", outfile: file("page/bundle.js"), logLevel: "error" });
const [listed, other] = [await pages(file("page")), await pages(file("page"))];
const service = await serve(program, listed.origin, scratch);
let browser, proxy;
try {
  proxy = await Proxy.to(service.address);
  const extension = file("extension");
  browser = await chromium.launchPersistentContext(`${scratch}/profile`, {
    executablePath: "/usr/bin/chromium",
    args: [`--disable-extensions-except=${extension}`, `--load-extension=${extension}`],
    ignoreDefaultArgs: ["--disable-extensions"],
  });
  const base = `http://${service.address}`;
  const [full, restricted] = [await token("demo-mlps-ammortizzatori"), await token("demo-mef-rgs")];
  await calls(browser, { base, listed: listed.origin, other: other.origin, full, restricted });
  // By the Download call: `omnia get`.
  const get = async (norm) => {
    const got = `${scratch}/get.xlsx`;
    const env = { ...process.env, OMNIA_CLIENT__SERVER: base, OMNIA_CLIENT__TOKEN: full };
    await run(program, ["get", "decreti", "--normativa", norm, "--file", got], { env });
    return got;
  };
  await downloads(browser, { base, proxy, full, norm, scratch, get });
} finally {
  await browser?.close();
  proxy?.close();
  for (const one of [listed, other]) one.close();
  same("the server stops cleanly", await service.stop(), 0);
}
