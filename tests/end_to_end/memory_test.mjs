// server-memory behind policyd: a graph that an agent may read and add to, but not delete from.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { scratch } from "./processes.mjs";
import { behindPolicyd, memory } from "./servers.mjs";

const policy = {
  version: "1",
  default: "deny",
  hide: ["delete_*"],
  tools: {
    read_graph: {},
    search_nodes: {},
    open_nodes: {},
    create_entities: { limits: [{ counter: "entities", window: "day", max: 5, cost: { length: "args.entities" } }] },
  },
};

const entity = (name) => ({ name, entityType: "person", observations: [] });

for (const [label, connect] of clients) {
  test(`${label}: reads and additions pass, deletions do not, and the cost is the number of entities`, async () => {
    const file = join(scratch(), `${label.replace(" ", "")}.jsonl`);
    const session = await connect(behindPolicyd(memory, policy), { env: { MEMORY_FILE_PATH: file } });
    const names = (await session.tools()).map((tool) => tool.name);
    assert.deepEqual(names.filter((name) => name.startsWith("delete_")), []);
    assert.ok(names.includes("add_observations"), "only hide filters the list");

    const created = await session.call("create_entities", { entities: [entity("Ada"), entity("Grace"), entity("Edith")] });
    assert.equal(created.structuredContent.entities.length, 3);
    const over = await session.call("create_entities", { entities: [entity("a"), entity("b"), entity("c")] });
    assert.match(over.content[0].text, /^\[POLICY LIMITED\] /);
    assert.ok(!(await session.call("create_entities", { entities: [entity("Joan"), entity("Radia")] })).isError);
    const removed = await session.call("delete_entities", { entityNames: ["Ada"] });
    assert.match(removed.content[0].text, /^\[POLICY DENIED\] /);
    const graph = await session.call("read_graph");
    assert.deepEqual(graph.structuredContent.entities.map(({ name }) => name), ["Ada", "Grace", "Edith", "Joan", "Radia"]);
    await session.close();
  });
}
