// The conformance suite of MCP, against a server with everything it asks for: as without policyd, check by check, in both eras.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { environment, eventually, packages, scratch } from "./processes.mjs";
import { serve, start } from "./serve.mjs";
import { allowAll } from "./servers.mjs";

const suite = join(packages, "@modelcontextprotocol/conformance/dist/index.js");

const command = [process.execPath, fileURLToPath(new URL("conformance_server.mjs", import.meta.url))];
const direct = start(command);
await eventually(() => direct.text.includes("\n"), { what: "the conformance server" });
const url = direct.text.split("\n")[0];
const policyd = await serve({
  workers: 2,
  servers: { conformance: { url, policy: allowAll }, child: { command: [...command, "--stdio"], policy: allowAll } },
});

// Statuses of all checks of a run, by scenario and check.
async function run(at, revision, name) {
  const output = join(scratch(), `${name}-${revision}`);
  const child = spawn(process.execPath, [suite, "server", "--url", at, "--requirements", revision, "-o", output],
    { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const code = await new Promise((resolve) => child.on("exit", resolve));
  const checks = {};
  for (const scenario of readdirSync(output)) {
    const label = scenario.replace(/-\d{4}-\d\d-\d\dT.*$/, "");
    for (const { id, status, errorMessage } of JSON.parse(readFileSync(join(output, scenario, "checks.json"), "utf8"))) {
      // policyd answers with JSON where a server's stream held nothing but the answer: noted, and as good.
      const isStreamed = id === "server-sse-multiple-streams" || label === "server-server-sse-multiple-streams";
      checks[`${label}: ${id}`] = isStreamed && status === "INFO" ? "SUCCESS" : status === "FAILURE" ? `FAILURE ${errorMessage}` : status;
    }
  }
  return { code, checks, said };
}

const passed = (checks) => Object.values(checks).filter((status) => status === "SUCCESS").length;

for (const [revision, least] of [["2025-11-25", 70], ["2026-07-28", 140]]) {
  test(`${revision}: as direct`, { timeout: 240_000 }, async () => {
    const without = await run(url, revision, "direct");
    assert.equal(without.code, 0, without.said);
    assert.ok(passed(without.checks) >= least, `${passed(without.checks)} checks passed without policyd`);
    const behind = await run(policyd.at("conformance"), revision, "policyd");
    assert.deepEqual(behind.checks, without.checks);
    assert.equal(behind.code, 0, behind.said);
  });
}

// What only a server of that era itself can say: names of its own for what it asks, all of it at once, what `_meta` told it.
const ownWords = ["sep-2322-elicitation-incomplete", "sep-2322-multiple-inputs-incomplete", "sep-2322-respect-client-capabilities"];

for (const revision of ["2025-11-25", "2026-07-28"]) {
  test(`${revision}: a child that speaks the legacy era alone`, { timeout: 240_000 }, async () => {
    const { checks } = await run(policyd.at("child"), revision, "child");
    const failed = Object.entries(checks).filter(([check, status]) => status.startsWith("FAILURE") && !check.startsWith("server-tasks-"));
    const expected = revision === "2025-11-25" ? [] : ownWords;
    assert.deepEqual(failed.map(([check]) => check.split(": ")[1]).sort(), expected, JSON.stringify(failed, null, 2));
    assert.ok(passed(checks) >= (revision === "2025-11-25" ? 70 : 140));
  });
}
