// What a page asks for elsewhere, and what the browser complains of.
import assert from "node:assert/strict";

/**
 * Watches all pages of the context of `page` from now on, so before the first `goto`: `check()` fails where something was asked of a host
 * other than `origins` (the service's, the provider's), where a Content-Security-Policy was violated (also one that only reports), or where
 * the console has an error. `expected`: patterns of console errors that are meant, such as of a page that is not found.
 */
export async function noForeign(page, origins, expected = []) {
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  const foreign = [];
  const complaints = [];
  const complain = (text) => { if (!expected.some((pattern) => pattern.test(text))) complaints.push(text); };
  const asked = (url) => {
    const { protocol, host } = new URL(url);
    if (/^(https?|wss?):$/.test(protocol) && !hosts.has(host)) foreign.push(url);
  };

  const watch = async (one) => {
    one.on("websocket", (socket) => asked(socket.url()));
    const cdp = await one.context().newCDPSession(one);
    // Chromium's own list of issues: the console does not have all of them.
    cdp.on("Audits.issueAdded", ({ issue }) => {
      const violation = issue.details.contentSecurityPolicyIssueDetails;
      if (violation) complain(`Content-Security-Policy: ${violation.violatedDirective} ${violation.blockedURL ?? violation.contentSecurityPolicyViolationType}`);
    });
    await cdp.send("Audits.enable");
  };
  const context = page.context();
  context.on("request", (request) => asked(request.url()));
  context.on("console", (line) => { if (line.type() === "error") complain(`console: ${line.text()} (${line.location().url})`); });
  context.on("weberror", (error) => complain(`script: ${error.error().message}`));
  // A page may be gone before it is watched.
  context.on("page", (one) => watch(one).catch(() => {}));
  await watch(page);

  const check = () => {
    const said = [...foreign.map((url) => `asked elsewhere: ${url}`), ...complaints];
    assert.ok(said.length === 0, `${page.url()}:\n  ${said.join("\n  ")}`);
  };
  return { check, foreign, complaints };
}
