// What the server says reaches the client byte by byte, and what the client says reaches the server so: only tools/list is
// changed, and there only what is hidden is cut out.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "./processes.mjs";
import { allowAll, behindPolicyd, lenient } from "./servers.mjs";
import { openWire } from "./wire.mjs";

const strange =
  '{ "content":[{"type":"text","text":"a\u2028b\u2029c\u0085 \\u00e9 \\ud83d\\ude00 \\/"}],"_meta":{"example.org/x":[1.0,-0.0,1e2,' +
  '9007199254740993,123456789012345678901234567890,1E400]},  "unknown":{"nested":[[],{}]},"structuredContent":{"n":1.0}}';

const tool = (name, rest = "") => `{"name":"${name}" , "inputSchema":{"type":"object","x-odd":1.0}${rest}}`;
const listed = (tools) =>
  `{"_meta":{"n":9007199254740993},"tools":[${tools}],"nextCursor":"page\u2028two","ttlMs":1.0,"unknown":[1e2]}`;

function script(name, replies) {
  const path = join(scratch(), name);
  writeFileSync(path, JSON.stringify(replies));
  return path;
}

test("replies keep their bytes", async () => {
  const record = join(scratch(), "replies.txt");
  const wire = openWire(behindPolicyd(lenient(record, script("replies.json", { "tools/call echo": strange })), allowAll));
  await wire.initialize();
  for (const id of ["1", '"one"', "0", '""', "-7", "9007199254740991", '"\\u0031\u2028"', "[]".length.toString()]) {
    wire.send(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{}}}`);
    assert.equal((await wire.next()).toString("utf8"), `{"jsonrpc":"2.0","id":${id},"result":${strange}}`);
  }
  assert.equal((await wire.close()).code, 0);
});

test("requests keep their bytes", async () => {
  const record = join(scratch(), "requests.txt");
  const wire = openWire(behindPolicyd(lenient(record), allowAll));
  await wire.initialize();
  const sent = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":9007199254740993,"m":1.0,"z":-0.0}}}',
    '{ "id" : "b", "params" : {"arguments":{"s":"a\u2028b\\u2028"},"_meta":{"x":1e2},"name":"echo"}, "method":"tools\\u002fcall", "jsonrpc":"2.0" }',
    '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","arguments":{"big":1e400,"long":123456789012345678901234567890}}}',
    '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"echo"}}',
  ];
  for (const line of sent) {
    wire.send(line);
    assert.match((await wire.next()).toString("utf8"), /"text":"done"/);
  }
  await wire.close();
  const lines = readFileSync(record, "utf8").split("\n");
  for (const line of sent) assert.ok(lines.includes(line), line);
});

test("a line that ends in CR LF is a line, and a character split over two writes is one", async () => {
  const record = join(scratch(), "split.txt");
  const wire = openWire(behindPolicyd(lenient(record), allowAll));
  await wire.initialize();
  const line = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"s":"\u20ac"}}}\r\n');
  const middle = line.indexOf(0x82);
  wire.write(line.subarray(0, middle));
  await new Promise((done) => setTimeout(done, 50));
  wire.write(line.subarray(middle));
  assert.match((await wire.next()).toString("utf8"), /"text":"done"/);
  await wire.close();
  assert.match(readFileSync(record, "utf8"), /"s":"\u20ac"/);
});

test("tools/list loses what is hidden and nothing else, on every page", async () => {
  const record = join(scratch(), "list.txt");
  const policy = { version: "1", default: "allow", hide: ["secret_*"] };
  const pages = [
    [[tool("a"), tool("secret_b", ',"title":"x"'), tool("c")].join(" ,\n".replace("\n", " ")), [tool("a"), tool("c")]],
    [tool("secret_only"), []],
    [[tool("secret_first"), tool("d")].join(","), [tool("d")]],
    [[tool("d"), tool("secret_last")].join(","), [tool("d")]],
    ["", []],
    [`${tool("a")},${tool("\\u0073ecret_escaped")}`, [tool("a")]],
  ];
  for (const [number, [given, kept]] of pages.entries()) {
    const wire = openWire(behindPolicyd(
      lenient(record, script(`list${number}.json`, { "tools/list": listed(given) })), policy));
    await wire.initialize();
    wire.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    const got = (await wire.next()).toString("utf8");
    const [before, after] = listed("\u0000").split("\u0000");
    assert.ok(got.startsWith(`{"jsonrpc":"2.0","id":1,"result":${before}`) && got.endsWith(`${after}}`), got);
    for (const entry of kept) assert.ok(got.includes(entry), got);
    assert.ok(!/ecret_/.test(got), got);
    assert.equal(JSON.parse(got).result.tools.length, kept.length);
    await wire.close();
  }
});

test("a list with nothing to hide keeps its bytes", async () => {
  const record = join(scratch(), "whole.txt");
  const result = listed([tool("a"), tool("b")].join(" , "));
  const wire = openWire(behindPolicyd(lenient(record, script("whole.json", { "tools/list": result })),
    { version: "1", default: "allow", hide: ["secret_*"] }));
  await wire.initialize();
  wire.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  assert.equal((await wire.next()).toString("utf8"), `{"jsonrpc":"2.0","id":1,"result":${result}}`);
  await wire.close();
});
