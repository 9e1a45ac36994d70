// The stateless era through policyd, with the client that speaks it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { connectV2 } from "./clients.mjs";
import { top } from "./processes.mjs";
import { allowAll, behindPolicyd } from "./servers.mjs";

const modern = [process.execPath, join(top, "tests/end_to_end/modern_server.mjs")];
const era = "2026-07-28";

test("as direct, under a policy that allows all", async () => {
  const observe = async (session) => [
    session.client.getServerCapabilities(), await session.client.listTools(), await session.call("greet"),
  ];
  const direct = await connectV2(modern, { era });
  const behind = await connectV2(behindPolicyd(modern, allowAll), { era });
  const expected = await observe(direct);
  assert.match(JSON.stringify(expected[2]), /greet ran/);
  assert.deepEqual(await observe(behind), expected);
  await direct.close();
  await behind.close();
});

test("hidden tools are not listed, and denials are results", async () => {
  const session = await connectV2(
    behindPolicyd(modern, { version: "1", default: "deny", hide: ["hidden"], tools: { greet: {} } }), { era });
  assert.deepEqual((await session.tools()).map(({ name }) => name).sort(), ["forbidden", "greet"]);
  assert.match((await session.call("greet")).content[0].text, /greet ran/);
  for (const name of ["hidden", "forbidden"]) {
    const result = await session.call(name);
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /^\[POLICY DENIED\] /);
  }
  await session.close();
});
