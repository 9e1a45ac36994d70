// policyd serve as HTTP sees it: who may call, whose a session is, what a stream is and how it goes on, and how servers
// and policyd itself end.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, packages, policyd, scratch, sleep } from "./processes.mjs";
import { ask, call, initialize, modernCall, openSession, scripted, serve } from "./serve.mjs";
import { allowAll, everything, lenient } from "./servers.mjs";

function grant(path, id, ...options) {
  return execFileSync(policyd, ["grants", "add", id, "--grants", path, ...options], { encoding: "utf8" }).trim();
}

test("a session is one grant's; tokens stay here, and the server sees policyd's own", async () => {
  const upstream = await scripted();
  const grants = join(scratch(), "grants.json");
  const ann = grant(grants, "ann", "--tag", "trusted");
  const bob = grant(grants, "bob");
  const carl = grant(grants, "carl", "--server", "other");
  const secret = join(scratch(), "secret");
  writeFileSync(secret, "of-policyd\n", { mode: 0o600 });
  const proxy = await serve({
    grants_file: grants,
    workers: 2,
    servers: {
      files: { url: upstream.url, credential: { file: secret }, policy: allowAll },
      other: { url: upstream.url, policy: allowAll },
    },
  });
  const url = proxy.at("files");
  const refused = await ask(url, { body: initialize() });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate"), /^Bearer /);
  assert.equal((await ask(url, { body: initialize(), token: "pk_wrong" })).status, 401);
  assert.equal((await ask(url, { body: initialize(), token: carl })).status, 403);
  assert.equal(upstream.got.length, 0);

  const session = await openSession(url, { token: ann });
  assert.equal((await ask(url, { body: call(1), session, token: ann })).json().result.content[0].text, "done");
  for (const [token, status] of [[bob, 404], [undefined, 401]]) {
    for (const method of ["POST", "GET", "DELETE"]) {
      const answer = await ask(url, { method, body: method === "POST" ? call(2) : undefined, session, token });
      assert.equal(answer.status, status, `${method} ${answer.text}`);
    }
  }
  assert.equal((await ask(proxy.at("other"), { body: call(2), session, token: ann })).status, 404);
  assert.equal((await ask(url, { body: call(2), session: session.slice(0, -2) + "AA", token: ann })).status, 404);
  for (const { headers } of upstream.got) {
    assert.equal(headers.authorization, "Bearer of-policyd");
    assert.ok(!JSON.stringify(headers).includes(ann));
    assert.notEqual(headers["mcp-session-id"], session);
  }
  assert.equal((await ask(url, { method: "DELETE", session, token: ann })).status, 200);
  assert.equal((await ask(url, { body: call(3), session, token: ann })).status, 404);
  await eventually(() => upstream.got.some(({ method }) => method === "DELETE"), { what: "the end of the session upstream" });

  const again = await openSession(url, { token: ann });
  execFileSync(policyd, ["grants", "revoke", "ann", "--grants", grants]);
  await eventually(async () => [401, 403].includes((await ask(url, { body: call(4), session: again, token: ann })).status),
    { what: "the revocation" });
  await proxy.stop();
});

