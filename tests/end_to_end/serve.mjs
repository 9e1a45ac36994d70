// `policyd serve` as tests start it, and servers over HTTP to stand behind it.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
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
// objects: the path of each is put where a server names it.
export async function serve(config, { env } = {}) {
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
  const started = start([policyd, "serve", "--config", path], env);
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

// One request of HTTP, as it is; the answer whole.
export async function ask(url, { method = "POST", headers = {}, body, session, token } = {}) {
  const answer = await fetch(url, {
    method,
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
