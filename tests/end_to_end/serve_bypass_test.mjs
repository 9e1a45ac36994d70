// Ways past policyd serve that were found once: each is here so that it stays shut. A way is a row wherever several lead past
// the same check.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eventually, policyd, scratch, sleep } from "./processes.mjs";
import { ask, call, modernCall, modernRequest, openSession, scripted, serve } from "./serve.mjs";
import { allowAll } from "./servers.mjs";

// A child that writes down the beginning of each line that it gets, and never answers a call of `slow`. A deaf one reads
// nothing once it has begun.
const childScript = join(scratch(), "child.mjs");
writeFileSync(childScript, `
  import { appendFileSync, writeFileSync } from "node:fs";
  const [record, deaf] = process.argv.slice(2);
  writeFileSync(record, "");
  let rest = "";
  process.stdin.on("data", (chunk) => {
    const lines = (rest + chunk).split("\\n");
    rest = lines.pop();
    for (const line of lines) {
      appendFileSync(record, line.slice(0, 500) + "\\n");
      const { id, method, params } = JSON.parse(line);
      if (method === "notifications/initialized" && deaf) {
        process.stdin.pause();
        setInterval(() => {}, 1_000);
      }
      if (id === undefined || method === undefined || params?.name === "slow") continue;
      const result = method === "initialize"
        ? {
            protocolVersion: "2025-11-25",
            capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
            serverInfo: { name: "c", version: "1" },
          }
        : method === "tools/list" ? { tools: [] } : { content: [{ type: "text", text: "done" }] };
      console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    }
  });`);
let children = 0;
function child(...more) {
  const record = join(scratch(), `child-${children++}.txt`);
  return {
    command: [process.execPath, childScript, record, ...more],
    has_begun: () => existsSync(record),
    heard: () => (existsSync(record) ? readFileSync(record, "utf8") : ""),
  };
}

const sevenMiB = "x".repeat(7 << 20);

const slowUpstream = () => scripted(({ message }) => message?.params?.name === "slow");
const calls = (upstream, name) =>
  upstream.got.filter(({ message }) => message?.method === "tools/call" && message.params.name === name);
const aDay = (max) => ({ version: "1", default: "deny", tools: { echo: { rate_limit: { max, window: "day" } } } });
const isDone = (answer) => answer.json().result?.content?.[0].text === "done";

