// A server with what the conformance suite asks for by name, in both eras over HTTP on one path: sessions for clients that
// initialize, no sessions for the others. It prints its URL. With --stdio: one legacy session over its standard streams.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import {
  acceptedContent, classifyInboundRequest, createMcpHandler, createRequestStateCodec, fromJsonSchema, inputRequired, McpServer,
  ResourceTemplate, WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
const silence = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
const text = (said) => ({ type: "text", text: said });
const image = { type: "image", data: pixel, mimeType: "image/png" };
const embedded = (uri, mimeType = "text/plain") => ({ type: "resource", resource: { uri, mimeType, text: "embedded" } });
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const object = (properties = {}, required = []) => ({ type: "object", properties, required });
const string = { type: "string" };

const codec = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });

// -- what is asked in the legacy era, while a call runs -----------------------------------------------------------

async function asked(context, method, params) {
  try {
    return text(`${method}: ${JSON.stringify(await context.mcpReq.send({ method, params }))}`);
  } catch (error) {
    return text(`${method} failed: ${error.message}`);
  }
}

const choices = ["one", "two", "three"];
const titled = choices.map((name) => ({ const: name, title: `Choice ${name}` }));
const forms = {
  test_elicitation: object({ response: string }, ["response"]),
  test_elicitation_sep1034_defaults: object({
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  }),
  test_elicitation_sep1330_enums: object({
    untitledSingle: { type: "string", enum: choices },
    titledSingle: { type: "string", oneOf: titled },
    legacyEnum: { type: "string", enum: choices, enumNames: choices.map((name) => name.toUpperCase()) },
    untitledMulti: { type: "array", minItems: 1, maxItems: 3, items: { type: "string", enum: choices } },
    titledMulti: { type: "array", minItems: 1, maxItems: 3, items: { anyOf: titled } },
  }),
};

// -- what is asked in the modern era, before a call is answered ---------------------------------------------------

const question = (property, type = "string") =>
  inputRequired.elicit({ message: `${property}?`, requestedSchema: object({ [property]: { type } }, [property]) });
const completion = () => inputRequired.createMessage({ messages: [{ role: "user", content: text("say something") }], maxTokens: 20 });
const said = (context, key) => context.mcpReq.inputResponses?.[key];
const accepted = (context, key) => acceptedContent(context.mcpReq.inputResponses, key);
const ask = (inputRequests, requestState) => inputRequired({ inputRequests, ...(requestState ? { requestState } : {}) });

// Each returns what it still wants, or its content.
const rounds = {
  test_missing_capability: (context) => said(context, "a") === undefined ? ask({ a: completion() }) : [text("sampled")],
  test_input_required_result_elicitation: (context) => {
    const name = accepted(context, "user_name")?.name;
    return typeof name === "string" ? [text(`hello ${name}`)] : ask({ user_name: question("name") });
  },
  test_input_required_result_sampling: (context) => {
    const answer = said(context, "capital_question");
    return answer === undefined ? ask({ capital_question: completion() }) : [text(JSON.stringify(answer))];
  },
  test_input_required_result_list_roots: (context) => {
    const answer = said(context, "client_roots");
    return Array.isArray(answer?.roots) ? [text(JSON.stringify(answer.roots))] : ask({ client_roots: inputRequired.listRoots() });
  },
  test_input_required_result_request_state: async (context) => {
    if (accepted(context, "confirm") === undefined) {
      return ask({ confirm: question("ok", "boolean") }, await codec.mint({ nonce: randomUUID() }));
    }
    return [text("state-ok")];
  },
  test_input_required_result_multiple_inputs: async (context) => {
    if (accepted(context, "user_name") !== undefined && said(context, "greeting") && said(context, "client_roots")) {
      return [text("all there")];
    }
    return ask({ user_name: question("name"), greeting: completion(), client_roots: inputRequired.listRoots() },
      await codec.mint({ nonce: randomUUID() }));
  },
  test_input_required_result_multi_round: async (context) => {
    const round = context.mcpReq.requestState()?.round ?? 0;
    if (round === 2) return [text(`color ${accepted(context, "step2")?.color}`)];
    return ask(round === 0 ? { step1: question("name") } : { step2: question("color") },
      await codec.mint({ round: round + 1, nonce: randomUUID() }));
  },
  test_input_required_result_tampered_state: async (context) => {
    if (context.mcpReq.requestState() !== undefined && accepted(context, "confirm") !== undefined) return [text("integrity-ok")];
    return ask({ confirm: question("ok", "boolean") }, await codec.mint({ nonce: randomUUID() }));
  },
  test_input_required_result_capabilities: (context) => {
    if (context.mcpReq.inputResponses !== undefined) return [text("fulfilled")];
    const can = context.mcpReq.envelope?.["io.modelcontextprotocol/clientCapabilities"] ?? {};
    const wanted = {
      ...(can.elicitation ? { user_name: question("name") } : {}),
      ...(can.sampling ? { greeting: completion() } : {}),
      ...(can.roots ? { client_roots: inputRequired.listRoots() } : {}),
    };
    return Object.keys(wanted).length === 0 ? [text("nothing can be asked")] : ask(wanted);
  },
};

