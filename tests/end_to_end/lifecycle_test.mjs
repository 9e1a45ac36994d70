// How policyd begins and ends: no process stays behind, a server that dies is answered for, an edited policy takes effect.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertNothingLeft, eventually, scratch } from "./processes.mjs";
import { allowAll, behindPolicyd, lenient } from "./servers.mjs";
import { openWire } from "./wire.mjs";

const shell = (script) => ["/bin/sh", "-c", script];
const records = () => join(scratch(), `record-${Math.random()}.txt`);

test("when the client closes, the server and its children end", async () => {
  const [command, ...args] = lenient(records());
  const wire = openWire(behindPolicyd(shell(`sleep 1000 & exec "${command}" "${args.join('" "')}"`), allowAll));
  await wire.initialize();
  assert.equal((await wire.call(1, "echo")).result.content[0].text, "done");
  await wire.close();
  await assertNothingLeft({ within_ms: 3_000 });
});

test("a server that ignores the end of its input and SIGTERM is ended", async () => {
  const wire = openWire(behindPolicyd(shell("trap '' TERM; while :; do sleep 1; done"), allowAll));
  await new Promise((done) => setTimeout(done, 300));
  await Promise.race([wire.close(), new Promise((_, fail) => setTimeout(() => fail(new Error("did not end")), 15_000))]);
  await assertNothingLeft();
});

test("when policyd is killed, the server sees the end of its input and ends", async () => {
  const wire = openWire(behindPolicyd(lenient(records()), allowAll));
  await wire.initialize();
  wire.child.kill("SIGKILL");
  await wire.exited;
  await assertNothingLeft();
});

test("SIGTERM ends policyd and its server", async () => {
  const wire = openWire(behindPolicyd(lenient(records()), allowAll));
  await wire.initialize();
  wire.child.kill("SIGTERM");
  await wire.exited;
  await assertNothingLeft();
});

test("a server that dies in the middle of a call is answered for", async () => {
  const wire = openWire(behindPolicyd(shell("read line; read line; exit 3"), allowAll));
  wire.send({ jsonrpc: "2.0", id: 1, method: "ping" });
  wire.send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "echo", arguments: {} } });
  const ids = [];
  for (let i = 0; i < 2; i++) {
    const answer = JSON.parse((await wire.next()).toString("utf8"));
    assert.ok(answer.error !== undefined || answer.result?.isError, JSON.stringify(answer));
    ids.push(answer.id);
  }
  assert.deepEqual(ids.sort(), [1, 2]);
  const { code } = await wire.close();
  assert.equal(code, 3);
});

test("run ends with its child's status", async () => {
  const wire = openWire(behindPolicyd(shell("cat >/dev/null; exit 7"), allowAll));
  assert.equal((await wire.close()).code, 7);
});

test("a command that cannot be started, and a policy that is wrong, end with 2", async () => {
  for (const wire of [
    openWire(behindPolicyd(["/no/such/server"], allowAll)),
    openWire(behindPolicyd(lenient(records()), { version: "1", default: "perhaps" })),
    openWire(behindPolicyd(lenient(records()), join(scratch(), "no-such-policy.json"))),
  ]) {
    assert.equal((await wire.exited).code, 2, wire.stderr());
    assert.notEqual(wire.stderr(), "");
  }
});

test("256 KB of stderr before an answer do not block", async () => {
  const [command, ...args] = lenient(records());
  const wire = openWire(behindPolicyd(
    shell(`head -c 262144 /dev/zero | tr '\\0' 'x' >&2; exec "${command}" "${args.join('" "')}"`), allowAll));
  await wire.initialize();
  await wire.close();
});

test("lines from the server that are not messages are dropped, and the session lives", async () => {
  const [command, ...args] = lenient(records());
  const wire = openWire(behindPolicyd(
    shell(`echo 'starting up'; echo '{"half":'; exec "${command}" "${args.join('" "')}"`), allowAll));
  await wire.initialize();
  assert.equal((await wire.call(1, "echo")).result.content[0].text, "done");
  await wire.close();
});

