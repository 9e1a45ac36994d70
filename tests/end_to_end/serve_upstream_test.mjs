// Servers over HTTP that do what no server should, behind policyd serve: what cannot be read strictly becomes an error,
// nothing is followed anywhere, and other sessions do not notice.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, test } from "node:test";
import { eventually, sleep } from "./processes.mjs";
import { ask, openSession, serve } from "./serve.mjs";
import { allowAll, everything } from "./servers.mjs";

let bodies = {}; // of the answer to a call, by tool: {status, headers, body}, or a function of the response
const elsewhere = createServer((_, response) => {
  elsewhere.hits = (elsewhere.hits ?? 0) + 1;
  response.end("{}");
});
const upstream = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (request.method !== "POST") {
    response.writeHead(request.method === "GET" ? 405 : 200);
    return response.end();
  }
  const message = JSON.parse(text);
  const scripted = bodies[message.params?.name ?? message.method];
  if (typeof scripted === "function") return scripted(response, message);
  const result = message.method === "initialize"
    ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "u", version: "1" } }
    : { content: [{ type: "text", text: "done" }] };
  if (scripted !== undefined) {
    response.writeHead(scripted.status ?? 200, { "Content-Type": "application/json", ...scripted.headers });
    return response.end(scripted.body);
  }
  if (message.id === undefined) {
    response.writeHead(202);
    return response.end();
  }
  response.writeHead(200, { "Content-Type": "application/json", "Mcp-Session-Id": "s" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
});
for (const server of [upstream, elsewhere]) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
}
const at = (server) => `http://127.0.0.1:${server.address().port}/mcp`;
const proxy = await serve({
  workers: 2,
  servers: {
    files: { url: at(upstream), breaker: { failures: 0 }, policy: { version: "1", default: "allow", hide: ["secret"] } },
    child: { command: everything, policy: allowAll },
  },
});
const url = proxy.at("files");
const session = await openSession(url);
const call = (name, id = 1) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: {} } });
const events = (...data) => (response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const line of data) response.write(`data: ${line}\n\n`);
  response.end();
};
const good = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';

const refused = {
  "a key twice": { body: '{"jsonrpc":"2.0","id":1,"result":{"content":[],"content":[{"type":"text","text":"EVIL"}]}}' },
  "a list of answers": { body: `[${good}]` },
  "no JSON": { body: "EVIL" },
  "two answers": { body: good + good },
  "invalid UTF-8": { body: Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"x":"EVIL'), Buffer.from([0xff]), Buffer.from('"}}')]) },
  "an answer to something else": { body: '{"jsonrpc":"2.0","id":2,"result":{"x":"EVIL"}}' },
  "an answer under the id as text": { body: '{"jsonrpc":"2.0","id":"1","result":{"x":"EVIL"}}' },
  "a page": { headers: { "Content-Type": "text/html" }, body: "<b>EVIL</b>" },
  "nothing": { status: 202, body: "" },
  "a redirect": { status: 302, headers: { Location: at(elsewhere) }, body: "" },
  "a redirect that keeps the method": { status: 307, headers: { Location: at(elsewhere) }, body: "" },
  "a compressed body": { headers: { "Content-Encoding": "gzip" }, body: Buffer.from("1f8b0800EVIL", "latin1") },
  "a body that is too large": { body: `{"jsonrpc":"2.0","id":1,"result":{"x":"${"EVIL".repeat(3 << 20)}"}}` },
  "an event that is too large": events(`{"jsonrpc":"2.0","id":1,"result":{"x":"${"EVIL".repeat(3 << 20)}"}}`),
  "events that end early": events('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}'),
  "a key twice, as an event": events('{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":"EVIL"}}'),
  "a connection that breaks": (response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "1000" });
    response.write('{"jsonrpc":"2.0","id":1,"result":{"x":"EVIL"');
    setTimeout(() => response.destroy(), 20);
  },
  "a connection that breaks before its answer": (response) => response.destroy(),
  "an error of HTTP": { status: 500, body: "EVIL" },
  "a login": { status: 401, headers: { "WWW-Authenticate": 'Bearer realm="EVIL"' }, body: "EVIL" },
};

for (const [what, body] of Object.entries(refused)) {
  test(`${what}: an error, and the next call goes through`, async () => {
    bodies = { bad: body };
    const answer = await ask(url, { body: call("bad"), session });
    assert.ok(!answer.text.includes("EVIL"), answer.text.slice(0, 300));
    assert.equal(answer.headers.get("www-authenticate"), null);
    assert.notEqual(answer.status, 401);
    if (answer.status === 200) assert.ok(answer.json().error !== undefined, answer.text);
    assert.match((await ask(url, { body: call("good"), session })).text, /done/);
    assert.equal(elsewhere.hits, undefined);
  });
}

test("what looks like a list of tools is filtered, whatever it answers, as JSON and as an event", async () => {
  const list = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"secret"},{"name":"shown"}]}}';
  for (const body of [{ body: list }, events(list), { body: list.replace("secret", "\\u0073ecret") }]) {
    bodies = { listing: body };
    const answer = await ask(url, { body: call("listing"), session });
    assert.deepEqual(answer.json().result.tools.map(({ name }) => name), ["shown"]);
  }
});

test("bytes of an answer are the server's own", async () => {
  const exact = '{"jsonrpc":"2.0", "id":1,"result":{"n":9007199254740993,"f":1.0,"e":1e2,"z":-0.0,"h":1e400,"s":"\u2028\u2029\u0085é"}}';
  bodies = { exact: { body: exact } };
  assert.equal((await ask(url, { body: call("exact"), session })).text, exact);
  bodies = { exact: events('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1.0}}', exact) };
  const answer = await ask(url, { body: call("exact"), session });
  assert.equal(answer.data.at(-1), exact);
});

test("a client that does not read is cut, and the others do not wait for it", async () => {
  let written = 0;
  bodies = {
    flood: (response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const note = `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${"x".repeat(64 << 10)}"}}\n\n`;
      const timer = setInterval(() => {
        written += note.length;
        response.write(note);
      }, 1);
      response.on("close", () => clearInterval(timer));
      setTimeout(() => clearInterval(timer), 3_000);
    },
  };
  const body = JSON.stringify(call("flood", 77));
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.pause();
  socket.on("error", () => {});
  socket.write(`POST /mcp/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: ${session}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await eventually(() => written > 8 << 20, { what: "the flood" });
  const began = Date.now();
  bodies = { ...bodies, good: undefined };
  assert.match((await ask(url, { body: call("good", 78), session })).text, /done/);
  assert.ok(Date.now() - began < 2_000);
  socket.destroy();
});

test("policyd is killed: no child is left", async () => {
  const child = await openSession(proxy.at("child"));
  assert.match((await ask(proxy.at("child"), { body: { ...call("echo"), params: { name: "echo", arguments: { message: "here" } } }, session: child })).text, /here/);
  const children = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(proxy.child.pid);
    } catch {
      return false;
    }
  });
  assert.ok(children.length >= 1);
  await proxy.stop("SIGKILL");
  await eventually(() => children.every((pid) => {
    try {
      process.kill(Number(pid), 0);
      return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
    } catch {
      return true;
    }
  }), { what: "the end of the children" });
  await sleep(10);
});
