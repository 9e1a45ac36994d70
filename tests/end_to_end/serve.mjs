// `policyd serve` as tests start it, and servers over HTTP to stand behind it.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after } from "node:test";
import { closeAfterwards, environment, eventually, packages, policyd, scratch } from "./processes.mjs";

let files = 0;

// A file of this test's own with `value` as JSON; returns its path.
export function jsonFile(name, value) {
  const path = join(scratch(), `${files++}-${name}`);
  writeFileSync(path, JSON.stringify(value, null, 2), { mode: 0o600 });
  return path;
}

// A process whose output is kept. `say` gets each new piece of it.
export function start(command, env = {}) {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  const started = { child, text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (started.text += chunk));
  started.exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
  started.stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    return started.exited;
  };
  closeAfterwards(() => started.stop("SIGKILL"));
  return started;
}

// Begins with a configuration that counts for itself and lets this machine in; `config` is added to it. `policies` are
// objects: the path of each is put where a server names it. `options` are further ones of the command line.
export async function serve(config, { env, options = [] } = {}) {
  const servers = Object.fromEntries(Object.entries(config.servers).map(([name, server]) => [
    name,
    { ...server, policy: typeof server.policy === "object" ? jsonFile(`${name}.policy.json`, server.policy) : server.policy },
  ]));
  const path = jsonFile("policyd.json", {
    listen: { address: "127.0.0.1", port: 0 },
    ...(config.grants_file === undefined ? { anonymous_grant: "local" } : {}),
    ...(config.state === undefined ? { private_state: true } : {}),
    ...config,
    servers,
  });
  const started = start([policyd, "serve", "--config", path, ...options], env);
  await eventually(() => /is at http/.test(started.text) || started.child.exitCode !== null, { what: "policyd serve" });
  const url = /is at (https?:\/\/[^/]+)/.exec(started.text)?.[1];
  if (url === undefined) throw new Error(`policyd serve did not start: ${started.text}`);
  return { ...started, log: () => started.text, path, servers, url, at: (name) => `${url}/mcp/${name}` };
}

// server-everything over HTTP; `transport` is "streamableHttp" or "sse".
export async function everythingOverHttp(transport = "streamableHttp") {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const started = start(
    [process.execPath, join(packages, "@modelcontextprotocol/server-everything/dist/index.js"), transport],
    { PORT: String(port) },
  );
  await eventually(() => /(listening|running) on port/i.test(started.text), { what: "server-everything", within_ms: 20_000 });
  return { ...started, url: `http://127.0.0.1:${port}/${transport === "sse" ? "sse" : "mcp"}` };
}

// A server over HTTP of the legacy era that does as it is told, and keeps what it got.
export async function scripted(answer) {
  const got = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // policyd has left
    }
    const body = Buffer.concat(chunks).toString("utf8");
    const message = body === "" ? undefined : JSON.parse(body);
    got.push({ method: request.method, headers: request.headers, message });
    const json = (status, value, headers = {}) => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const result = (value) => json(200, { jsonrpc: "2.0", id: message.id, result: value });
    if (await answer?.({ request, response, message, json, result, got })) return;
    if (request.method === "DELETE") return json(200);
    if (request.method === "GET") return json(405);
    if (message.method === "initialize") {
      return json(200, {
        jsonrpc: "2.0", id: message.id,
        result: { protocolVersion: "2025-11-25", capabilities: { tools: { listChanged: true } }, serverInfo: { name: "s", version: "1" } },
      }, { "Mcp-Session-Id": `upstream-${got.length}` });
    }
    if (message.id === undefined || message.method === undefined) return json(202);
    return result({ content: [{ type: "text", text: "done" }] });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, got, server };
}

// One request of HTTP, as it is; the answer whole. Who aborts by `signal` has left.
export async function ask(url, { method = "POST", headers = {}, body, session, token, signal } = {}) {
  const answer = await fetch(url, {
    method,
    signal,
    headers: {
      ...(method === "POST" ? { "Content-Type": "application/json" } : {}),
      Accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
      ...(session === undefined ? {} : { "Mcp-Session-Id": session }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    redirect: "manual",
  });
  const text = await answer.text();
  const data = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).filter(Boolean);
  const isEvents = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
  const message = isEvents ? data.at(-1) : text;
  return { status: answer.status, headers: answer.headers, text, data, json: () => JSON.parse(message) };
}

export const initialize = (protocolVersion = "2025-11-25") => ({
  jsonrpc: "2.0", id: 0, method: "initialize",
  params: { protocolVersion, capabilities: {}, clientInfo: { name: "policy-test", version: "1" } },
});

// A session over HTTP without an SDK: returns its id.
export async function openSession(url, options = {}) {
  const answer = await ask(url, { ...options, body: initialize() });
  const session = answer.headers.get("mcp-session-id");
  if (answer.status !== 200 || session === null) throw new Error(`${answer.status} ${answer.text}`);
  await ask(url, { ...options, session, body: { jsonrpc: "2.0", method: "notifications/initialized" } });
  return session;
}

// A call of a tool.
export const call = (id, name = "echo", args = {}, more = {}) =>
  ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args, ...more } });

// A request of the stateless era, with the headers that it has to have: what `ask` takes.
export function modernRequest(id, method, params = {}) {
  const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  return {
    body: { jsonrpc: "2.0", id, method, params: { ...params, _meta } },
    headers: {
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": method,
      ...(params.name === undefined ? {} : { "Mcp-Name": params.name }),
    },
  };
}

export const modernCall = (id, name = "echo", args = {}) => modernRequest(id, "tools/call", { name, arguments: args });
