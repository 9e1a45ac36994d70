// policyc pin against real servers, in both eras and over both transports, and policyd under the lock that it wrote.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { closeAfterwards, environment, eventually, packages, policyc, scratch, top } from "./processes.mjs";
import { allowAll, behindPolicyd, everything, example, filesystem, memory } from "./servers.mjs";

const node = process.execPath;
let files = 0;
const lockPath = () => join(scratch(), `lock-${files++}.json`);
const toolsOf = (lock, server) => Object.keys(JSON.parse(readFileSync(lock)).servers[server].tools);

// Ends with {status, out, err}.
function pin(...words) {
  return new Promise((done) => {
    const child = spawn(policyc, ["pin", ...words], { env: environment() });
    const said = { out: "", err: "" };
    child.stdout.on("data", (bytes) => { said.out += bytes; });
    child.stderr.on("data", (bytes) => { said.err += bytes; });
    child.on("close", (status) => done({ status, ...said }));
  });
}

function start(command, extra = {}) {
  const child = spawn(command[0], command.slice(1), { env: environment(extra), stdio: ["ignore", "pipe", "pipe"] });
  closeAfterwards(() => child.kill("SIGKILL"));
  return child;
}

const servers = { everything, filesystem: filesystem(scratch()), memory };
for (const [name, command] of Object.entries(servers)) {
  test(`server-${name}: pinned over stdio, verified, and listed whole under its lock`, async () => {
    const lock = lockPath();
    const pinned = await pin("-o", lock, "--server", name, "--", ...command);
    assert.equal(pinned.status, 0, pinned.err);
    const before = readFileSync(lock);
    assert.equal((await pin("-o", lock, "--server", name, "--verify", "--", ...command)).status, 0);
    assert.equal((await pin("-o", lock, "--server", name, "--", ...command)).status, 0);
    assert.deepEqual(readFileSync(lock), before, "the same tools are the same bytes");
    const [[, connect]] = clients;
    const session = await connect(behindPolicyd(command, allowAll, { options: ["--tools", lock] }));
    assert.deepEqual((await session.tools()).map((tool) => tool.name).sort(), toolsOf(lock, name));
    await session.close();
  });
}

test("a tool that is not in the lock is neither listed nor run, and no argument that no schema names", async () => {
  const lock = lockPath();
  const dingtalk = example("dingtalk");
  assert.equal((await pin("-o", lock, "--server", "dingtalk", "--", ...dingtalk)).status, 0);
  const kept = JSON.parse(readFileSync(lock));
  delete kept.servers.dingtalk.tools.dingtalk_configure;
  writeFileSync(lock, JSON.stringify(kept));
  const changed = await pin("-o", lock, "--server", "dingtalk", "--verify", "--", ...dingtalk);
  assert.equal(changed.status, 1);
  assert.match(changed.out, /^new +dingtalk_configure$/m);
  const [[, connect]] = clients;
  const session = await connect(behindPolicyd(dingtalk, allowAll, { options: ["--tools", lock] }));
  const names = (await session.tools()).map((tool) => tool.name);
  assert.ok(names.includes("dingtalk_send_text") && !names.includes("dingtalk_configure"));
  for (const [name, args] of [
    ["dingtalk_configure", { webhook: "http://127.0.0.1:1/" }],
    ["dingtalk_notify_task_complete", {}],  // runs though no list ever names it
    ["dingtalk_send_text", { content: "hello", extra: 1 }],
  ]) {
    const result = await session.call(name, args);
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /^\[POLICY DENIED\] /);
  }
  await session.close();
});

test("server-everything over Streamable HTTP", async () => {
  const port = await new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address();
      probe.close(() => done(free));
    });
  });
  start([node, join(packages, "@modelcontextprotocol/server-everything/dist/index.js"), "streamableHttp"], { PORT: port });
  const lock = lockPath();
  const url = `http://127.0.0.1:${port}/mcp`;
  await eventually(async () => (await pin("-o", lock, "--server", "everything", "--url", url)).status === 0);
  const over = lockPath();
  assert.equal((await pin("-o", over, "--server", "everything", "--", ...everything)).status, 0);
  assert.deepEqual(toolsOf(lock, "everything"), toolsOf(over, "everything"));
});

test("the stateless era, from a server that knows no other", async () => {
  const child = start([node, join(top, "tests/end_to_end/modern_http_server.mjs")]);
  const url = await new Promise((done) => { createInterface(child.stdout).once("line", done); });
  const lock = lockPath();
  const pinned = await pin("-o", lock, "--url", url);
  assert.equal(pinned.status, 0, pinned.err);
  assert.deepEqual(toolsOf(lock, "modern-http"), ["greet", "part"]);
});

test("the stateless era over stdio", async () => {
  const lock = lockPath();
  const modern = [node, join(top, "tests/end_to_end/modern_server.mjs")];
  assert.equal((await pin("-o", lock, "--", ...modern)).status, 0);
  assert.deepEqual(toolsOf(lock, "modern"), ["forbidden", "greet", "hidden"]);
});

test("a server that cannot be asked leaves the lock alone", async () => {
  const lock = lockPath();
  for (const source of [["--", "false"], ["--", "no-such-command"], ["--url", "http://127.0.0.1:1/mcp"], ["--url", "file:///etc/passwd"]]) {
    const { status, err } = await pin("-o", lock, ...source);
    assert.equal(status, 2);
    assert.match(err, /^policyc: /);
    assert.throws(() => readFileSync(lock));
  }
});
