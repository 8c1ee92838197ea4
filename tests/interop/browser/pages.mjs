// Serves the page, from an origin of its own.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";

const FILES = { "/": ["index.html", "text/html"], "/bundle.js": ["bundle.js", "text/javascript"] };

/** The origin of a server of these files, and how it is closed. */
export async function pages(folder) {
  const server = createServer(async (request, response) => {
    const [name, type] = FILES[request.url] ?? [];
    if (name === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": type }).end(await readFile(`${folder}/${name}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