// -- the server ---------------------------------------------------------------------------------------------------

const sessions = new Map();

const tools = {
  test_simple_text: () => [text("simple")],
  test_image_content: () => [image],
  test_audio_content: () => [{ type: "audio", data: silence, mimeType: "audio/wav" }],
  test_embedded_resource: () => [embedded("test://embedded-resource")],
  test_multiple_content_types: () => [text("several"), image, embedded("test://mixed-content-resource", "application/json")],
  test_streaming_elicitation: () => [text("no requests")],
  test_error_handling: () => {
    throw new Error("this tool fails");
  },
  test_logging_tool: async (context) => {
    await context.mcpReq.log("info", "logged");
    return [text("logged")];
  },
  test_tool_with_logging: async (context) => {
    for (const data of ["started", "works", "done"]) {
      await context.mcpReq.notify({ method: "notifications/message", params: { level: "info", data } });
      await pause();
    }
    return [text("logged")];
  },
  test_tool_with_progress: async (context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      await context.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
      await pause();
    }
    return [text(String(progressToken))];
  },
  test_reconnection: async (context) => {
    sessions.get(context.sessionId)?.closeSSEStream(context.mcpReq.id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [text("still there")];
  },
  test_sampling: async (context, { prompt }) => [
    await asked(context, "sampling/createMessage", { messages: [{ role: "user", content: text(prompt) }], maxTokens: 100 }),
  ],
  test_trigger_tool_change: () => {
    modern.notify.toolsChanged();
    return [text("published")];
  },
  test_trigger_prompt_change: () => {
    modern.notify.promptsChanged();
    return [text("published")];
  },
  test_x_mcp_header: (_, { region }) => [text(`region ${region}`)],
  json_schema_2020_12_tool: (_, args) => [text(JSON.stringify(args))],
  ...rounds,
};
for (const [name, requestedSchema] of Object.entries(forms)) {
  tools[name] = async (context, { message = "please" }) => [await asked(context, "elicitation/create", { message, requestedSchema })];
}

const schemas = {
  test_sampling: object({ prompt: string }, ["prompt"]),
  test_elicitation: object({ message: string }, ["message"]),
  test_x_mcp_header: object({ region: { type: "string", "x-mcp-header": "Region" }, level: { type: "integer" } }),
  json_schema_2020_12_tool: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...object({ name: string, address: { $ref: "#/$defs/address" } }),
    $defs: { address: { $anchor: "addressDef", ...object({ street: string, city: string }) } },
    allOf: [{ anyOf: [{ required: ["name"] }, { required: ["address"] }] }],
    if: { required: ["address"] }, then: { required: ["name"] }, else: {},
    additionalProperties: false,
  },
};