test("what is not there, and what cannot be done to what is", async () => {
  const upstream = await scripted();
  const proxy = await serve({ servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  assert.equal((await ask(`${proxy.url}/`, { method: "GET" })).status, 404);
  assert.equal((await ask(proxy.at("nowhere"), { body: initialize() })).status, 404);
  assert.equal((await ask(url, { body: call(1) })).status, 400);
  assert.equal((await ask(url, { method: "GET" })).status, 400);
  assert.equal((await ask(url, { body: call(1), session: "made-up" })).status, 404);
  const put = await ask(url, { method: "PUT", body: "{}" });
  assert.equal(put.status, 405);
  assert.equal(put.headers.get("allow"), "POST, GET, DELETE");
  const batch = await ask(url, { body: [initialize()] });
  assert.equal(batch.status, 400);
  assert.equal(batch.json().error.code, -32600);
  assert.equal((await ask(url, { body: "{" })).json().error.code, -32700);
  assert.equal((await ask(url, { body: JSON.stringify(call(1)) + " ".repeat(9 << 20) })).status, 413);
  assert.equal(upstream.got.length, 0);

  const session = await openSession(url);
  const listening = await fetch(url, { headers: { Accept: "text/event-stream", "Mcp-Session-Id": session } });
  assert.equal(listening.status, 200);
  assert.equal((await ask(url, { method: "GET", session })).status, 409);
  await listening.body.cancel();
  const trace = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  await ask(url, { body: call(7), session, headers: { traceparent: trace, tracestate: "a=b" } });
  const seen = upstream.got.at(-1).headers;
  assert.match(seen.traceparent, new RegExp(`^00-${"ab".repeat(16)}-[0-9a-f]{16}-01$`));
  assert.notEqual(seen.traceparent, trace);
  assert.equal(seen.tracestate, "a=b");
  await ask(url, { body: call(8), session, headers: { traceparent: "nonsense", tracestate: "a=b" } });
  assert.match(upstream.got.at(-1).headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  assert.equal(upstream.got.at(-1).headers.tracestate, undefined);
  const spaced = JSON.stringify(call(1), null, 2).replaceAll("\n", "\r\n");
  assert.equal((await ask(url, { body: JSON.stringify(call(1), null, 2), session })).status, 200, spaced);
  await proxy.stop();
});

test("one session over many connections and workers: every answer comes to its question", async () => {
  const upstream = await scripted(async ({ message, result }) => {
    if (message?.method !== "tools/call") return false;
    await sleep(Math.random() * 30);
    result({ content: [{ type: "text", text: `answer ${message.id}` }] });
    return true;
  });
  const proxy = await serve({
    workers: 4,
    servers: { files: { url: upstream.url, policy: allowAll }, child: { command: everything, policy: allowAll } },
  });
  for (const name of ["files", "child"]) {
    const url = proxy.at(name);
    const session = await openSession(url);
    const ids = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(ids.map(async (id) => {
      const answer = (await ask(url, { body: call(id, "echo", { message: `answer ${id}` }), session })).json();
      assert.equal(answer.id, id);
      assert.match(answer.result.content[0].text, new RegExp(`answer ${id}$`));
    }));
  }
  await proxy.stop();
});

test("a stream that broke goes on where it broke, and only that one", async () => {
  let finish;
  const finished = new Promise((done) => (finish = done));
  const upstream = await scripted(async ({ message, response }) => {
    if (message?.params?.name !== "slow") return false;
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const event = (value) => response.write(`event: message\ndata: ${JSON.stringify(value)}\n\n`);
    for (const progress of [1, 2]) {
      event({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: "t", progress } });
    }
    await finished;
    event({ jsonrpc: "2.0", id: message.id, result: { content: [{ type: "text", text: "at last" }] } });
    response.end();
    return true;
  });
  const proxy = await serve({ workers: 2, servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  const abort = new AbortController();
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "Mcp-Session-Id": session },
    body: JSON.stringify(call(1, "slow", {}, { _meta: { progressToken: "t" } })),
    signal: abort.signal,
  });
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('"progress":2')) break;
  }
  abort.abort();
  const ids = [...text.matchAll(/^id: (.+)$/gm)].map((match) => match[1]);
  assert.equal(ids.length, 3, text); // one to begin with, and two messages
  const resumed = fetch(url, { headers: { Accept: "text/event-stream", "Mcp-Session-Id": session, "Last-Event-ID": ids[1] } });
  setTimeout(finish, 200);
  const rest = await (await resumed).text();
  const messages = [...rest.matchAll(/^data: (.+)$/gm)].map((match) => JSON.parse(match[1]));
  assert.deepEqual(messages.map((message) => message.params?.progress ?? message.result.content[0].text), [2, "at last"]);
  const other = await openSession(url);
  assert.equal((await ask(url, { method: "GET", session: other, headers: { "Last-Event-ID": ids[1] } })).status, 400);
  assert.equal((await ask(url, { method: "GET", session, headers: { "Last-Event-ID": "77.1" } })).status, 400);
  await proxy.stop();
});

