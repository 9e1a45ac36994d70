// A client that knows nothing but bytes and lines: for what no SDK would send, and for answers compared byte by byte.

import { spawn } from "node:child_process";
import { closeAfterwards, environment } from "./processes.mjs";

// `send` writes bytes as they are and a newline; `next` gives the next line without it, as a Buffer.
export function openWire([command, ...args], { env } = {}) {
  const child = spawn(command, args, { env: environment(env), stdio: ["pipe", "pipe", "pipe"] });
  const lines = [];
  const waiting = [];
  let rest = Buffer.alloc(0);
  let stderr = "";
  let ended = false;
  const wake = () => {
    while (waiting.length > 0 && (lines.length > 0 || ended)) waiting.shift()(lines.shift());
  };
  closeAfterwards(() => child.stdin.end());
  child.stdin.on("error", () => {});
  child.stderr.on("data", (chunk) => (stderr += chunk));
  child.stdout.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let at; (at = rest.indexOf(10)) >= 0; rest = rest.subarray(at + 1)) lines.push(rest.subarray(0, at));
    wake();
  });
  const exited = new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", (error) => resolve({ error }));
  });
  child.stdout.on("close", () => {
    ended = true;
    wake();
  });

  const next = ({ within_ms = 10_000 } = {}) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no line within ${within_ms} ms; stderr: ${stderr}`)), within_ms);
      waiting.push((line) => {
        clearTimeout(timer);
        if (line === undefined) reject(new Error(`the output ended; stderr: ${stderr}`));
        else resolve(line);
      });
      wake();
    });
  const write = (bytes) => child.stdin.write(bytes);
  const send = (message) => {
    write(Buffer.isBuffer(message) ? message : Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
    write("\n");
  };
  return {
    child,
    exited,
    next,
    send,
    write,
    stderr: () => stderr,
    // The next line that answers `id`, parsed; lines before it are dropped.
    async answer(id, options) {
      for (;;) {
        const message = JSON.parse((await next(options)).toString("utf8"));
        if (message.id === id && message.method === undefined) return message;
      }
    },
    // The handshake of the legacy era.
    async initialize(version = "2025-11-25") {
      send({
        jsonrpc: "2.0", id: "init", method: "initialize",
        params: { protocolVersion: version, capabilities: {}, clientInfo: { name: "wire", version: "1" } },
      });
      const answer = await this.answer("init");
      send({ jsonrpc: "2.0", method: "notifications/initialized" });
      return answer;
    },
    call(id, name, args = {}) {
      send({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
      return this.answer(id);
    },
    async close() {
      child.stdin.end();
      return exited;
    },
  };
}
