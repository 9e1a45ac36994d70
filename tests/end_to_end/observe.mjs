// What a client sees of server-everything: the same directly and through a faithful proxy.

// What a client sees of the server, through every kind of exchange that MCP has.
export async function observe(session) {
  const { client, call } = session;
  const seen = {
    capabilities: client.getServerCapabilities(),
    version: client.getServerVersion(),
    instructions: client.getInstructions(),
    tools: await session.tools(),
    prompts: await client.listPrompts(),
    resources: await client.listResources(),
    templates: await client.listResourceTemplates(),
    prompt: await client.getPrompt({ name: "simple-prompt" }),
    completion: await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    }),
    ping: await client.ping(),
    level: await client.setLoggingLevel("error"),
    echo: await call("echo", { message: "line\u2028separator \u00e9 \ud83d\ude00" }),
    sum: await call("get-sum", { a: 2, b: 3 }),
    structured: await call("get-structured-content", { location: "New York" }),
    image: await call("get-tiny-image"),
    links: await call("get-resource-links", { count: 2 }),
    sampling: await call("trigger-sampling-request", { prompt: "hello", maxTokens: 10 }),
    elicitation: await call("trigger-elicitation-request"),
    roots: await call("get-roots-list"),
    badArguments: await call("get-sum", { a: "two", b: 3 }).catch((error) => error.message),
    unknownTool: await call("no-such-tool").catch((error) => error.message),
    slow: await call("trigger-long-running-operation", { duration: 0.1, steps: 2 }),
  };
  return JSON.parse(JSON.stringify(seen));
}