test("a stream of the server's that ends early is asked for again where it ended", async () => {
  const upstream = await scripted(async ({ request, message, response, got }) => {
    if (message?.params?.name === "polled") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.end(`id: one\nretry: 50\ndata: \n\n`);
      return true;
    }
    if (request.method === "GET" && request.headers["last-event-id"] === "one") {
      const asked = got.find((entry) => entry.message?.params?.name === "polled").message.id;
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.end(`id: two\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: asked, result: { content: [{ type: "text", text: "polled" }] } })}\n\n`);
      return true;
    }
    return false;
  });
  const proxy = await serve({ servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  const first = await ask(url, { body: call(5, "polled"), session });
  const id = /^id: (.+)$/m.exec(first.text)?.[1];
  assert.match(first.text, /^retry: 50$/m);
  await sleep(200);
  const second = await ask(url, { method: "GET", session, headers: { "Last-Event-ID": id } });
  assert.equal(second.json().result.content[0].text, "polled");
  await proxy.stop();
});

test("silence is filled with comments, and a legacy client that leaves has not cancelled", async () => {
  let closed = false;
  const upstream = await scripted(async ({ message, response, result }) => {
    if (message?.params?.name !== "slow") return false;
    response.on("close", () => (closed = !response.writableFinished));
    await sleep(2_500);
    result({ content: [{ type: "text", text: "slow" }] });
    return true;
  });
  const proxy = await serve({ limits: { keepalive_ms: 1_000 }, servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  const answer = await ask(url, { body: call(1, "slow"), session });
  assert.match(answer.text, /^: keepalive$/m);
  assert.equal(answer.json().result.content[0].text, "slow");
  const abort = new AbortController();
  const left = fetch(url, {
    method: "POST", signal: abort.signal, body: JSON.stringify(call(2, "slow")),
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "Mcp-Session-Id": session },
  }).catch(() => {});
  await sleep(300);
  abort.abort();
  await left;
  await sleep(2_600);
  assert.equal(closed, false);
  await proxy.stop();
});

test("stateless: a client that leaves has cancelled, within a second", async () => {
  let closedAt;
  const upstream = await scripted(async ({ message, response, result }) => {
    if (message?.params?.name !== "slow") return false;
    response.on("close", () => (closedAt ??= Date.now()));
    await sleep(5_000);
    result({ content: [], resultType: "complete" });
    return true;
  });
  const proxy = await serve({ servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const abort = new AbortController();
  const { body, headers } = modernCall(1, "slow");
  const left = fetch(url, {
    method: "POST", signal: abort.signal, body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...headers },
  }).catch(() => {});
  await eventually(() => upstream.got.length === 1);
  const leftAt = Date.now();
  abort.abort();
  await left;
  await eventually(() => closedAt !== undefined, { within_ms: 2_000, what: "the cancellation" });
  assert.ok(closedAt - leftAt < 1_000);
  const next = await ask(url, modernCall(1));
  assert.equal(next.json().result.content[0].text, "done");
  await proxy.stop();
});

test("a server that has forgotten the session: 404, so that the client begins another", async () => {
  let forgets = false;
  const upstream = await scripted(async ({ message, json }) => {
    if (!forgets || message?.method !== "tools/call") return false;
    json(404, { jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } });
    return true;
  });
  const proxy = await serve({ servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  forgets = true;
  assert.equal((await ask(url, { body: call(1), session })).status, 404);
  assert.equal((await ask(url, { body: call(2), session })).status, 404);
  forgets = false;
  const again = await openSession(url);
  assert.equal((await ask(url, { body: call(3), session: again })).status, 200);
  await proxy.stop();
});

test("sessions of a server over HTTP outlive policyd, where the key does", async () => {
  const upstream = await scripted();
  const key = join(scratch(), "seal.key");
  writeFileSync(key, "0123456789abcdef".repeat(4), { mode: 0o600 });
  const config = { session_key_file: key, servers: { files: { url: upstream.url, policy: allowAll } } };
  const first = await serve(config);
  const session = await openSession(first.at("files"));
  await first.stop("SIGKILL");
  const second = await serve({ ...config, workers: 3 });
  const answer = await ask(second.at("files"), { body: call(9), session });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json().result.content[0].text, "done");
  assert.match(upstream.got.at(-1).headers["mcp-session-id"], /^upstream-/);
  await second.stop();
});

test("a child that crashes: its calls are answered, its session is gone, and the next one works", async () => {
  const crashing = join(scratch(), "crashing.mjs");
  writeFileSync(crashing, `
    import { createInterface } from "node:readline";
    for await (const line of createInterface({ input: process.stdin })) {
      const message = JSON.parse(line);
      if (message.method === "tools/call" && message.params.name === "crash") process.exit(3);
      const result = message.method === "initialize"
        ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "c", version: "1" } }
        : { content: [{ type: "text", text: "done" }] };
      if (message.id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
    }`);
  const proxy = await serve({ servers: { child: { command: [process.execPath, crashing], policy: allowAll } } });
  const url = proxy.at("child");
  for (let round = 0; round < 3; ++round) {
    const session = await eventually(() => openSession(url).catch(() => undefined), { what: "a new child" });
    assert.equal((await ask(url, { body: call(1), session })).json().result.content[0].text, "done");
    const crashed = await ask(url, { body: call(2, "crash"), session });
    assert.match(crashed.json().error.message, /ended before it answered/);
    assert.equal((await ask(url, { body: call(3), session })).status, 404);
    // It is not started again at once.
    assert.equal((await ask(url, { body: initialize() })).status, 503);
  }
  const missing = await serve({ servers: { child: { command: ["/no/such/program"], policy: allowAll } } });
  assert.equal((await ask(missing.at("child"), { body: initialize() })).status, 502);
  await missing.stop();
  await proxy.stop();
});

test("an edited policy decides from the next call on; sessions and streams stay", async () => {
  const upstream = await scripted(({ message, result }) => {
    if (message?.method !== "tools/list") return false;
    result({ tools: [{ name: "echo", inputSchema: { type: "object" } }, { name: "other", inputSchema: { type: "object" } }] });
    return true;
  });
  const proxy = await serve({ servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  assert.equal((await ask(url, { body: { jsonrpc: "2.0", id: 1, method: "tools/list" }, session })).json().result.tools.length, 2);
  const listening = await fetch(url, { headers: { Accept: "text/event-stream", "Mcp-Session-Id": session } });
  let heard = "";
  const reading = (async () => {
    for await (const chunk of listening.body.pipeThrough(new TextDecoderStream())) heard += chunk;
  })().catch(() => {});
  writeFileSync(proxy.servers.files.policy, JSON.stringify({ version: "1", default: "deny", hide: ["other"] }));
  await eventually(() => heard.includes("notifications/tools/list_changed"), { what: "list_changed" });
  assert.equal((await ask(url, { body: call(2), session })).json().result.isError, true);
  assert.deepEqual((await ask(url, { body: { jsonrpc: "2.0", id: 3, method: "tools/list" }, session })).json().result.tools.map(({ name }) => name), ["echo"]);
  writeFileSync(proxy.servers.files.policy, "{");
  await eventually(() => /stays/.test(proxy.log()), { what: "the refusal of a bad policy" });
  assert.equal((await ask(url, { body: call(4), session })).json().result.isError, true);
  await proxy.stop();
  await reading;
});

test("SIGTERM: what is on its way is answered, nothing new begins", async () => {
  const upstream = await scripted(async ({ message, result }) => {
    if (message?.params?.name !== "slow") return false;
    await sleep(1_000);
    result({ content: [{ type: "text", text: "slow" }] });
    return true;
  });
  const proxy = await serve({ workers: 2, servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  const slow = ask(url, { body: call(1, "slow"), session });
  await eventually(() => upstream.got.some(({ message }) => message?.params?.name === "slow"));
  const stopped = proxy.stop();
  await sleep(100);
  await assert.rejects(ask(url, { body: call(2), session }));
  assert.equal((await slow).json().result.content[0].text, "slow");
  assert.deepEqual(await stopped, { code: 0, signal: null });
});

test("calls at once of one grant have a limit, and what ends makes room", async () => {
  const upstream = await scripted(async ({ message, result }) => {
    if (message?.params?.name !== "slow") return false;
    await sleep(500);
    result({ content: [{ type: "text", text: "slow" }] });
    return true;
  });
  const proxy = await serve({ workers: 3, limits: { in_flight_max: 4 }, servers: { files: { url: upstream.url, policy: allowAll } } });
  const url = proxy.at("files");
  const session = await openSession(url);
  for (let round = 0; round < 2; ++round) {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, id) => ask(url, { body: call(id, "slow"), session })));
    const denied = answers.filter((answer) => answer.json().result.isError);
    assert.equal(denied.length, 6);
    assert.match(denied[0].json().result.content[0].text, /on their way already/);
  }
  await proxy.stop();
});

test("a server that fails is left alone for a while", async () => {
  const upstream = await scripted();
  const url = upstream.url;
  upstream.server.close();
  upstream.server.closeAllConnections();
  const proxy = await serve({ workers: 1, servers: { files: { url, breaker: { failures: 3, open_ms: 60_000 }, policy: allowAll } } });
  const texts = [];
  for (let id = 0; id < 5; ++id) {
    const { body, headers } = modernCall(id);
    texts.push((await ask(proxy.at("files"), { body, headers })).json().error.message);
  }
  assert.match(texts[0], /did not answer/);
  assert.match(texts[4], /left alone/);
  await proxy.stop();
});

test("only observing: what is denied passes, and the log says so", async () => {
  const upstream = await scripted();
  const log = join(scratch(), "observed.log");
  const proxy = await serve({
    observe: true, log: { path: log },
    servers: { files: { url: upstream.url, policy: { version: "1", default: "deny" } } },
  });
  const url = proxy.at("files");
  const session = await openSession(url);
  assert.equal((await ask(url, { body: call(1), session })).json().result.content[0].text, "done");
  await proxy.stop();
  const entry = readFileSync(log, "utf8").trim().split("\n").map(JSON.parse).find(({ method }) => method === "tools/call");
  assert.deepEqual([entry.decision, entry.observed, entry.server, entry.grant], ["deny", true, "files", "local"]);
});

test("a call without an answer ends in time, and the server is told", async () => {
  const silent = join(scratch(), "silent.txt");
  const hanging = join(scratch(), "hanging.mjs");
  writeFileSync(hanging, `
    import { createInterface } from "node:readline";
    import { appendFileSync } from "node:fs";
    for await (const line of createInterface({ input: process.stdin })) {
      appendFileSync(${JSON.stringify(silent)}, line + "\\n");
      const message = JSON.parse(line);
      if (message.method === "initialize" && !process.argv.includes("mute")) {
        const result = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "h", version: "1" } };
        console.log(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
      }
    }`);
  const upstream = await scripted(({ message }) => message?.method === "tools/call");
  const timeouts = { call_ms: 1_000 };
  const proxy = await serve({
    servers: {
      child: { command: [process.execPath, hanging], timeouts, policy: allowAll },
      files: { url: upstream.url, timeouts, policy: allowAll },
      mute: { command: [process.execPath, hanging, "mute"], timeouts: { start_ms: 1_000 }, policy: allowAll },
    },
  });
  assert.match((await ask(proxy.at("mute"), { body: initialize() })).json().error.message, /no answer within 1000 ms/);
  for (const name of ["child", "files"]) {
    const url = proxy.at(name);
    const session = await openSession(url);
    const began = Date.now();
    const answer = await ask(url, { body: call("late", "slow"), session });
    assert.match(answer.json().error.message, /no answer within 1000 ms/);
    assert.ok(Date.now() - began < 4_000);
  }
  await eventually(() => /"notifications\/cancelled","params":\{"requestId":"late"/.test(readFileSync(silent, "utf8")));
  await proxy.stop();
});
