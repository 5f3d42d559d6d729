import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

it("npm run lab prints a command that works and leaves nothing behind", { timeout: 300_000 }, async () => {
  const lab = spawn(process.execPath, ["--import", "tsx", join(__dirname, "main.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve) => lab.on("exit", resolve));
  let output = "";
  await new Promise<void>((resolve, reject) => {
    lab.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Ctrl-C")) resolve();
    });
    lab.on("exit", () => reject(new Error(`ended early: ${output}`)));
  });
  assert.equal(output.match(/^ {2}rdsh0\d {2}127\./gm)?.length, 6);
  const [program = "", ...args] = /^ {2}(ssh -F none .*)$/m.exec(output)?.[1]?.split(" ") ?? [];
  const key = args[args.indexOf("-i") + 1] ?? "";
  assert.ok(existsSync(key));
  const { stdout, stderr, status } = spawnSync(program, ["-o", "BatchMode=yes", ...args], { input: "" });
  assert.equal(status, 0, stderr.toString());
  assert.match(stdout.toString(), / bob {23}3 {2}Disc/);
  lab.stdin.end();
  assert.equal(await exited, 0);
  assert.match(output, /^rdsh01 {2}admin {2}qwinsta$/m);
  assert.equal(existsSync(key), false);
});