test("a good edit takes effect at the next call and keeps the counters, a bad one changes nothing", async () => {
  const path = join(scratch(), "edited.json");
  const entry = (rest) => ({ limits: [{ counter: "calls", window: "day", max: 3 }], ...rest });
  const write = (value) => {
    writeFileSync(`${path}.new`, typeof value === "string" ? value : JSON.stringify(value));
    renameSync(`${path}.new`, path);
  };
  write({ version: "1", default: "deny", tools: { echo: entry({}) } });
  const wire = openWire(behindPolicyd(lenient(records()), path));
  await wire.initialize();
  let id = 0;
  const text = async (tool) => (await wire.call(id++, tool)).result.content[0].text;
  assert.equal(await text("echo"), "done");
  assert.match(await text("other"), /DENIED/);

  write({ version: "1", default: "deny", tools: { echo: entry({}), other: {} } });
  await eventually(async () => (await text("other")) === "done", { what: "the new policy" });
  assert.equal(await text("echo"), "done");

  const before = wire.stderr().length;
  write('{ "version": "1", "default": "allow", ');
  await eventually(() => wire.stderr().length > before, { what: "a word about the bad policy" });
  assert.equal(await text("other"), "done");
  assert.equal(await text("echo"), "done");
  assert.match(await text("echo"), /LIMITED/);
  assert.match(await text("third"), /DENIED/);
  await wire.close();
});

test("an edit of the lock or of an included file takes effect as one of the policy does", async () => {
  const folder = join(scratch(), "parts");
  mkdirSync(join(folder, "org"), { recursive: true });
  const write = (name, text) => {
    writeFileSync(join(folder, "new"), text);
    renameSync(join(folder, "new"), join(folder, name));
  };
  const lock = (...names) => JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: { type: "object" } })) });
  write("org/tools.json", lock("echo"));
  write("org/base.policy", 'tool "*o*" { allow }\n');
  write("main.policy", 'default deny\nuse tools "org/tools.json"\ninclude "org/base.policy"\n');
  const wire = openWire(behindPolicyd(lenient(records()), join(folder, "main.policy")));
  await wire.initialize();
  let id = 0;
  const text = async (tool) => (await wire.call(id++, tool)).result.content[0].text;
  assert.equal(await text("echo"), "done");
  assert.match(await text("other"), /the lock holds no tool `other`/);

  write("org/tools.json", lock("echo", "other"));
  await eventually(async () => (await text("other")) === "done", { what: "the new lock" });

  const before = wire.stderr().length;
  write("org/base.policy", "tool echo { alow }\n");
  await eventually(() => wire.stderr().slice(before).includes("org/base.policy:1:"), { what: "a word about the bad file" });
  assert.equal(await text("other"), "done");

  write("org/base.policy", "tool echo { allow }\n");
  await eventually(async () => /DENIED/.test(await text("other")), { what: "the new rules" });
  assert.equal(await text("echo"), "done");
  await wire.close();
});

test("the decision log has a line a call, without argument values, for its owner only", async () => {
  const log = join(scratch(), "decisions.jsonl");
  const wire = openWire(behindPolicyd(lenient(records()), { version: "1", default: "deny", tools: { echo: {} } },
    { options: ["--log", log] }));
  await wire.initialize();
  await wire.call(1, "echo", { message: "hunter2" });
  await wire.call(2, "other", { message: "hunter2" });
  await wire.close();
  const text = readFileSync(log, "utf8");
  assert.ok(!text.includes("hunter2"), text);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  const decided = lines.filter((line) => line.method === "tools/call");
  assert.deepEqual(decided.map(({ tool, decision }) => [tool, decision]), [["echo", "allow"], ["other", "deny"]]);
  assert.deepEqual(decided[0].arg_keys, ["message"]);
  assert.equal(statSync(log).mode & 0o777, 0o600);
});
