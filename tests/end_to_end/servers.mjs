// Commands that start MCP servers, bare or behind policyd.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packages, policyd, scratch, top } from "./processes.mjs";

const node = process.execPath;

export const everything = [node, join(packages, "@modelcontextprotocol/server-everything/dist/index.js"), "stdio"];
export const memory = [node, join(packages, "@modelcontextprotocol/server-memory/dist/index.js")];
export const filesystem = (...folders) => [
  node, join(packages, "@modelcontextprotocol/server-filesystem/dist/index.js"), ...folders,
];
export const example = (name) => [node, join(top, "examples", name, "server.mjs")];
// Answers as its script says and writes down every line that it gets.
export const lenient = (record, script) => [
  node, join(top, "tests/end_to_end/lenient_server.mjs"), record, ...(script === undefined ? [] : [script]),
];

export const allowAll = { version: "1", default: "allow" };

let files = 0;

// `policy` is a path, or an object that is written to a file. The state directory is this test's own, so that neither the
// user's limits nor another test's are touched; give `state` to share one on purpose.
export function behindPolicyd(server, policy, { state, options = [] } = {}) {
  let path = policy;
  if (typeof policy !== "string") {
    path = join(scratch(), `policy-${files++}.json`);
    writeFileSync(path, JSON.stringify(policy, null, 2));
  }
  const shared = state ?? join(scratch(), `state-${files++}`);
  mkdirSync(shared, { recursive: true, mode: 0o700 });
  return [policyd, "run", "--policy", path, "--state", shared, "--init-state", ...options, "--", ...server];
}
