// Limits hold over processes: several `policyd run` of one user share what a grant may use, and it survives a restart.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "./processes.mjs";
import { behindPolicyd, lenient } from "./servers.mjs";
import { openWire } from "./wire.mjs";

function sharedState(name) {
  const path = join(scratch(), name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

const isLimited = (answer) => answer.result.isError === true && /^\[POLICY LIMITED\] /.test(answer.result.content[0].text);
const calls = (path) => readFileSync(path, "utf8").split("\n").filter((line) => line.includes('"tools/call"')).length;
const policyFile = join(scratch(), "shared.json");

test("four processes at once on a limit of 50: exactly 50 calls pass", async () => {
  writeFileSync(policyFile, JSON.stringify({
    version: "1",
    default: "deny",
    tools: { echo: { limits: [{ counter: "calls", window: "day", max: 50 }] } },
  }));
  const state = sharedState("four");
  const records = [0, 1, 2, 3].map((i) => join(scratch(), `four-${i}.txt`));
  const wires = records.map((record) => openWire(behindPolicyd(lenient(record), policyFile, { state })));
  await Promise.all(wires.map((wire) => wire.initialize()));
  const outcomes = await Promise.all(wires.map(async (wire) => {
    let passed = 0;
    for (let i = 0; i < 40; i++) {
      const answer = await wire.call(i, "echo");
      if (!isLimited(answer)) passed += answer.result.isError ? assert.fail(JSON.stringify(answer)) : 1;
    }
    return passed;
  }));
  assert.equal(outcomes.reduce((sum, n) => sum + n, 0), 50, outcomes.join());
  for (const wire of wires) await wire.close();
  assert.equal(records.map(calls).reduce((sum, n) => sum + n, 0), 50);
});

test("a pipelined burst of 200 calls on a limit of 30: exactly 30 reach the server", async () => {
  const record = join(scratch(), "burst.txt");
  const wire = openWire(behindPolicyd(lenient(record), {
    version: "1",
    default: "deny",
    tools: { echo: { rate_limit: { max: 30, window: "day" } } },
  }));
  await wire.initialize();
  const burst = Array.from({ length: 200 }, (_, id) =>
    JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "echo", arguments: {} } })).join("\n");
  wire.send(burst);
  let limited = 0;
  for (let i = 0; i < 200; i++) limited += isLimited(JSON.parse((await wire.next()).toString("utf8"))) ? 1 : 0;
  assert.equal(limited, 170);
  await wire.close();
  assert.equal(calls(record), 30);
});

test("a denied call uses nothing up", async () => {
  const wire = openWire(behindPolicyd(lenient(join(scratch(), "denied.txt")), {
    version: "1",
    default: "deny",
    tools: {
      echo: {
        deny_if: [{ conditions: [{ path: "args.bad", op: "eq", value: true, absent: false }], on_deny: "bad" }],
        limits: [{ counter: "calls", window: "day", max: 2 }],
      },
    },
  }));
  await wire.initialize();
  for (let i = 0; i < 5; i++) assert.match((await wire.call(`d${i}`, "echo", { bad: true })).result.content[0].text, /DENIED/);
  for (let i = 0; i < 2; i++) assert.equal((await wire.call(`a${i}`, "echo")).result.content[0].text, "done");
  assert.ok(isLimited(await wire.call("last", "echo")));
  await wire.close();
});
