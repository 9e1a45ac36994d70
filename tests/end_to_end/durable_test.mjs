// A day's budget in front of a real server: over restarts, edits of the policy, and a folder that an earlier policyd wrote.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { environment, eventually, policyd, scratch, sleep } from "./processes.mjs";
import { behindPolicyd, everything } from "./servers.mjs";
import { openWire } from "./wire.mjs";

// A zone in which it is about noon, so that no day ends while the test runs.
const hour = new Date().getUTCHours();
const zone = hour === 12 ? "UTC" : hour < 12 ? `Etc/GMT-${12 - hour}` : `Etc/GMT+${hour - 12}`;

const state = join(scratch(), "state");
mkdirSync(state, { mode: 0o700 });
const policyPath = join(scratch(), "budget.json");

function writePolicy(max) {
  writeFileSync(`${policyPath}.new`, JSON.stringify({
    version: "1",
    default: "deny",
    zone,
    tools: { "get-sum": { limits: [{ counter: "spend", window: "day", max, cost: "args.a", scale: 2 }] } },
  }));
  renameSync(`${policyPath}.new`, policyPath);
}

// What passes of `amounts`, each a call of the server's `get-sum`.
async function spend(wire, amounts) {
  let passed = 0;
  for (const [i, a] of amounts.entries()) {
    const { result } = await wire.call(`${i}-${Math.random()}`, "get-sum", { a, b: 0 });
    if (result.isError !== true) passed += a;
    else assert.match(result.content[0].text, /^\[POLICY LIMITED\] /);
  }
  return passed;
}

async function session() {
  const wire = openWire(behindPolicyd(everything, policyPath, { state }));
  await wire.initialize();
  return wire;
}

function used() {
  const done = spawnSync(policyd, ["limits", "show", "spend", "--state", state, "--format", "json"], {
    env: environment(), encoding: "utf8",
  });
  assert.equal(done.status, 0, done.stderr);
  const [row] = JSON.parse(done.stdout).limits;
  assert.equal(row.window, `day ${zone}`);
  return row.used;
}

// CRC-32C.
function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test("a day's budget is one budget, whatever starts, ends and changes", async () => {
  writePolicy(100);
  let wire = await session();
  assert.equal(await spend(wire, [12.5, 12.5]), 25);
  assert.equal(used(), "25.00");
  await wire.close();

  wire = await session(); // a restart
  assert.equal(await spend(wire, [50, 30]), 50);
  assert.equal(used(), "75.00");

  writePolicy(110); // a reload with a larger maximum
  await eventually(() => wire.stderr().includes("is in force"), { what: "the edited policy" });
  await sleep(150); // a refusal stands for so long
  assert.equal(await spend(wire, [30, 20]), 30);
  assert.equal(used(), "105.00");
  wire.child.kill("SIGKILL");
  await wire.exited;

  wire = await session(); // after kill -9: what was leased and not used is lost, 1/100 at most
  const last = await spend(wire, [3.9, 5]);
  assert.equal(last, 3.9);
  await wire.close();

  // The folder as an earlier policyd left it: version 1 of the pool, and no identity.
  const pool = readFileSync(join(state, "pool"));
  assert.equal(pool.readUInt32LE(8), 2);
  pool.writeUInt32LE(1, 8);
  pool.writeUInt32LE(checksum(pool.subarray(0, 20)), 20);
  writeFileSync(join(state, "pool"), pool);
  renameSync(join(state, "identity"), join(scratch(), "identity"));

  wire = await session();
  assert.equal(readFileSync(join(state, "pool")).readUInt32LE(8), 2);
  assert.equal(await spend(wire, [5, 1.2]), 0);
  await wire.close();
});
