// The inspector's command line through policyd: what a person sees who tries a server by hand.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { environment, packages } from "./processes.mjs";
import { behindPolicyd, everything } from "./servers.mjs";

const policy = {
  version: "1",
  default: "deny",
  hide: ["get-env"],
  tools: { echo: { deny_if: [{ conditions: [{ path: "args.message", op: "eq", value: "no" }], on_deny: "not that word" }] } },
};

// Runs the inspector against the command; gives what it printed, as JSON. Its own options stand before the first `--`, which
// it takes away; a second one belongs to policyd. It finds its package.json only from its own folder.
function inspect([command, ...args], ...options) {
  const folder = join(packages, "@modelcontextprotocol/inspector-cli/build");
  const child = spawn(process.execPath, [join(folder, "index.js"), command, ...options, "--", ...args],
    { cwd: folder, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve(JSON.parse(stdout)) : reject(new Error(`${code}: ${stdout}${stderr}`))));
  });
}

test("tools/list is filtered, and is otherwise as direct", async () => {
  const direct = await inspect(everything, "--method", "tools/list");
  const behind = await inspect(behindPolicyd(everything, policy), "--method", "tools/list");
  assert.ok(direct.tools.some(({ name }) => name === "get-env"));
  assert.deepEqual(behind, { ...direct, tools: direct.tools.filter(({ name }) => name !== "get-env") });
});

test("a call passes, and a denial is printed", async () => {
  const call = (message) =>
    inspect(behindPolicyd(everything, policy), "--method", "tools/call", "--tool-name", "echo", "--tool-arg", `message=${message}`);
  assert.match((await call("yes")).content[0].text, /yes/);
  const denied = await call("no");
  assert.equal(denied.isError, true);
  assert.match(denied.content[0].text, /^\[POLICY DENIED\] not that word/);
});
