// server-everything behind policyd, seen by real clients: everything is as it is without policyd, but for what a policy
// takes away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { observe } from "./observe.mjs";
import { allowAll, behindPolicyd, everything } from "./servers.mjs";
import { openWire } from "./wire.mjs";

test("progress keeps its token and its bytes, and comes before the answer", async () => {
  const transcript = async (server, token) => {
    const wire = openWire(server);
    await wire.initialize();
    wire.send({
      jsonrpc: "2.0", id: 1, method: "tools/call",
      params: { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 }, _meta: { progressToken: token } },
    });
    const lines = [];
    while (lines.at(-1) === undefined || JSON.parse(lines.at(-1)).id !== 1) {
      const line = (await wire.next()).toString("utf8");
      if (!line.includes("list_changed")) lines.push(line);
    }
    await wire.close();
    return lines;
  };
  for (const token of ["seven", 7]) {
    const direct = await transcript(everything, token);
    assert.equal(direct.length, 4);
    assert.deepEqual(JSON.parse(direct[0]).params, { progress: 1, total: 3, progressToken: token });
    assert.deepEqual(await transcript(behindPolicyd(everything, allowAll), token), direct);
  }
});

for (const [label, connect] of clients) {
  test(`${label}: as direct, under a policy that allows all`, async () => {
    const direct = await connect(everything);
    const behind = await connect(behindPolicyd(everything, allowAll));
    const expected = await observe(direct);
    assert.match(JSON.stringify(expected.sampling), /sampled by the client/);
    assert.match(JSON.stringify(expected.elicitation), /Ada/);
    assert.deepEqual(await observe(behind), expected);
    await direct.close();
    await behind.close();
  });

  test(`${label}: progress is seen while the call still runs`, async () => {
    const session = await connect(behindPolicyd(everything, allowAll));
    const seen = [];
    const slow = session.call("trigger-long-running-operation", { duration: 0.6, steps: 3 },
      { onprogress: ({ progress, total }) => seen.push([progress, total, ended]) });
    let ended = false;
    await slow;
    ended = true;
    assert.deepEqual(seen.slice(0, 2), [[1, 3, false], [2, 3, false]]);
    await session.close();
  });

  test(`${label}: a call that the client cancels ends, and the next is answered`, async () => {
    const session = await connect(behindPolicyd(everything, allowAll));
    const abort = new AbortController();
    const slow = session.call("trigger-long-running-operation", { duration: 30, steps: 30 }, { signal: abort.signal });
    setTimeout(() => abort.abort("enough"), 200);
    await assert.rejects(slow);
    assert.match(JSON.stringify(await session.call("echo", { message: "still here" })), /still here/);
    await session.close();
  });

  test(`${label}: hidden tools are not listed, denied ones say why, limited ones say when`, async () => {
    const session = await connect(behindPolicyd(everything, {
      version: "1",
      default: "deny",
      hide: ["get-env"],
      tools: {
        echo: { deny_if: [{ conditions: [{ path: "args.message", op: "contains", value: "secret" }], on_deny: "no secrets" }] },
        "get-structured-content": {
          require: [{ conditions: [{ path: "args.location", op: "eq", value: "Chicago" }], on_deny: "Chicago only" }],
        },
        "get-sum": { rate_limit: { max: 2, window: "day" } },
      },
    }));
    const names = (await session.tools()).map((tool) => tool.name);
    assert.ok(names.includes("echo") && !names.includes("get-env"), names.join());

    const denied = async (name, args, pattern) => {
      const result = await session.call(name, args);
      assert.equal(result.isError, true);
      assert.equal(result.structuredContent, undefined);
      assert.match(result.content[0].text, pattern);
    };
    await denied("get-env", {}, /^\[POLICY DENIED\] /);
    await denied("get-tiny-image", {}, /^\[POLICY DENIED\] /);
    await denied("echo", { message: "a secret" }, /^\[POLICY DENIED\] no secrets/);
    await denied("echo", { message: 5 }, /^\[POLICY DENIED\] /);
    await denied("get-structured-content", { location: "New York" }, /^\[POLICY DENIED\] Chicago only/);
    const chicago = await session.call("get-structured-content", { location: "Chicago" });
    assert.ok(chicago.structuredContent !== undefined && !chicago.isError);
    for (let i = 0; i < 2; i++) assert.ok(!(await session.call("get-sum", { a: i, b: 1 })).isError);
    await denied("get-sum", { a: 3, b: 1 }, /^\[POLICY LIMITED\] /);
    await session.close();
  });
}
