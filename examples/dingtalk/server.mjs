// Stands in for the DingTalk server of Claude Code: the same tools and schemas, but messages go wherever
// DINGTALK_WEBHOOK says (tests point it at a sink on loopback). Two habits of the real one are kept because policies have
// to cope with them: a tool that is not listed runs all the same when it is called, and failures come back as plain text
// that is not marked as an error.

import { createHmac } from "node:crypto";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const text = (description, rest = {}) => ({ type: "string", description, ...rest });
const atAll = { type: "boolean", description: "Mention everybody in the group", default: false };

const tools = [
  {
    name: "dingtalk_configure",
    description: "Set the robot that messages go to",
    inputSchema: {
      type: "object",
      properties: {
        webhook: text("Webhook of the robot, with its access token"),
        secret: text("Secret for the signature, if the robot asks for one"),
        keywords: { type: "array", items: { type: "string" }, description: "Keywords that the robot asks for" },
      },
      required: ["webhook"],
    },
  },
  {
    name: "dingtalk_send_text",
    description: "Send a text message to the group",
    inputSchema: { type: "object", properties: { content: text("The message"), atAll }, required: ["content"] },
  },
  {
    name: "dingtalk_send_markdown",
    description: "Send a markdown message to the group",
    inputSchema: {
      type: "object",
      properties: { title: text("Title"), text: text("The message, as markdown"), atAll },
      required: ["title", "text"],
    },
  },
  {
    name: "dingtalk_send_link",
    description: "Send a link to the group",
    inputSchema: {
      type: "object",
      properties: {
        title: text("Title"),
        text: text("What the link is about"),
        messageUrl: text("Where the link leads"),
        picUrl: text("Picture beside it"),
      },
      required: ["title", "text", "messageUrl"],
    },
  },
  {
    name: "dingtalk_notify_session_end",
    description: "Tell the group that a session has ended, with its figures",
    inputSchema: {
      type: "object",
      properties: {
        sessionType: text("What kind of session it was", { default: "development" }),
        duration: text("How long it took"),
        mainTasks: { type: "array", items: { type: "string" }, description: "What was done" },
        summary: text("Summary", { default: "session ended" }),
        filesCount: { type: "number", description: "Files changed", default: 0 },
        toolsUsed: { type: "number", description: "Tools used", default: 0 },
        atAll,
      },
      required: [],
    },
  },
];

const robot = {
  webhook: process.env.DINGTALK_WEBHOOK ?? "",
  secret: process.env.DINGTALK_SECRET ?? "",
  keywords: [],
};

const messages = {
  dingtalk_send_text: ({ content, atAll: everybody = false }) => ({
    msgtype: "text",
    text: { content },
    at: { isAtAll: everybody },
  }),
  dingtalk_send_markdown: ({ title, text: markdown, atAll: everybody = false }) => ({
    msgtype: "markdown",
    markdown: { title, text: markdown },
    at: { isAtAll: everybody },
  }),
  dingtalk_send_link: ({ title, text: about, messageUrl, picUrl = "" }) => ({
    msgtype: "link",
    link: { title, text: about, messageUrl, picUrl },
  }),
  dingtalk_notify_session_end: ({ sessionType = "development", duration = "", mainTasks = [], summary = "session ended",
                                  filesCount = 0, toolsUsed = 0, atAll: everybody = false }) => ({
    msgtype: "markdown",
    markdown: {
      title: "session ended",
      text: [`# ${sessionType} ${duration}`, ...mainTasks.map((task) => `- ${task}`), summary,
             `${filesCount} files, ${toolsUsed} tools`].join("\n"),
    },
    at: { isAtAll: everybody },
  }),
  // Not in the list above, and yet it runs.
  dingtalk_notify_task_complete: ({ taskName = "task", result = "", atAll: everybody = false }) => ({
    msgtype: "markdown",
    markdown: { title: "task complete", text: `# ${taskName}\n${result}` },
    at: { isAtAll: everybody },
  }),
};

function signed(webhook, secret) {
  if (secret === "") return webhook;
  const timestamp = Date.now();
  const sign = createHmac("sha256", secret).update(`${timestamp}\n${secret}`).digest("base64");
  const url = new URL(webhook);
  url.searchParams.set("timestamp", String(timestamp));
  url.searchParams.set("sign", sign);
  return url.href;
}

async function send(message) {
  if (robot.webhook === "") return "Error: no webhook is configured";
  try {
    const response = await fetch(signed(robot.webhook, robot.secret), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
    });
    const answer = await response.json();
    return answer.errcode === 0 ? "Message sent" : `Error: ${answer.errmsg}`;
  } catch (error) {
    return `Error: ${error.message}`;
  }
}

async function call(name, given) {
  if (name === "dingtalk_configure") {
    Object.assign(robot, { secret: "", keywords: [], ...given });
    return "Configured";
  }
  const compose = messages[name];
  return compose === undefined ? `Error: unknown tool ${name}` : send(compose(given));
}

const server = new Server({ name: "dingtalk-stand-in", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools }));
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => ({
  content: [{ type: "text", text: await call(params.name, params.arguments ?? {}) }],
}));
await server.connect(new StdioServerTransport());
