// What `./dev run` shows: a real MCP server behind policyd, and a real client calling its tools. Ends with 1 if anything
// comes out otherwise than it should.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const here = dirname(fileURLToPath(import.meta.url));
const top = resolve(here, "../..");
const policyd = join(resolve(top, process.env.POLICY_BIN ?? "build/bin"), "policyd");
const policy = relative(top, join(here, "policy.json"));
const server = [
  process.execPath,
  join(top, "build/npm/node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
  "stdio",
];

// The calls, and how the policy is to take each.
const calls = [
  ["echo", { message: "hello" }, "allowed"],
  ["get-structured-content", { location: "Chicago" }, "allowed"],
  ["echo", { message: "my password is 1234" }, "denied"],
  ["echo", { message: 1234 }, "denied"],
  ["get-structured-content", { location: "New York" }, "denied"],
  ["get-sum", { a: 2, b: 5000 }, "denied"],
  ["get-tiny-image", {}, "denied"],
  ["get-env", {}, "denied"],
  ["get-sum", { a: 1, b: 1 }, "allowed"],
  ["get-sum", { a: 2, b: 2 }, "allowed"],
  ["get-sum", { a: 3, b: 3 }, "allowed"],
  ["get-sum", { a: 4, b: 4 }, "limited"],
];

async function connect(command, args) {
  const client = new Client({ name: "demonstration", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command, args, cwd: top, env: process.env, stderr: "ignore" }));
  return client;
}

const names = async (client) => (await client.listTools()).tools.map(({ name }) => name);

function outcome(result) {
  const text = result.content[0]?.text ?? "";
  if (text.startsWith("[POLICY LIMITED]")) return "limited";
  return text.startsWith("[POLICY ") ? "denied" : "allowed";
}

const state = mkdtempSync(join(tmpdir(), "policy-demonstration-"));
let surprises = 0;
try {
  const direct = await connect(server[0], server.slice(1));
  const all = await names(direct);
  await direct.close();

  const options = ["run", "--policy", policy, "--state", state, "--init-state", "--"];
  console.log(`A client calls server-everything through policyd:

  policyd run --policy ${policy} -- mcp-server-everything
`);
  const client = await connect(policyd, [...options, ...server]);
  const shown = await names(client);
  const hidden = all.filter((name) => !shown.includes(name));
  console.log(`  tools/list shows ${shown.length} of ${all.length} tools; hidden: ${hidden.join(", ")}\n`);
  if (hidden.join() !== "get-env") surprises++;

  for (const [tool, args, expected] of calls) {
    const result = await client.callTool({ name: tool, arguments: args });
    const got = outcome(result);
    if (got !== expected) surprises++;
    const call = `${tool} ${JSON.stringify(args)}`;
    const answer = (result.content[0]?.text ?? "").replaceAll("\n", " ");
    console.log(`  ${got.padEnd(8)} ${call.padEnd(50)} ${answer}${got === expected ? "" : `   (${expected} was expected)`}`);
  }
  await client.close();
} finally {
  rmSync(state, { recursive: true, force: true });
}
console.log(surprises === 0 ? "\nAll as the policy says." : `\n${surprises} came out otherwise than the policy says.`);
process.exitCode = surprises === 0 ? 0 : 1;
