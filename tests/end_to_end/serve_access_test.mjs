// Who may call policyd serve, and what operators see and change while it runs: tokens, revocation, the kill switch, tokens of an
// authorization server, reloads, observing, metrics.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, policyd as program, scratch } from "./processes.mjs";
import { ask, jsonFile, openSession, serve } from "./serve.mjs";
import { everything } from "./servers.mjs";

const folder = scratch();
const grantsFile = join(folder, "grants.json");
const grants = (...args) => execFileSync(program, ["grants", ...args, "--grants", grantsFile], { encoding: "utf8", stdio: "pipe" }).trim();

// Replaces a file in one step, as editors do.
function replace(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const denyUnless = (tool, more = {}) => ({ version: "1", default: "deny", tools: { [tool]: more } });
const policyFile = jsonFile("all.policy.json", denyUnless("echo"));
const ownPolicy = join(folder, "own.policy");
writeFileSync(ownPolicy, `default deny
tool echo {
  allow
  require grant.tags contains "trusted" because "not trusted"
}
tool "get-sum" { allow }
`);

const token = grants("add", "ci", "--tag", "trusted", "--attributes", '{"team":"x"}');
const other = grants("add", "other", "--policy", `child=${ownPolicy}`);
const trusted = grants("add", "trusted", "--tag", "trusted", "--policy", `child=${ownPolicy}`);
const doomed = grants("add", "doomed");
const elsewhere = grants("add", "elsewhere", "--server", "second");
grants("add", "staff", "--no-token");

// An authorization server's keys, and a token of its.
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const keysFile = jsonFile("jwks.json", { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "ES256" }] });
const encoded = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
function jwt(claims, header = { alg: "ES256", kid: "k1", typ: "at+jwt" }) {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const text = `${encoded(header)}.${encoded({ iss: "https://as.example", aud: "https://mcp.example", exp, ...claims })}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const gateway = await serve({
  workers: 2,
  grants_file: grantsFile,
  disabled_file: join(folder, "disabled.json"),
  admin: { port: 0 },
  log: { path: join(folder, "log.jsonl") },
  oauth: {
    issuer: "https://as.example",
    audience: "https://mcp.example",
    public_url: "https://mcp.example",
    jwks_file: keysFile,
    scopes: ["mcp"],
    grants: [{ claim: "groups", equals: "staff", grant: "staff" }],
  },
  servers: { child: { command: everything, policy: policyFile }, second: { command: everything, policy: policyFile } },
});
const url = gateway.at("child");
const admin = await eventually(() => /metrics are at (\S+)\/metrics/.exec(gateway.log())?.[1], { what: "the admin address" });
const metrics = async () => (await fetch(`${admin}/metrics`)).text();

// Calls a tool in a session of its own; returns {status} or the result.
async function call(tool, args, options) {
  const opened = await ask(url, { ...options, body: { jsonrpc: "2.0", id: 0, method: "initialize", params: {
    protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } } } });
  if (opened.status !== 200) return { status: opened.status, headers: opened.headers, text: opened.text };
  const session = opened.headers.get("mcp-session-id");
  const answer = await ask(url, { ...options, session, body: {
    jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } } });
  const ended = await ask(url, { ...options, session, method: "DELETE" });
  assert.ok(ended.status < 300, ended.text);
  return answer.json().result;
}
const echo = (options) => call("echo", { message: "hello" }, options);

test("without a token, or with one that is nobody's, nothing is answered but a challenge", async () => {
  for (const options of [{}, { token: "x" }, { token: `${token.slice(0, -1)}!` }, { token: token.replace(/.$/, (c) => (c === "A" ? "B" : "A")) },
    { headers: { Authorization: `Basic ${token}` } }]) {
    const answer = await echo(options);
    assert.equal(answer.status, 401, JSON.stringify(options));
    assert.match(answer.headers.get("www-authenticate"), /^Bearer realm="policyd".*resource_metadata="https:\/\/mcp\.example\/\.well-known\/oauth-protected-resource\/mcp\/child"$/);
  }
  const document = await (await fetch(`${gateway.url}/.well-known/oauth-protected-resource/mcp/child`)).json();
  assert.deepEqual(document, {
    resource: "https://mcp.example/mcp/child",
    authorization_servers: ["https://as.example"],
    bearer_methods_supported: ["header"],
    scopes_supported: ["mcp"],
  });
});

test("a grant is decided by its own policy where it has one, and sees its tags", async () => {
  assert.equal((await echo({ token })).content[0].text, "Echo: hello");
  assert.equal((await call("get-sum", { a: 1, b: 2 }, { token })).isError, true);
  assert.match((await echo({ token: other })).content[0].text, /^\[POLICY DENIED\] not trusted/);
  assert.equal((await echo({ token: trusted })).content[0].text, "Echo: hello");
  assert.match(JSON.stringify(await call("get-sum", { a: 1, b: 2 }, { token: other })), /3/);
  assert.equal((await echo({ token: elsewhere })).status, 403);
});

test("a session is its grant's alone", async () => {
  const session = await openSession(url, { token });
  const list = { jsonrpc: "2.0", id: 5, method: "tools/list" };
  assert.equal((await ask(url, { token, session, body: list })).status, 200);
  assert.equal((await ask(url, { token: other, session, body: list })).status, 404);
  assert.equal((await ask(url, { session, body: list })).status, 401);
  await ask(url, { token, session, method: "DELETE" });
});

test("a token of the authorization server leads to a grant by its claims", async () => {
  const good = { sub: "alice", groups: ["staff"], scope: "mcp other" };
  assert.equal((await echo({ token: jwt(good) })).content[0].text, "Echo: hello");
  const refused = async (claims, header, status = 401) => assert.equal((await echo({ token: jwt(claims, header) })).status, status);
  await refused({ ...good, aud: "https://other.example" });
  await refused({ ...good, iss: "https://evil.example" });
  await refused({ ...good, exp: Math.floor(Date.now() / 1000) - 120 });
  await refused(good, { alg: "none" });
  await refused(good, { alg: "HS256", kid: "k1" });
  await refused({ ...good, scope: "other" }, undefined, 403);
  await refused({ ...good, groups: ["guests"] }, undefined, 403);
  const [header, , signature] = jwt(good).split(".");
  assert.equal((await echo({ token: `${header}.${encoded({ ...good, sub: "eve" })}.${signature}` })).status, 401);
});

test("what an operator switches off is denied from the next call on, in sessions that are open too", async () => {
  const session = await openSession(url, { token });
  const say = async () => (await ask(url, { token, session, body: {
    jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "echo", arguments: { message: "x" } } } })).json().result.content[0].text;
  assert.equal(await say(), "Echo: x");
  grants("disable", "--tool", "echo", "--because", "incident 7");
  await eventually(async () => /^\[POLICY DENIED\] an operator has switched off `echo`: incident 7/.test(await say()), { what: "the kill switch" });
  grants("enable", "--tool", "echo");
  await eventually(async () => (await say()) === "Echo: x", { what: "the call" });
  await ask(url, { token, session, method: "DELETE" });
});

test("a revoked token is worth nothing, although a policy is broken at the time", async () => {
  const session = await openSession(url, { token: doomed });
  const good = readFileSync(policyFile, "utf8");
  replace(policyFile, "{");
  await eventually(() => /the configuration that was in force stays/.test(gateway.log()), { what: "the refusal" });
  assert.equal((await echo({ token })).content[0].text, "Echo: hello");
  grants("revoke", "doomed");
  await eventually(async () => (await echo({ token: doomed })).status === 401, { what: "the revocation" });
  const late = await ask(url, { token: doomed, session, body: { jsonrpc: "2.0", id: 9, method: "tools/list" } });
  assert.equal(late.status, 401);
  replace(policyFile, good);
});

test("an edited policy decides, and a new grant is let in, without a restart", async () => {
  assert.equal((await call("get-sum", { a: 1, b: 2 }, { token })).isError, true);
  replace(policyFile, JSON.stringify({ version: "1", default: "deny", tools: { echo: {}, "get-sum": {} } }));
  await eventually(async () => !(await call("get-sum", { a: 1, b: 2 }, { token })).isError, { what: "the edit" });
  const fresh = grants("add", "fresh");
  await eventually(async () => (await echo({ token: fresh })).content?.[0].text === "Echo: hello", { what: "the new grant" });
  const rotated = grants("rotate", "fresh");
  await eventually(async () => (await echo({ token: fresh })).status === 401, { what: "the old token" });
  assert.equal((await echo({ token: rotated })).content[0].text, "Echo: hello");
});

test("operators see what was decided, and nothing that callers made up", async () => {
  await call("no-such-tool-0815", {}, { token });
  const text = await metrics();
  assert.match(text, /^policyd_decisions_total\{server="child",tool="echo",outcome="allow"\} [1-9]/m);
  assert.match(text, /^policyd_decisions_total\{server="child",tool="other",outcome="deny"\} [1-9]/m);
  assert.doesNotMatch(text, /no-such-tool|pk_|alice/);
  assert.match(text, /^policyd_http_refused_total\{status="401"\} [1-9]/m);
  assert.match(text, /^policyd_reloads_total\{result="applied"\} [1-9]/m);
  assert.match(text, /^policyd_reloads_total\{result="refused"\} [1-9]/m);
  assert.match(text, /^policyd_decide_seconds_count [1-9]/m);
  assert.match(text, /^policyd_policy_info\{server="child",policy="[^"]+",hash="[0-9a-f]{12}"\} 1/m);
  assert.match(text, /^policyd_calls_in_flight 0$/m);
  // Every line is one of Prometheus' text format, and every family has its type before it.
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^(# (HELP|TYPE) policyd_\w+ .+|policyd_\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? [0-9.e+-]+)$/);
  }
  for (const [path, status] of [["/healthz", 200], ["/readyz", 200], ["/", 404], ["/metricsx", 404]]) {
    assert.equal((await fetch(`${admin}${path}`)).status, status, path);
  }
  assert.equal((await fetch(`${admin}/metrics`, { method: "POST" })).status, 405);
  // The decision log names the grant, and no token.
  const log = readFileSync(join(folder, "log.jsonl"), "utf8");
  assert.match(log, /"grant":"ci"/);
  assert.doesNotMatch(log, /pk_/);
});

test("while it only observes nothing is denied, and the log says what would have been", async () => {
  const log = join(folder, "observed.jsonl");
  const observing = await serve({
    observe: true,
    log: { path: log },
    servers: { child: { command: everything, policy: { version: "1", default: "deny", tools: {
      echo: { rate_limit: { max: 1, window: "day" } } } } } },
  });
  const at = observing.at("child");
  const session = await openSession(at);
  const say = async (name, args) => (await ask(at, { session, body: {
    jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } } })).json().result;
  for (let i = 0; i < 3; ++i) assert.equal((await say("echo", { message: "x" })).content[0].text, "Echo: x");
  assert.match(JSON.stringify(await say("get-sum", { a: 1, b: 2 })), /3/);
  await observing.stop();
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)).filter((line) => line.method === "tools/call");
  assert.deepEqual(lines.map((line) => [line.decision, line.observed ?? false]),
    [["allow", false], ["limited", true], ["limited", true], ["deny", true]]);
});

test("configurations that are not safe do not start", async () => {
  const bad = jsonFile("bad.json", { listen: { address: "0.0.0.0", port: 0 }, grants_file: grantsFile,
    servers: { child: { command: everything, policy: policyFile } } });
  assert.throws(() => execFileSync(program, ["serve", "--config", bad], { encoding: "utf8", stdio: "pipe" }),
    (error) => error.status === 2 && /tokens would cross the network in the clear/.test(error.stderr));
  assert.throws(() => execFileSync(program, ["check-config", bad], { encoding: "utf8", stdio: "pipe" }), (error) => error.status === 1);
  const checked = execFileSync(program, ["check-config", gateway.path], { encoding: "utf8", stdio: "pipe" });
  assert.match(checked, /^ci child \S+ [0-9a-f]{12}$/m);
  assert.match(checked, /^elsewhere child nothing$/m);
  assert.match(checked, /^doomed child nothing$/m);
});
