// Real clients: the two lines of the TypeScript SDK, behind one small face. Both answer sampling and elicitation.

import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpTransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpTransportV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as TransportV2 } from "@modelcontextprotocol/client/stdio";
import { closeAfterwards, environment } from "./processes.mjs";

const identity = { name: "policy-test", version: "1.0.0" };
const capabilities = { sampling: {}, elicitation: { form: {} }, roots: {} };

const sampled = {
  model: "test-model",
  role: "assistant",
  content: { type: "text", text: "sampled by the client" },
  stopReason: "endTurn",
};
const elicited = { action: "accept", content: { name: "Ada", check: true, untitledSingleSelectEnum: "Friends" } };
const roots = { roots: [{ uri: "file:///srv/app", name: "app" }] };

function transportOptions([command, ...args], { env, stderr, cwd }) {
  return { command, args, env: environment(env), stderr, cwd };
}

const httpOptions = (token) =>
  token === undefined ? {} : { requestInit: { headers: { Authorization: `Bearer ${token}` } } };

// v1: the legacy era only. `server`: a command, or the URL of one that is reached over HTTP; one that ends in /sse over
// HTTP+SSE.
export async function connectV1(server, { env, stderr = "ignore", cwd, token } = {}) {
  const client = new ClientV1(identity, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, async () => sampled);
  client.setRequestHandler(ElicitRequestSchema, async () => elicited);
  client.setRequestHandler(ListRootsRequestSchema, async () => roots);
  const transport = typeof server === "string"
    ? new (server.endsWith("/sse") ? SSEClientTransport : HttpTransportV1)(new URL(server), httpOptions(token))
    : new TransportV1(transportOptions(server, { env, stderr, cwd }));
  closeAfterwards(() => client.close());
  await client.connect(transport);
  return {
    client,
    transport,
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, undefined, options),
    tools: async () => (await client.listTools()).tools,
    close: () => client.close(),
  };
}

// v2: `era` is "legacy", or "2026-07-28" for the modern one.
export async function connectV2(server, { env, stderr = "ignore", era = "legacy", cwd, token } = {}) {
  const versionNegotiation = { mode: era === "legacy" ? "legacy" : { pin: era } };
  const client = new ClientV2(identity, { capabilities, versionNegotiation });
  client.setRequestHandler("sampling/createMessage", async () => sampled);
  client.setRequestHandler("elicitation/create", async () => elicited);
  client.setRequestHandler("roots/list", async () => roots);
  const transport = typeof server === "string"
    ? new HttpTransportV2(new URL(server), httpOptions(token))
    : new TransportV2(transportOptions(server, { env, stderr, cwd }));
  closeAfterwards(() => client.close());
  await client.connect(transport);
  return {
    client,
    transport,
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options),
    tools: async () => (await client.listTools()).tools,
    close: () => client.close(),
  };
}

export const clients = [["SDK v1", connectV1], ["SDK v2", connectV2]];
