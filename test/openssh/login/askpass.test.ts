import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { startAskpass } from "../../../provider/openssh/login/askpass";
import { until } from "../../ssh/scripted-server";

it("askpass leaves an answer for its ssh alone, which only this user can read", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "askpass-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const base = join(folder, "1");
  const prompts: string[] = [];
  const askpass = await startAskpass("rdsh01", base, systemClock, (prompt) => {
    prompts.push(prompt);
    return Promise.resolve({ text: "open sesame" });
  });
  t.after(() => askpass.close());
  const ask = (pid: number): void => {
    writeFileSync(`${base}.asking`, `${pid}\nPassword:\n> `);
    renameSync(`${base}.asking`, `${base}.asked`);
  };
  ask(41);
  await until(() => existsSync(`${base}.end`), "it has sent away whoever is not served");
  askpass.serve(42);
  ask(42);
  await until(() => existsSync(`${base}.answer`), "it has answered");
  assert.equal(readFileSync(`${base}.answer`, "utf8"), "open sesame\n");
  assert.equal(statSync(`${base}.answer`).mode & 0o777, 0o600);
  assert.deepEqual(prompts, ["Password:\n> "]);
  await askpass.close();
  assert.deepEqual(readdirSync(folder), []);
});
