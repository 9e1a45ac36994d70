// server-filesystem behind policyd: the example's policy, moved to a folder of the test.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { scratch, top } from "./processes.mjs";
import { allowAll, behindPolicyd, filesystem } from "./servers.mjs";

const root = join(scratch(), "root");
const app = join(root, "app");
mkdirSync(join(app, "notes"), { recursive: true });
writeFileSync(join(app, "notes/today.txt"), "milk\n");
writeFileSync(join(app, ".env"), "TOKEN=1\n");
writeFileSync(join(root, "private.txt"), "not yours\n");
const policy = JSON.parse(readFileSync(join(top, "examples/filesystem/policy.json"), "utf8").replaceAll("/srv/app", app));

for (const [label, connect] of clients) {
  test(`${label}: as direct, under a policy that allows all`, async () => {
    const observe = async (session) => [
      await session.tools(),
      await session.call("read_text_file", { path: join(app, "notes/today.txt") }),
      await session.call("list_directory", { path: app }),
      await session.call("list_allowed_directories"),
      await session.call("read_text_file", { path: "/etc/hostname" }),
    ];
    const direct = await connect(filesystem(root));
    const behind = await connect(behindPolicyd(filesystem(root), allowAll));
    const expected = await observe(direct);
    assert.ok(expected[1].structuredContent.content.includes("milk"));
    assert.deepEqual(await observe(behind), expected);
    await direct.close();
    await behind.close();
  });

  test(`${label}: paths are held to the folder of the policy`, async () => {
    const session = await connect(behindPolicyd(filesystem(root), policy));
    const names = (await session.tools()).map((tool) => tool.name);
    assert.ok(!names.includes("move_file"), names.join());
    assert.match((await session.call("read_text_file", { path: join(app, "notes/today.txt") })).content[0].text, /milk/);
    for (const path of [
      join(root, "private.txt"), join(app, "../private.txt"), `${app}/notes/../../private.txt`, `${app}x/a`, "notes/today.txt",
      join(app, ".env"), `${app}//.env`, `${app}/%2e%2e/private.txt`, app.replace("/app", "/app/./../private.txt"),
    ]) {
      const result = await session.call("read_text_file", { path });
      assert.equal(result.isError, true, path);
      assert.match(result.content[0].text, /^\[POLICY DENIED\] /, path);
      assert.equal(result.structuredContent, undefined);
    }
    const write = await session.call("write_file", { path: join(app, "notes/new.txt"), content: "eggs\n" });
    assert.ok(!write.isError, JSON.stringify(write));
    assert.equal(readFileSync(join(app, "notes/new.txt"), "utf8"), "eggs\n");
    await session.close();
  });
}