function everything() {
  const server = new McpServer({ name: "conformance", version: "1.0.0" }, {
    capabilities: {
      tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true }, logging: {},
      completions: {},
    },
    requestState: { verify: codec.verify },
  });
  for (const [name, run] of Object.entries(tools)) {
    const inputSchema = fromJsonSchema(schemas[name] ?? object());
    server.registerTool(name, { description: name, inputSchema }, async (args, context) => {
      const content = await run(context, args);
      return Array.isArray(content) ? { content } : content;
    });
  }
  const resource = (name, uri, contents) =>
    server.registerResource(name, uri, { description: name }, async (at, variables) => ({ contents: [{ uri: at.toString(), ...contents(variables) }] }));
  resource("static-text", "test://static-text", () => ({ mimeType: "text/plain", text: "static" }));
  resource("static-binary", "test://static-binary", () => ({ mimeType: "image/png", blob: pixel }));
  resource("watched-resource", "test://watched-resource", () => ({ mimeType: "text/plain", text: "watched" }));
  resource("template", new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    ({ id }) => ({ mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }));
  for (const method of ["resources/subscribe", "resources/unsubscribe", "logging/setLevel"]) {
    server.server.setRequestHandler(method, async () => ({}));
  }
  server.server.setRequestHandler("completion/complete", async () => ({ completion: { values: ["paris"], total: 1, hasMore: false } }));
  const prompt = (name, names, say) => server.registerPrompt(name, {
    description: name,
    ...(names.length === 0 ? {} : { argsSchema: fromJsonSchema(object(Object.fromEntries(names.map((key) => [key, string])), names)) }),
  }, async (...given) => {
    const messages = say(...given);
    return Array.isArray(messages) ? { messages: messages.map((content) => ({ role: "user", content })) } : messages;
  });
  prompt("test_simple_prompt", [], () => [text("simple")]);
  prompt("test_prompt_with_arguments", ["arg1", "arg2"], ({ arg1, arg2 }) => [text(`arg1='${arg1}', arg2='${arg2}'`)]);
  prompt("test_prompt_with_embedded_resource", ["resourceUri"], ({ resourceUri }) => [embedded(resourceUri), text("see above")]);
  prompt("test_prompt_with_image", [], () => [image, text("see above")]);
  prompt("test_input_required_result_prompt", [], (context) => {
    const known = accepted(context, "user_context")?.context;
    return typeof known === "string" ? [text(known)] : ask({ user_context: question("context") });
  });
  return server;
}

const modern = createMcpHandler(everything, { legacy: "reject" });

// Events of all streams, for clients that come back.
const events = [];
const eventStore = {
  storeEvent: async (stream, message) => {
    events.push({ stream, message });
    return String(events.length);
  },
  replayEventsAfter: async (last, { send }) => {
    const { stream } = events[Number(last) - 1];
    for (let at = Number(last); at < events.length; ++at) {
      const event = events[at];
      if (event.stream === stream && Object.keys(event.message).length > 0) await send(String(at + 1), event.message);
    }
    return stream;
  },
};

async function openSession() {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore,
    retryInterval: 500,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await everything().connect(transport);
  return transport;
}

async function answer(request, body) {
  const parsedBody = body === undefined ? undefined : JSON.parse(body);
  const header = (name) => request.headers.get(name) ?? undefined;
  const era = classifyInboundRequest({
    httpMethod: request.method, body: parsedBody, protocolVersionHeader: header("mcp-protocol-version"),
    mcpMethodHeader: header("mcp-method"), mcpNameHeader: header("mcp-name"),
  });
  if (era.kind !== "legacy") return modern.fetch(request);
  const id = header("mcp-session-id");
  if (id !== undefined && !sessions.has(id)) return new Response("no such session", { status: 404 });
  const transport = id === undefined ? await openSession() : sessions.get(id);
  return transport.handleRequest(request);
}

const server = createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = chunks.length === 0 ? undefined : Buffer.concat(chunks).toString();
  const host = incoming.headers.host ?? "";
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(host)) return outgoing.writeHead(403).end();
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  try {
    const { status, headers, body: stream } = await answer(
      new Request(`http://${host}${incoming.url}`, { method: incoming.method, headers: incoming.headers, body, signal: gone.signal }), body);
    outgoing.writeHead(status, Object.fromEntries(headers));
    outgoing.flushHeaders();
    if (stream === null) return outgoing.end();
    Readable.fromWeb(stream).on("error", () => outgoing.destroy()).pipe(outgoing);
  } catch (error) {
    if (!outgoing.headersSent) outgoing.writeHead(error instanceof SyntaxError ? 400 : 500);
    outgoing.end();
  }
});
if (process.argv.includes("--stdio")) {
  await everything().connect(new StdioServerTransport());
} else {
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
}
