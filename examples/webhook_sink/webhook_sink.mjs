// A webhook that only listens: every message that reaches it is kept (and printed, when it runs by itself). The stand-ins
// for messaging servers send here, so that a test can say what left the machine and what did not.
//
//   node examples/webhook_sink/webhook_sink.mjs [PORT]

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const BODY_BYTES_MAX = 1 << 20;

// Listens on loopback. `received` grows by {path, body} for each POST; `close` ends it.
export async function openWebhookSink({ port = 0, onMessage = () => {} } = {}) {
  const received = [];
  const server = createServer((request, response) => {
    const chunks = [];
    let bytes = 0;
    request.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const message = { path: request.url, body: text === "" ? null : JSON.parse(text) };
      received.push(message);
      onMessage(message);
      response.writeHead(200, { "content-type": "application/json", connection: "close" });
      response.end(JSON.stringify({ errcode: 0, errmsg: "ok" }));
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sink = await openWebhookSink({
    port: Number(process.argv[2] ?? 0),
    onMessage: (message) => console.log(JSON.stringify(message)),
  });
  console.log(`listening on ${sink.url}`);
}