// Replaces a file in one step, as editors do.
function replace(path, value) {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

// Edits the configuration, and returns when the edit is in force.
async function edit(proxy, change) {
  const reloads = () => proxy.log().split("the edited configuration is in force").length;
  const before = reloads();
  const config = { ...JSON.parse(readFileSync(proxy.path, "utf8")), ...change };
  replace(proxy.path, config);
  proxy.child.kill("SIGHUP");
  await eventually(() => reloads() > before, { what: "the edit" });
}

// A stream that the server speaks in first, read until it ends.
async function listen(url, { method = "GET", headers = {}, body, session, token }) {
  const answer = await fetch(url, {
    method,
    headers: {
      Accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
      ...(method === "GET" ? {} : { "Content-Type": "application/json" }),
      ...(session === undefined ? {} : { "Mcp-Session-Id": session }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const stream = { status: answer.status, text: "", has_ended: false };
  (async () => {
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) stream.text += piece;
  })().catch(() => {}).finally(() => (stream.has_ended = true));
  return stream;
}

// At once, because most of them wait for a clock.
describe("a way past policyd serve is shut", { concurrency: 3 }, () => {
  test("observing that is switched off is off for sessions that are open, and leaves later ones what was enforced", async () => {
    const upstream = await scripted();
    const proxy = await serve({
      observe: true,
      servers: { files: { url: upstream.url, policy: aDay(2) } },
    });
    const url = proxy.at("files");
    const session = await openSession(url);
    const say = async (id, name, whose) => isDone(await ask(url, { body: call(id, name), session: whose }));
    assert.equal(await say(1, "remove", session), true);
    for (let id = 2; id < 5; ++id) assert.equal(await say(id, "echo", session), true);
    await edit(proxy, { observe: false });
    await eventually(async () => (await ask(url, { body: { jsonrpc: "2.0", id: 5, method: "ping" }, session })).status === 404,
      { within_ms: 5_000, what: "the end of the session that observed" });
    assert.equal((await ask(url, { body: call(6, "remove"), session })).status, 404);
    const later = await openSession(url);
    assert.equal(await say(7, "remove", later), false);
    assert.deepEqual([await say(8, "echo", later), await say(9, "echo", later), await say(10, "echo", later)], [true, true, false]);
    assert.equal(calls(upstream, "remove").length, 1);
    await proxy.stop();
  });

  test("what was used up stays used up, whoever observed since", async () => {
    const upstream = await scripted();
    const proxy = await serve({
      workers: 1, limits: { keepalive_ms: 1_000 },
      servers: { files: { url: upstream.url, policy: aDay(2) } },
    });
    const url = proxy.at("files");
    const says = async (session) => {
      const said = [];
      for (let id = 1; id < 4; ++id) said.push(isDone(await ask(url, { body: call(id), session })));
      return said;
    };
    const first = await openSession(url);
    assert.deepEqual(await says(first), [true, true, false]);
    await ask(url, { method: "DELETE", session: first });
    await sleep(1_200); // a policy that nobody uses is let go within a second
    await edit(proxy, { observe: true });
    const observing = await eventually(async () => {
      const session = await openSession(url);
      return (await says(session))[2] && session;
    }, { what: "observing" });
    await edit(proxy, { observe: false });
    await eventually(async () => !isDone(await ask(url, { body: call(1, "remove"), session: await openSession(url) })), { what: "enforcing" });
    assert.deepEqual(await says(await openSession(url)), [false, false, false]);
    assert.equal((await ask(url, { body: call(9), session: observing })).status, 404);
    await proxy.stop();
  });

  test("who listens for resources subscribes to them, and is refused where that is", async () => {
    const forbidden = child();
    const allowed = child();
    const upstream = await scripted();
    const denyAll = { version: "1", default: "deny", tools: { echo: {} } };
    const proxy = await serve({
      servers: {
        forbidden: { command: forbidden.command, policy: denyAll },
        allowed: { command: allowed.command, policy: allowAll },
        upstream: { url: upstream.url, policy: denyAll },
      },
    });
    const secret = "secret://x";
    const { headers, body } = modernRequest(1, "subscriptions/listen", { notifications: { resourceSubscriptions: [secret] } });
    const plain = JSON.stringify(body);
    const direct = modernRequest(1, "resources/subscribe", { uri: secret });
    const refusedAs = (answer, id) => {
      assert.equal(answer.json().id, id, answer.text);
      assert.match(answer.json().error.message, /^\[POLICY DENIED\]/);
    };
    for (const name of ["forbidden", "upstream"]) {
      refusedAs(await ask(proxy.at(name), direct), 1);
      for (const [what, text] of [
        ["as it is", plain],
        ["a key with an escape", plain.replace('"resourceSubscriptions"', String.raw`"resource\u0053ubscriptions"`)],
        ["both keys with escapes",
          plain.replace('"resource', String.raw`"\u0072esource`).replace('"notifications"', String.raw`"\u006eotifications"`)],
        ["beside what is permitted", plain.replace('"resourceSubscriptions"', '"toolsListChanged":true,"resourceSubscriptions"')],
        ["with spaces", JSON.stringify(body, null, 2)],
      ]) {
        const answer = await ask(proxy.at(name), { headers, body: text, signal: AbortSignal.timeout(5_000) })
          .catch((error) => assert.fail(`${name}: ${what}: ${error}`));
        refusedAs(answer, 1);
      }
    }
    // A key that is there twice is one nobody can be sure of.
    const twice = await ask(proxy.at("forbidden"), { headers, signal: AbortSignal.timeout(5_000),
      body: plain.replace('"resourceSubscriptions"', '"resourceSubscriptions":[],"resourceSubscriptions"') });
    assert.ok(twice.json().error !== undefined, twice.text);

    const listening = await listen(proxy.at("allowed"), { method: "POST", headers, body });
    assert.equal(listening.status, 200);
    await eventually(() => /"resources\/subscribe","params":\{.*secret:\/\/x/.test(allowed.heard()), { what: "the subscription" });
    const changes = modernRequest(2, "subscriptions/listen", { notifications: { toolsListChanged: true } });
    const permitted = await listen(proxy.at("forbidden"), { method: "POST", ...changes });
    await eventually(() => permitted.text.includes("notifications/subscriptions/acknowledged"), { what: "what is permitted" });
    assert.doesNotMatch(forbidden.heard(), /secret|subscribe/);
    assert.ok(!JSON.stringify(upstream.got).includes("secret"));
    await proxy.stop("SIGKILL");
  });

  test("what a server may still be doing holds its place until it would be too late", { concurrency: 8 }, async (t) => {
    const slowly = child();
    const upstream = await slowUpstream();
    const timeouts = { call_ms: 1_500 };
    // One grant for each row: they run at once.
    const grants = join(scratch(), "places.json");
    const tokens = Array.from({ length: 8 }, (_, index) =>
      execFileSync(policyd, ["grants", "add", `g${index}`, "--grants", grants], { encoding: "utf8", stdio: "pipe" }).trim());
    const gateway = (policy, limits) => serve({
      grants_file: grants, workers: 1, limits,
      servers: { child: { command: slowly.command, timeouts, policy }, upstream: { url: upstream.url, timeouts, policy } },
    });
    const atOnce = await gateway(allowAll, { in_flight_max: 1 });
    const one = { counter: "c", max: 1, algorithm: "concurrency" };
    const counting = await gateway({ version: "1", default: "deny", tools: { slow: { limits: [one] } } }, {});
    const rows = ["child", "upstream"].flatMap((name) => ["cancelled", "left"].flatMap((how) => [
      { name, how, place: "among the calls at once", proxy: atOnce, refused: /on their way already/ },
      { name, how, place: "in a counter", proxy: counting, refused: /POLICY LIMITED/ },
    ]));
    const began = (mark) => slowly.heard().includes(mark) || JSON.stringify(upstream.got).includes(mark);
    await Promise.all(rows.map(({ name, how, place, proxy, refused }, index) => t.test(`${name}, ${how}: ${place}`, async () => {
      const token = tokens[index];
      const url = proxy.at(name);
      const session = how === "cancelled" ? await openSession(url, { token }) : undefined;
      const asking = (id, args) => (session === undefined ? modernCall(id, "slow", args) : { body: call(id, "slow", args), session });
      const tries = async (id) => {
        const leaving = new AbortController();
        const mark = `probe ${index}.${id}`;
        let outcome;
        ask(url, { ...asking(id, { mark }), token, signal: leaving.signal }).then((answer) => (outcome = answer.text), () => {});
        await eventually(() => outcome ?? began(mark), { within_ms: 5_000, what: mark });
        return { outcome: outcome ?? "passed", leaving };
      };
      // Twice, so that a place that is given back twice is seen too.
      let id = 1;
      let held = await eventually(async () => {
        const probe = await tries(id++);
        return probe.outcome === "passed" && probe;
      });
      for (let round = 0; round < 2; ++round) {
        const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id - 1 } };
        if (session === undefined) held.leaving.abort();
        else assert.equal((await ask(url, { body: cancelled, session, token })).status, 202);
        const leftAt = Date.now();
        await sleep(100);
        assert.match((await tries(id++)).outcome, refused);
        held = await eventually(async () => {
          const probe = await tries(id++);
          return probe.outcome === "passed" && probe;
        }, { within_ms: 6_000, what: "the place" });
        assert.ok(Date.now() - leftAt >= timeouts.call_ms, `after ${Date.now() - leftAt} ms`);
      }
      held.leaving.abort();
    })));
    await Promise.all([atOnce, counting].map((proxy) => proxy.stop("SIGKILL")));
  });

  test("what a server does not read is not kept without end", async (t) => {
    const stalled = await scripted(({ message, request }) => request.method === "POST" && message?.params?.x !== undefined);
    const proxy = await serve({
      workers: 1,
      servers: {
        deaf: { command: child("deaf").command, policy: allowAll },
        stalled: { url: stalled.url, policy: allowAll },
      },
    });
    const notice = { jsonrpc: "2.0", method: "notifications/x", params: { x: sevenMiB } };
    for (const [what, name, isSession, request] of [
      ["requests of the stateless era to a child", "deaf", false, (id) => modernRequest(id, "tools/list", { cursor: sevenMiB })],
      ["notifications of a session to a server over HTTP", "stalled", true, () => ({ body: notice })],
    ]) {
      await t.test(what, async () => {
        const url = proxy.at(name);
        const session = isSession ? await openSession(url) : undefined;
        const kept = [];
        const statuses = [];
        for (let id = 1; id <= 5; ++id) {
          const leaving = new AbortController();
          const answer = ask(url, { ...request(id), session, signal: leaving.signal }).then(({ status }) => status, () => "left");
          const status = await Promise.race([answer, sleep(600).then(() => "kept")]);
          statuses.push(status);
          if (status === "kept") kept.push({ leaving, answer });
        }
        assert.ok(statuses.indexOf(503) > 0 && statuses.indexOf(503) <= 3, statuses.join());
        assert.ok(statuses.slice(statuses.indexOf(503)).every((status) => status === 503), statuses.join());
        // Whoever leaves has not made room: the server has not read it yet.
        for (const { leaving } of kept) leaving.abort();
        await sleep(100);
        if (kept.length > 0) assert.equal((await ask(url, { ...request(9), session })).status, 503);
      });
    }
    await proxy.stop("SIGKILL");
  });

  test("a call that waited for the store of its counters has its headers all the same", async () => {
    const upstream = await scripted();
    const proxy = await serve({
      state: join(scratch(), "state"),
      servers: { files: { url: upstream.url, policy: aDay(5) } },
    }, { options: ["--init-state"] });
    const asked = [modernCall(1), modernCall(2)];
    for (const one of asked) assert.ok(isDone(await ask(proxy.at("files"), one)));
    for (const one of await Promise.all(asked.map((again) => ask(proxy.at("files"), again)))) assert.ok(isDone(one));
    assert.equal(upstream.got.length, 4);
    for (const { headers } of upstream.got) {
      assert.deepEqual([headers["mcp-method"], headers["mcp-name"], headers["mcp-protocol-version"]], ["tools/call", "echo", "2026-07-28"]);
      assert.match(headers.traceparent, /^00-/);
    }
    await proxy.stop();
  });

  test("a grant that is revoked, or for other servers now, hears nothing more; others do", async () => {
    const grants = join(scratch(), "listeners.json");
    const add = (id) => execFileSync(policyd, ["grants", "add", id, "--grants", grants], { encoding: "utf8", stdio: "pipe" }).trim();
    const tokens = { revoked: add("revoked"), moved: add("moved"), other: add("other") };
    const upstream = await scripted(({ message, response }) => {
      if (message?.method !== "subscriptions/listen") return false;
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(": open\n\n");
      return true;
    });
    const proxy = await serve({
      grants_file: grants, limits: { keepalive_ms: 1_000 },
      servers: {
        child: { command: child().command, policy: allowAll },
        upstream: { url: upstream.url, policy: allowAll },
        elsewhere: { url: upstream.url, policy: allowAll },
      },
    });
    const streams = [];
    for (const [who, token] of Object.entries(tokens)) {
      for (const name of ["child", "upstream"]) {
        const url = proxy.at(name);
        const modern = modernRequest(1, "subscriptions/listen", { notifications: { toolsListChanged: true } });
        streams.push([who, `${name}, stateless`, await listen(url, { method: "POST", ...modern, token })]);
        streams.push([who, `${name}, of a session`, await listen(url, { session: await openSession(url, { token }), token })]);
      }
    }
    for (const [who, what, stream] of streams) assert.ok(stream.status === 200 && !stream.has_ended, `${who} ${what}`);
    execFileSync(policyd, ["grants", "revoke", "revoked", "--grants", grants], { stdio: "pipe" });
    const listed = JSON.parse(readFileSync(grants, "utf8"));
    listed.grants.find(({ id }) => id === "moved").servers = ["elsewhere"];
    replace(grants, listed);
    for (const [who, what, stream] of streams) {
      if (who !== "other") await eventually(() => stream.has_ended, { within_ms: 5_000, what: `the end of ${who}: ${what}` });
    }
    await sleep(600); // a comment is due by now
    for (const [who, what, stream] of streams) assert.equal(stream.has_ended, who !== "other", `${who} ${what}`);
    await proxy.stop("SIGKILL");
  });

  test("a page of another site starts nothing, though its browser names no origin", async () => {
    const started = child();
    const proxy = await serve({ servers: { child: { command: started.command, policy: allowAll } } });
    const port = Number(new URL(proxy.url).port);
    // As browsers ask for an image: fetch() would add headers of its own.
    const status = (method, path, headers) => new Promise((resolve, reject) => {
      const sent = httpRequest({ host: "127.0.0.1", port, method, path, headers: { Accept: "*/*", ...headers } }, (answer) => {
        answer.destroy();
        resolve(answer.statusCode);
      });
      sent.on("error", reject);
      sent.end();
    });
    for (const site of ["cross-site", "same-site", "", "Cross-Site", "same-origin, cross-site"]) {
      for (const [method, path] of [["GET", "/mcp/child/sse"], ["GET", "/mcp/child"], ["POST", "/mcp/child"], ["DELETE", "/mcp/child"]]) {
        assert.equal(await status(method, path, { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors" }), 403, `${method} ${path} of ${site}`);
      }
    }
    await sleep(300);
    assert.equal(started.has_begun(), false);
    for (const headers of [{}, { "Sec-Fetch-Site": "none" }, { "Sec-Fetch-Site": "same-origin" }]) {
      assert.equal(await status("GET", "/mcp/child/sse", headers), 200, JSON.stringify(headers));
    }
    await eventually(() => started.has_begun(), { what: "the child of who may ask" });
    await proxy.stop();
  });
});
