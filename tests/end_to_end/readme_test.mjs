// The README is run: its files are written, its commands are typed, and what they print is compared with what it says.
//
//   ```json policy.json     a file of that name
//   ```console              `$ command` lines, each followed by what it prints; … stands for anything on a line
//   ```json client          a client's configuration: its server is started and called
//
// Documents that show commands join the list below. /srv/app is a folder of the test; `./dev` commands are only looked up in
// its usage, since this test runs inside one of them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { connectV1 } from "./clients.mjs";
import { environment, packages, policyc, scratch, top } from "./processes.mjs";

const documents = ["README.md", "docs/getting-started.md"];

function blocks(text) {
  return [...text.matchAll(/^```(\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, name, body]) => ({ language, name, body }));
}

// `$ command` and the lines it prints.
function commands(body) {
  const found = [];
  for (const line of body.split("\n").slice(0, -1)) {
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), printed: [] });
    else if (found.at(-1)?.command.endsWith("\\")) found.at(-1).command += `\n${line}`;
    else found.at(-1).printed.push(line);
  }
  return found;
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pattern = (lines) => new RegExp(`^${lines.map((line) => escape(line).replaceAll("…", ".*")).join("\n")}\n?$`);

for (const document of documents) {
  const text = readFileSync(join(top, document), "utf8");
  const folder = mkdtempSync(join(scratch(), "readme-"));
  const app = join(folder, "app");
  mkdirSync(join(app, "notes"), { recursive: true });
  writeFileSync(join(app, "notes/today.txt"), "milk\n");
  const local = (words) => words.replaceAll("/srv/app", app);
  const env = environment({
    PATH: `${dirname(policyc)}:${join(packages, ".bin")}:${process.env.PATH}`,
    XDG_STATE_HOME: join(folder, "state"),
    XDG_DATA_HOME: join(folder, "data"),
  });
  const usage = readFileSync(join(top, "dev"), "utf8");

  test(`${document}: what it shows is what happens`, async () => {
    let ran = 0;
    for (const { language, name, body } of blocks(text)) {
      if (name === "client") {
        const [{ command, args }] = Object.values(JSON.parse(local(body)).mcpServers);
        assert.equal(command, "policyd");
        const session = await connectV1([join(dirname(policyc), command), ...args], { env, cwd: folder });
        assert.ok((await session.tools()).length > 0);
        const outside = await session.call("read_text_file", { path: "/etc/passwd" });
        assert.match(outside.content[0].text, /^\[POLICY DENIED\] /);
        const inside = await session.call("read_text_file", { path: join(app, "notes/today.txt") });
        assert.match(inside.content[0].text, /milk/);
        await session.close();
        ran++;
      } else if (name !== undefined) {
        writeFileSync(join(folder, name), local(body));
      } else if (language === "console") {
        for (const { command, printed } of commands(body)) {
          ran++;
          const own = /^\.\/dev (\w+)/.exec(command);
          if (own !== null) {
            assert.match(usage, new RegExp(`^  (${own[1]}|.*\\| ${own[1]})\\b`, "m"), command);
            continue;
          }
          const done = spawnSync("/bin/bash", ["-c", local(command)], { cwd: folder, env, encoding: "utf8" });
          assert.match(done.stdout + done.stderr, pattern(printed.map(local)), `$ ${command}`);
        }
      } else {
        assert.ok(["text"].includes(language), `a block of ${document} that no test runs: ${language}`);
      }
    }
    assert.ok(ran > 0, "nothing was run");
  });
}
