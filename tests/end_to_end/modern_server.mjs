// A small server of the stateless era (2026-07-28), which no released server on npm speaks yet; it serves the legacy era too.

import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

serveStdio(() => {
  const server = new McpServer({ name: "modern", version: "1.0.0" }, { capabilities: { tools: {} } });
  for (const name of ["greet", "hidden", "forbidden"]) {
    server.registerTool(name, { description: name }, async () => ({ content: [{ type: "text", text: `${name} ran` }] }));
  }
  return server;
});
