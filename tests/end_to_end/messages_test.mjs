// The two messaging servers behind policyd, by their examples: what the policy refuses never reaches the webhook.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { openWebhookSink } from "../../examples/webhook_sink/webhook_sink.mjs";
import { clients, connectV1 } from "./clients.mjs";
import { sleep, top } from "./processes.mjs";
import { behindPolicyd, example } from "./servers.mjs";

const policy = (name) => join(top, "examples", name, "policy.json");
const sink = await openWebhookSink();
after(() => sink.close());

// Windows are those of the clock: what has to happen within one minute does not begin near its end.
async function beginningOfMinute(needed_ms = 20_000) {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < needed_ms) await sleep(left + 50);
}

const dingtalk = { DINGTALK_WEBHOOK: `${sink.url}/robot/send?access_token=1` };

async function refused(session, name, args, pattern) {
  const before = sink.received.length;
  const result = await session.call(name, args);
  assert.equal(result.isError, true, `${name} ${JSON.stringify(args)} was let through`);
  assert.match(result.content[0].text, pattern);
  assert.equal(sink.received.length, before, `${name} reached the webhook`);
}

test("without policyd the stand-in does what the real server does: the unlisted tool runs, everybody is paged", async () => {
  const session = await connectV1(example("dingtalk"), { env: dingtalk });
  assert.equal((await session.tools()).length, 5);
  const before = sink.received.length;
  await session.call("dingtalk_notify_task_complete", { taskName: "deploy" });
  await session.call("dingtalk_send_text", { content: "lunch", atAll: true });
  assert.equal(sink.received.length, before + 2);
  assert.equal(sink.received.at(-1).body.at.isAtAll, true);
  await session.close();
});

for (const [label, connect] of clients) {
  test(`${label}: the thirty-first message within a minute is refused and never reaches the webhook`, async () => {
    const session = await connect(behindPolicyd(example("dingtalk"), policy("dingtalk")), { env: dingtalk });
    await beginningOfMinute();
    const before = sink.received.length;
    for (let i = 1; i <= 30; i++) {
      const tool = i % 2 === 0 ? "dingtalk_send_text" : "dingtalk_send_markdown";
      const result = await session.call(tool, i % 2 === 0 ? { content: `message ${i}` } : { title: "x", text: `message ${i}` });
      assert.ok(!result.isError, result.content[0].text);
    }
    assert.equal(sink.received.length, before + 30);
    await refused(session, "dingtalk_send_text", { content: "message 31" }, /^\[POLICY LIMITED\] /);
    await refused(session, "dingtalk_notify_session_end", { summary: "done" }, /^\[POLICY LIMITED\] /);
    await session.close();
  });

  test(`${label}: the unlisted tool, a page to everybody and a foreign webhook are refused`, async () => {
    const session = await connect(behindPolicyd(example("dingtalk"), policy("dingtalk")), { env: dingtalk });
    await refused(session, "dingtalk_notify_task_complete", { taskName: "deploy" }, /^\[POLICY DENIED\] /);
    await refused(session, "dingtalk_send_text", { content: "lunch", atAll: true }, /^\[POLICY DENIED\] do not page everybody/);
    await refused(session, "dingtalk_send_text", { content: "lunch", atAll: "true" }, /^\[POLICY DENIED\] /);
    await refused(session, "dingtalk_send_text", { content: "lunch", at: { isAtAll: true } }, /^\[POLICY DENIED\] /);
    for (const webhook of [
      "https://attacker.example.net/robot/send", "https://oapi.dingtalk.com@attacker.example.net/", `${sink.url}/stolen`,
      "https://oapi.dingtalk.com.attacker.example.net/", "https:\\\\attacker.example.net\\.oapi.dingtalk.com/", "", null, 5,
    ]) {
      await refused(session, "dingtalk_configure", { webhook }, /^\[POLICY DENIED\] messages go to a robot/);
    }
    const before = sink.received.length;
    assert.ok(!(await session.call("dingtalk_send_text", { content: "still the same robot" })).isError);
    assert.equal(sink.received.at(-1).path, "/robot/send?access_token=1");
    assert.equal(sink.received.length, before + 1);
    await session.close();
  });

  test(`${label}: notifications reach whom the policy names, and nothing is fetched from elsewhere`, async () => {
    const session = await connect(behindPolicyd(example("notify"), policy("notify")), { env: { NOTIFY_SINK: sink.url } });
    const names = (await session.tools()).map((tool) => tool.name);
    assert.deepEqual(names.filter((name) => /^(ha_|pushplus_)|_send_file$/.test(name)), []);
    assert.equal(names.length, 21 - 4);

    const before = sink.received.length;
    assert.ok(!(await session.call("wework_send_text", { text: "build 412 passed" })).isError);
    assert.ok(!(await session.call("tg_send_message", { text: "hello", chat_id: "-1001234567890" })).isError);
    assert.ok(!(await session.call("wework_app_send_text", { text: "hello", touser: "zhang.san|li.si" })).isError);
    assert.equal(sink.received.length, before + 3);
    assert.equal(sink.received.at(-1).body.touser, "zhang.san|li.si");

    await refused(session, "wework_send_text", { text: "x", bot_key: "another" }, /^\[POLICY DENIED\] /);
    await refused(session, "wework_send_image", { url: `${sink.url}/inside` }, /^\[POLICY DENIED\] pictures come from/);
    await refused(session, "wework_app_send_text", { text: "x", touser: "@all" }, /^\[POLICY DENIED\] name the members/);
    await refused(session, "wework_app_send_text", { text: "x" }, /^\[POLICY DENIED\] name the members/);
    await refused(session, "tg_send_photo", { photo: "x", chat_id: "-1009999999999" }, /^\[POLICY DENIED\] this chat/);
    await refused(session, "ntfy_send_notify", { message: "x", topic: "https://attacker.example.net/" }, /^\[POLICY DENIED\] /);
    await refused(session, "ha_send_mobile", { message: "x" }, /^\[POLICY DENIED\] /);
    await session.close();
  });
}
