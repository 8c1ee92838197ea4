// The demo server, which pages of one origin may call.
import { once } from "node:events";
import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const COMES_UP_IN = 1200;

/** Its address, and how it is stopped. */
export async function serve(program, origins, scratch) {
  const [out, err] = ["out", "err"].map((name) => `${scratch}/browser.${name}`);
  const env = { ...process.env, OMNIA_WEB__ORIGINS: origins };
  const stdio = ["ignore", openSync(out, "w"), openSync(err, "w")];
  const server = spawn(program, ["demo"], { env, stdio });
  const ended = once(server, "exit");
  for (let tenths = 0; tenths < COMES_UP_IN && server.exitCode === null; tenths += 1) {
    const address = /^Serving on ([0-9.:]+)/m.exec(await readFile(out, "utf8"))?.[1];
    if (address !== undefined) {
      const stop = async () => {
        server.kill("SIGINT");
        const [code] = await ended;
        return code;
      };
      return { address, stop };
    }
    await sleep(100);
  }
  server.kill("SIGKILL");
  throw new Error(`interop (browser): the demo server does not come up\n${await readFile(err, "utf8")}`);
}
