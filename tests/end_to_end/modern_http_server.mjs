// A server of the stateless era alone, over HTTP: it refuses what a client of the older era says. It prints its URL.

import { createServer } from "node:http";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "modern-http", version: "1.0.0" }, { capabilities: { tools: {} } });
  for (const name of ["greet", "part"]) {
    server.registerTool(name, { description: name }, async () => ({ content: [{ type: "text", text: name }] }));
  }
  return server;
}, { legacy: "reject" });

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, {
    method: request.method,
    headers: request.headers,
    body: body.length > 0 ? body : undefined,
  }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
