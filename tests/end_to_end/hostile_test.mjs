// Messages that a lenient server would read otherwise than a strict one: none reaches the server, each is answered or
// dropped as its kind asks, and the next allowed call goes through.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "./processes.mjs";
import { behindPolicyd, lenient } from "./servers.mjs";
import { openWire } from "./wire.mjs";

const policy = {
  version: "1",
  default: "deny",
  tools: {
    echo: { deny_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 100, absent: 0 }], on_deny: "too much" }] },
  },
};

const call = (params) => `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;
const echo = (args) => call(`{"name":"echo","arguments":${args}}`);
const deep = (depth) => "[".repeat(depth) + "]".repeat(depth);
const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

// what, the line; `code`: answered with that error. `dropped`: a notification, not answered. `denied`: a tool result.
const refused = [
  ["duplicate tool name", call('{"name":"echo","name":"other","arguments":{}}'), -32600],
  ["duplicate method", '{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call","params":{"name":"other"}}', -32600],
  ["duplicate key in arguments", echo('{"amount":1,"amount":1000}'), -32600],
  ["duplicate key, escaped", echo('{"amount":1,"\\u0061mount":1000}'), -32600],
  ["duplicate key deep down", echo('{"a":[{"b":{"c":1,"c":2}}]}'), -32600],
  ["case variant of name", call('{"name":"echo","Name":"other","arguments":{}}'), -32600],
  ["case variant of method", '{"jsonrpc":"2.0","id":7,"method":"tools/call","METHOD":"ping","params":{"name":"echo"}}', -32600],
  ["case variant of arguments", call('{"name":"echo","arguments":{},"Arguments":{"amount":1000}}'), -32600],
  ["case variant of a path of the policy", echo('{"Amount":1000}'), -32600],
  ["long s as s", call('{"name":"echo","argument\u017f":{"amount":1000}}'), -32600],
  ["__proto__", echo('{"__proto__":{"amount":1000}}'), -32600],
  ["__proto__ in params", call('{"name":"echo","__proto__":{"arguments":{}}}'), -32600],
  ["invalid UTF-8", bytes('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"a":"', [0xff, 0xfe], '"}}}'), -32700],
  ["overlong UTF-8", bytes('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"a":"', [0xc0, 0xaf], '"}}}'), -32700],
  ["lone surrogate", echo('{"a":"\\ud800"}'), undefined],
  ["byte order mark", bytes([0xef, 0xbb, 0xbf], echo("{}")), -32700],
  ["raw CR inside", echo("{}").replace(',"method"', ',\r"method"'), undefined],
  ["two messages split by CR", `${'{"jsonrpc":"2.0","method":"notifications/x"}'}\r${echo('{"amount":1000}')}`, undefined],
  ["text after the value", `${echo("{}")} ${echo('{"amount":1000}')}`, -32700],
  ["half a message", '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"ec', -32700],
  ["comment", echo("{/* */}"), -32700],
  ["NaN", echo('{"amount":NaN}'), -32700],
  ["leading zero", echo('{"amount":01}'), -32700],
  ["trailing comma", echo('{"amount":1,}'), -32700],
  ["raw control character", echo('{"a":"\u0001"}'), -32700],
  ["too deep", echo(`{"a":${deep(100_000)}}`), undefined],
  ["too large", echo(`{"a":"${"x".repeat(9 << 20)}"}`), undefined],
  ["batch", `[${echo("{}")}]`, -32600],
  ["empty batch", "[]", -32600],
  ["not an object", '"tools/call"', -32600],
  ["id null", '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"echo","arguments":{}}}', -32600],
  ["id fractional", '{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"echo","arguments":{}}}', -32600],
  ["id beyond 2^53", '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"echo","arguments":{}}}', -32600],
  ["id a record", '{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"echo","arguments":{}}}', -32600],
  ["arguments a list", call('{"name":"echo","arguments":[1]}'), -32600],
  ["arguments null", call('{"name":"echo","arguments":null}'), -32600],
  ["params a list", call('["echo",{}]'), -32600],
  ["params absent", '{"jsonrpc":"2.0","id":7,"method":"tools/call"}', -32600],
  ["name a number", call('{"name":5,"arguments":{}}'), -32600],
  ["name absent", call('{"arguments":{}}'), -32600],
  ["method beside result", '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"},"result":{}}', -32600],
  ["method a number", '{"jsonrpc":"2.0","id":7,"method":5}', -32600],
  ["no version", '{"id":7,"method":"tools/call","params":{"name":"echo","arguments":{}}}', -32600],
  ["unknown method", '{"jsonrpc":"2.0","id":7,"method":"tools/run","params":{"name":"echo","arguments":{}}}', -32601],
  ["method of another case", '{"jsonrpc":"2.0","id":7,"method":"Tools/Call","params":{"name":"echo","arguments":{}}}', -32601],
];
const denied = [
  ["escaped method, denied tool", '{"jsonrpc":"2.0","id":7,"\\u006dethod":"tools\\u002fcall","params":{"name":"other","arguments":{}}}'],
  ["escaped tool name", call('{"name":"\\u006fther","arguments":{}}')],
  ["tool name of another case", call('{"name":"ECHO","arguments":{}}')],
  ["tool name with a space", call('{"name":"echo ","arguments":{}}')],
  ["tool name with NUL", call('{"name":"echo\\u0000","arguments":{}}')],
  ["amount too large", echo('{"amount":1000}')],
  ["amount as text", echo('{"amount":"1"}')],
  ["amount null", echo('{"amount":null}')],
  ["amount that rounds", echo('{"amount":99.9999999999999999}')],
  ["task-augmented", call('{"name":"other","arguments":{},"task":{"ttl":1000}}')],
];
const dropped = [
  ["call as a notification", '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{}}}'],
];

const record = join(scratch(), "record.txt");
const wire = openWire(behindPolicyd(lenient(record), policy));
await wire.initialize();
await wire.call("first", "echo", { amount: 1 }); // once it is answered, all that was sent before it is recorded
let number = 0;

// The next allowed call is answered, and is the only thing that was recorded since `before`.
async function nothingElseReached(before, what) {
  const id = `next-${number++}`;
  const answer = await wire.call(id, "echo", { amount: 1 });
  assert.equal(answer.result.content[0].text, "done", what);
  const reached = readFileSync(record).subarray(before.length).toString("utf8").trim().split("\n");
  assert.equal(reached.length, 1, `${what} reached the server: ${reached.join("\n").slice(0, 300)}`);
  assert.equal(JSON.parse(reached[0]).id, id);
}

for (const [what, line, code] of refused) {
  test(`refused: ${what}`, async () => {
    const before = readFileSync(record);
    wire.send(line);
    const answer = JSON.parse((await wire.next()).toString("utf8"));
    assert.ok(answer.error !== undefined, JSON.stringify(answer));
    if (code !== undefined) assert.equal(answer.error.code, code, JSON.stringify(answer));
    assert.ok(answer.id === 7 || answer.id === null, JSON.stringify(answer));
    assert.deepEqual(Object.keys(answer).sort(), ["error", "id", "jsonrpc"]);
    await nothingElseReached(before, what);
  });
}

for (const [what, line] of denied) {
  test(`denied: ${what}`, async () => {
    const before = readFileSync(record);
    wire.send(line);
    const answer = await wire.answer(7);
    assert.equal(answer.result?.isError, true, JSON.stringify(answer));
    assert.match(answer.result.content[0].text, /^\[POLICY DENIED\] /);
    await nothingElseReached(before, what);
  });
}

for (const [what, line] of dropped) {
  test(`dropped: ${what}`, async () => {
    const before = readFileSync(record);
    wire.send(line);
    await nothingElseReached(before, what);
  });
}

test("methods beside tools/call follow the policy's default", async () => {
  for (const method of ["resources/read", "resources/subscribe", "prompts/get", "completion/complete", "tasks/get", "tasks/result"]) {
    const before = readFileSync(record);
    wire.send({ jsonrpc: "2.0", id: 7, method, params: { uri: "file:///etc/passwd", name: "x", taskId: "1" } });
    const answer = await wire.answer(7);
    assert.ok(answer.error !== undefined || answer.result?.isError === true, JSON.stringify(answer));
    await nothingElseReached(before, method);
  }
});

test("the session ends in order", async () => {
  assert.equal((await wire.close()).code, 0);
});
