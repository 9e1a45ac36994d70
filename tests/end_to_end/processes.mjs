// What the tests start carries a mark in its environment, so that a test can show that nothing of it was left behind.

import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";

export const top = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const packages = join(top, "build/npm/node_modules");
const programs = resolve(top, process.env.POLICY_BIN ?? "build/bin");
export const policyd = join(programs, "policyd");
export const policyc = join(programs, "policyc");

const MARK = "POLICY_TEST_MARK";
const mark = randomUUID();

// The environment for whatever a test starts; `extra` is added to it.
export function environment(extra = {}) {
  return { PATH: process.env.PATH, HOME: process.env.HOME ?? "/", ...extra, [MARK]: mark };
}

// Processes that carry the mark: {pid, command} each.
function marked() {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${MARK}=${mark}`)) continue;
      found.push({ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ") });
    } catch {
      // It ended while we looked, or is another user's.
    }
  }
  return found;
}

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Waits until `condition()` holds; throws when it does not within the time.
export async function eventually(condition, { within_ms = 10_000, what = "the condition" } = {}) {
  const deadline = Date.now() + within_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not come about within ${within_ms} ms`);
    await sleep(20);
  }
}

// Fails, and ends what is left, if anything that carries the mark outlives the time given.
export async function assertNothingLeft({ within_ms = 5_000 } = {}) {
  try {
    await eventually(() => marked().length === 0, { within_ms });
  } catch {
    const left = marked();
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    throw new Error(`left behind: ${left.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`);
  }
}

// A directory of this test file, gone when its tests are over.
let scratchPath;
export function scratch() {
  if (scratchPath === undefined) scratchPath = mkdtempSync(join(tmpdir(), "policy-test-"));
  return scratchPath;
}

// What a test that failed did not close is closed after the last one, so that it is not taken for a process left behind.
const closers = [];
export const closeAfterwards = (close) => closers.push(close);

after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
  if (scratchPath !== undefined) rmSync(scratchPath, { recursive: true, force: true });
  await assertNothingLeft();
});
