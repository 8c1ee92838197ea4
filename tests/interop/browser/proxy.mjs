// A TCP proxy that can cut a connection in the middle of an answer, and notes the heads that pass.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const TOLD = /^(GET|HTTP|range|if-range|content-range|content-length|transfer-encoding)/i;

export class Proxy {
  /** The heads, each as the lines that matter here. */
  log = [];
  #cutAfter = Infinity;
  #target;
  #server;

  static async to(address) {
    const proxy = new Proxy();
    const [host, port] = address.split(":");
    proxy.#target = { host, port: Number(port) };
    proxy.#server = createServer((client) => proxy.#pass(client)).listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** The next answer that has so many bytes is cut off there, and only that. */
  cutAfter(bytes) {
    this.#cutAfter = bytes;
    this.log = [];
  }

  close() {
    this.#server.close();
  }

  #pass(client) {
    const service = connect(this.#target);
    let given = 0;
    client.on("data", (bytes) => {
      // A connection is used again: what counts is the answer that comes now.
      if (this.#note(bytes, /^GET \/v1\//)) given = 0;
      service.write(bytes);
    });
    service.on("data", (bytes) => {
      this.#note(bytes, /^HTTP\/1\.1 /);
      given += bytes.length;
      client.write(bytes);
      if (given > this.#cutAfter) {
        this.#cutAfter = Infinity;
        client.destroy();
      }
    });
    for (const [one, other] of [[client, service], [service, client]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  }

  #note(bytes, begins) {
    const text = bytes.toString("latin1");
    if (!begins.test(text)) return false;
    const lines = text.split("\r\n\r\n")[0].split("\r\n");
    this.log.push(lines.filter((line) => TOLD.test(line)).join("\n"));
    return true;
  }
}
