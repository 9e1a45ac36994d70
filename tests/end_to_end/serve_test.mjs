// policyd serve in front of server-everything, over stdio and over HTTP, seen by real clients: everything is as it is
// without policyd, but for what a policy takes away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { observe } from "./observe.mjs";
import { everythingOverHttp, serve } from "./serve.mjs";
import { allowAll, everything } from "./servers.mjs";

const direct = await everythingOverHttp();
const directSse = await everythingOverHttp("sse");
const policyd = await serve({
  workers: 2,
  servers: {
    // With a process that leaves its group: the test fails if it is there when all has ended.
    child: { command: ["sh", "-c", 'setsid sleep 1000 & exec "$@"', "sh", ...everything], policy: allowAll },
    upstream: { url: direct.url, policy: allowAll },
    old: { url: directSse.url, transport: "sse", policy: allowAll },
    guarded: {
      url: direct.url,
      policy: {
        version: "1",
        default: "deny",
        hide: ["get-env"],
        tools: {
          echo: { deny_if: [{ conditions: [{ path: "args.message", op: "contains", value: "secret" }], on_deny: "no secrets" }] },
          "get-sum": { rate_limit: { max: 2, window: "day" } },
        },
      },
    },
  },
});

for (const [label, connect] of clients) {
  for (const name of ["child", "upstream"]) {
    test(`${label}: ${name}: as direct, under a policy that allows all`, async () => {
      const without = await connect(name === "child" ? everything : direct.url);
      const behind = await connect(policyd.at(name));
      const expected = await observe(without);
      assert.match(JSON.stringify(expected.sampling), /sampled by the client/);
      assert.match(JSON.stringify(expected.elicitation), /Ada/);
      assert.deepEqual(await observe(behind), expected);
      await without.close();
      await behind.close();
    });

    test(`${label}: ${name}: progress is seen while the call still runs`, async () => {
      const session = await connect(policyd.at(name));
      const seen = [];
      let ended = false;
      const slow = session.call("trigger-long-running-operation", { duration: 0.6, steps: 3 },
        { onprogress: ({ progress, total }) => seen.push([progress, total, ended]) });
      await slow;
      ended = true;
      assert.deepEqual(seen.slice(0, 2), [[1, 3, false], [2, 3, false]]);
      await session.close();
    });

    test(`${label}: ${name}: a call that the client cancels ends, and the next is answered`, async () => {
      const session = await connect(policyd.at(name));
      const abort = new AbortController();
      const slow = session.call("trigger-long-running-operation", { duration: 30, steps: 30 }, { signal: abort.signal });
      setTimeout(() => abort.abort("enough"), 200);
      await assert.rejects(slow);
      assert.match(JSON.stringify(await session.call("echo", { message: "still here" })), /still here/);
      await session.close();
    });
  }

  test(`${label}: hidden tools are not listed, denied ones say why`, async () => {
    const session = await connect(policyd.at("guarded"));
    const names = (await session.tools()).map((tool) => tool.name);
    assert.ok(names.includes("echo") && !names.includes("get-env"), names.join());
    const denied = async (name, args, pattern) => {
      const result = await session.call(name, args);
      assert.equal(result.isError, true);
      assert.equal(result.structuredContent, undefined);
      assert.match(result.content[0].text, pattern);
    };
    await denied("get-env", {}, /^\[POLICY DENIED\] /);
    await denied("get-structured-content", { location: "New York" }, /^\[POLICY DENIED\] /);
    await denied("echo", { message: "a secret" }, /^\[POLICY DENIED\] no secrets/);
    assert.match(JSON.stringify(await session.call("echo", { message: "hello" })), /hello/);
    await session.close();
  });
}

for (const [what, path, without] of [
  ["a client over HTTP+SSE, a child", "child/sse", everything],
  ["a client over HTTP+SSE, a server over Streamable HTTP", "upstream/sse", direct.url],
  ["a client over HTTP+SSE, a server over HTTP+SSE", "old/sse", directSse.url],
  ["a client over Streamable HTTP, a server over HTTP+SSE", "old", directSse.url],
]) {
  test(`SDK v1: ${what}: as direct`, async () => {
    const [, connect] = clients[0];
    const bare = await connect(without);
    const behind = await connect(policyd.at(path));
    assert.deepEqual(await observe(behind), await observe(bare));
    await bare.close();
    await behind.close();
  });
}

test("a limit holds over all sessions of a grant", async () => {
  const sessions = await Promise.all([1, 2, 3].map(() => clients[0][1](policyd.at("guarded"))));
  const results = await Promise.all(sessions.map((session) => session.call("get-sum", { a: 1, b: 2 })));
  assert.equal(results.filter((result) => !result.isError).length, 2);
  assert.match(results.find((result) => result.isError).content[0].text, /^\[POLICY LIMITED\] /);
  await Promise.all(sessions.map((session) => session.close()));
});

test("ends in order, and leaves no child", async () => {
  const session = await clients[0][1](policyd.at("child"));
  await session.call("echo", { message: "hello" });
  assert.deepEqual(await policyd.stop(), { code: 0, signal: null });
  await session.close();
});
