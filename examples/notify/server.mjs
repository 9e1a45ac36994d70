// Stands in for the Notify server: the same 21 tools and schemas, but every service is reached below NOTIFY_SINK (tests
// point it at a sink on loopback), each under a path of its own. As with the real one, arguments may redirect a message
// (bot_key, touser, chat_id, topic, device_key, token), and wework_send_image makes the server itself fetch a URL.

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const text = (description, standard) =>
  standard === undefined ? { type: "string", description } : { type: "string", description, default: standard };
const whole = (description, standard) => ({ type: "integer", description, default: standard });

const botKey = { bot_key: text("Key of the group robot; the environment's when empty", "") };
const toUser = { touser: text("Members who get it, joined by |, or @all; the environment's when empty", "") };
const chatId = { chat_id: text("Chat that gets it; the environment's when empty", "") };
const caption = {
  caption: text("Caption, at most 1024 characters", ""),
  parse_mode: text("text or MarkdownV2", ""),
};
const news = {
  title: text("Title"),
  url: text("Where it leads"),
  picurl: text("Picture", ""),
  description: text("Description", ""),
};

// name, title, path of the service, properties, required
const table = [
  ["wework_send_text", "WeWork robot: text", "wework/robot",
    { text: text("The message"), msgtype: text("text or markdown_v2", "text"), ...botKey }, ["text"]],
  ["wework_send_image", "WeWork robot: image", "wework/robot", { url: text("The image"), ...botKey }, ["url"]],
  ["wework_send_news", "WeWork robot: news", "wework/robot", { ...news, ...botKey }, ["title", "url"]],
  ["wework_app_send_text", "WeWork app: text", "wework/app",
    { text: text("The message"), msgtype: text("text or markdown", "text"), ...toUser }, ["text"]],
  ["wework_app_send_image", "WeWork app: image", "wework/app", { url: text("The image"), ...toUser }, ["url"]],
  ["wework_app_send_video", "WeWork app: video", "wework/app", { url: text("The video"), ...toUser }, ["url"]],
  ["wework_app_send_voice", "WeWork app: voice", "wework/app", { url: text("The recording"), ...toUser }, ["url"]],
  ["wework_app_send_file", "WeWork app: file", "wework/app", { url: text("The file"), ...toUser }, ["url"]],
  ["wework_app_send_news", "WeWork app: news", "wework/app", { ...news, ...toUser }, ["title", "url"]],
  ["tg_send_message", "Telegram: message", "telegram/sendMessage",
    { text: text("The message"), ...chatId, parse_mode: text("text or MarkdownV2", ""),
      reply_to_message_id: whole("Message that it answers", 0) }, ["text"]],
  ["tg_send_photo", "Telegram: photo", "telegram/sendPhoto",
    { photo: text("URL or data URI of the photo"), ...chatId, ...caption }, ["photo"]],
  ["tg_send_video", "Telegram: video", "telegram/sendVideo",
    { video: text("URL or data URI of the video"), cover: text("Cover", ""), ...chatId, ...caption }, ["video"]],
  ["tg_send_audio", "Telegram: audio", "telegram/sendAudio",
    { audio: text("URL or data URI of the recording"), ...chatId, ...caption }, ["audio"]],
  ["tg_send_file", "Telegram: file", "telegram/sendDocument", { url: text("The file"), ...chatId, ...caption }, ["url"]],
  ["ding_send_text", "DingTalk robot: text", "dingtalk/robot",
    { text: text("The message"), title: text("Title", ""), msgtype: text("text or markdown", "markdown"), ...botKey },
    ["text"]],
  ["lark_send_text", "Lark robot: text", "lark/robot",
    { text: text("The message"), msgtype: text("text or markdown", "markdown"), ...botKey,
      is_lark: whole("1: Lark, 0: Feishu", 0) }, ["text"]],
  ["bark_send_notify", "Bark: notification", "bark/push",
    { body: text("The message"), title: text("Title", ""), subtitle: text("Subtitle", ""),
      device_key: text("Device that gets it; the environment's when empty", ""), url: text("Opened when tapped", ""),
      icon: text("Icon", ""), level: text("critical, active, timeSensitive or passive", "active"),
      volume: whole("0 to 10, for critical ones", 5) }, ["body"]],
  ["ntfy_send_notify", "Ntfy: notification", "ntfy",
    { message: text("The message"), title: text("Title", ""), topic: text("Name or URL of the topic", ""),
      click: text("Opened when clicked", ""), attach: text("URL of an attachment", ""), icon: text("Icon", ""),
      markdown: { type: "boolean", description: "The message is markdown", default: false },
      filename: text("Name of the attachment", ""), priority: whole("1 to 5", 3), delay: text("When to deliver it", ""),
      actions: { description: "Buttons, some of which send requests", anyOf: [{ type: "array" }, {}], default: null } },
    ["message"]],
  ["pushplus_send_msg", "PushPlus: message", "pushplus/send",
    { content: text("The message"), title: text("Title", ""), token: text("Who gets it; the environment's when empty", ""),
      template: text("html, txt or markdown", ""), channel: text("wechat, webhook or mail", "") }, ["content"]],
  ["ha_send_mobile", "Home Assistant: notification", "homeassistant/notify",
    { message: text("The message"), title: text("Title", ""), subtitle: text("Subtitle", ""),
      data: { description: "More data, as JSON", anyOf: [{ type: "string" }, { type: "object", additionalProperties: true }],
              default: "{}" },
      url: text("Opened when tapped", ""), device_key: text("Device; the environment's when empty", "") }, ["message"]],
  ["text_to_sound", "Text to sound", "sound",
    { text: text("The text"), lang: text("Language", "en"), speed: whole("Speed", 7) }, ["text"]],
];

const tools = table.map(([name, title, , properties, required]) => ({
  name,
  title,
  description: title,
  inputSchema: { type: "object", properties, required },
}));
const paths = new Map(table.map(([name, , path]) => [name, path]));
const sink = process.env.NOTIFY_SINK ?? "";

async function call(name, given) {
  if (sink === "") throw new Error("NOTIFY_SINK is not set");
  const message = { tool: name, ...given };
  if (name === "wework_send_image") {
    const image = await fetch(given.url, { signal: AbortSignal.timeout(5_000) });
    message.bytes = (await image.arrayBuffer()).byteLength;
  }
  const response = await fetch(`${sink}/${paths.get(name)}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  });
  return JSON.stringify(await response.json());
}

const server = new Server({ name: "notify-stand-in", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools }));
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  if (!paths.has(params.name)) throw new Error(`unknown tool ${params.name}`);
  try {
    return { content: [{ type: "text", text: await call(params.name, params.arguments ?? {}) }] };
  } catch (error) {
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
});
await server.connect(new StdioServerTransport());
