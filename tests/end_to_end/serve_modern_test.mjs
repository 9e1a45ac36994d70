// The stateless era through policyd serve, with the client that speaks it: in front of a server that speaks it too, and
// of one that does not.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { connectV2 } from "./clients.mjs";
import { closeAfterwards, environment, eventually, top } from "./processes.mjs";
import { ask, serve } from "./serve.mjs";
import { allowAll, everything } from "./servers.mjs";

const era = "2026-07-28";

async function modernServer() {
  const child = spawn(process.execPath, [join(top, "tests/end_to_end/modern_http_server.mjs")],
    { env: environment(), stdio: ["ignore", "pipe", "ignore"] });
  closeAfterwards(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  await eventually(() => text.includes("/mcp"), { what: "the modern server" });
  return text.trim();
}

const upstream = await modernServer();
const proxy = await serve({
  workers: 3,
  servers: {
    modern: { url: upstream, policy: allowAll },
    guarded: { url: upstream, policy: { version: "1", default: "deny", hide: ["part"], tools: { greet: {} } } },
    child: { command: everything, policy: allowAll },
    limited: { command: everything, policy: { version: "1", default: "deny", tools: { echo: { rate_limit: { max: 3, window: "day" } } } } },
  },
});

test("a modern server: as direct, under a policy that allows all", async () => {
  const observe = async (session) => [
    session.client.getServerCapabilities(), await session.tools(), await session.call("greet"), await session.call("part"),
  ];
  const direct = await connectV2(upstream, { era });
  const behind = await connectV2(proxy.at("modern"), { era });
  assert.deepEqual(await observe(behind), await observe(direct));
  await direct.close();
  await behind.close();
});

test("a modern server: hidden tools are not listed, and denials are results", async () => {
  const session = await connectV2(proxy.at("guarded"), { era });
  assert.deepEqual((await session.tools()).map(({ name }) => name), ["greet"]);
  assert.ok(!(await session.call("greet")).isError);
  const denied = await session.call("part");
  assert.equal(denied.isError, true);
  assert.match(denied.content[0].text, /^\[POLICY DENIED\] /);
  await session.close();
});

test("a legacy child: stateless clients are answered, and asked", async () => {
  const session = await connectV2(proxy.at("child"), { era });
  assert.ok((await session.tools()).some(({ name }) => name === "echo"));
  assert.match(JSON.stringify(await session.call("echo", { message: "hello" })), /hello/);
  assert.match(JSON.stringify(await session.call("trigger-sampling-request", { prompt: "hello", maxTokens: 10 })), /sampled by the client/);
  for (let round = 0; round < 6; ++round) {
    assert.match(JSON.stringify(await session.call("trigger-elicitation-request")), /Ada/);
  }
  await session.close();
});

test("a legacy child: many clients with the same ids at once get their own answers", async () => {
  const body = (message) => ({
    jsonrpc: "2.0", id: 1, method: "tools/call",
    params: {
      name: "echo", arguments: { message },
      _meta: { "io.modelcontextprotocol/protocolVersion": era, "io.modelcontextprotocol/clientCapabilities": {} },
    },
  });
  const headers = { "MCP-Protocol-Version": era, "Mcp-Method": "tools/call", "Mcp-Name": "echo" };
  await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const answer = await ask(proxy.at("child"), { body: body(`message ${index}`), headers });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.json().result.content[0].text, new RegExp(`message ${index}$`));
    assert.equal(answer.json().result.resultType, "complete");
  }));
  const limited = await Promise.all(Array.from({ length: 10 }, () => ask(proxy.at("limited"), { body: body("x"), headers })));
  assert.equal(limited.filter((answer) => !answer.json().result.isError).length, 3);
});

test("ends in order, and leaves no child", async () => {
  assert.deepEqual(await proxy.stop(), { code: 0, signal: null });
});
