// An MCP server that believes everything: it writes down each line that it gets, as it gets it, and answers what it can
// make out. Whatever a strict proxy lets through that it should not have is seen in its record.
//
//   node lenient_server.mjs RECORD [SCRIPT]
//
// SCRIPT is a JSON object: method, or "tools/call NAME", to the raw text of a result. The text goes out as it is, with
// nothing changed: numbers beyond 2^53, U+2028 and odd spacing included.

import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

const [record, scriptPath] = process.argv.slice(2);
const script = scriptPath === undefined ? {} : JSON.parse(readFileSync(scriptPath, "utf8"));
writeFileSync(record, "");

const initialize = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: "lenient", version: "1" },
};
const tools = ["echo", "other"].map((name) => ({ name, inputSchema: { type: "object" } }));

const standard = {
  initialize: JSON.stringify(initialize),
  "tools/list": JSON.stringify({ tools }),
  "tools/call": JSON.stringify({ content: [{ type: "text", text: "done" }] }),
};

// The id exactly as it was sent, so that the answer can be compared byte by byte.
const rawId = (line) => /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9.eE+-]+)/.exec(line)?.[1];

function answer(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return;
  }
  const id = rawId(line);
  if (message?.method === undefined || id === undefined) return;
  const result =
    script[`${message.method} ${message.params?.name}`] ?? script[message.method] ?? standard[message.method];
  const body = result === undefined ? '"error":{"code":-32601,"message":"Method not found"}' : `"result":${result}`;
  process.stdout.write(`{"jsonrpc":"2.0","id":${id},${body}}\n`);
}

let rest = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let at; (at = rest.indexOf(10)) >= 0; rest = rest.subarray(at + 1)) {
    const line = rest.subarray(0, at);
    appendFileSync(record, Buffer.concat([line, Buffer.from("\n")]));
    answer(line.toString("utf8"));
  }
});
