import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build, checkout } from "./built-package";

/** A provider process whose one run hangs in the connection to a port that never answers. */
const program = `
  const { createServer } = require("node:net");
  const provider = require(${JSON.stringify(join(checkout, "dist/provider/pulumi/lifecycle.js"))});
  const server = createServer(() => {}).listen(0, "127.0.0.1", () => {
    // What gRPC's server does: keep the process alive.
    setInterval(() => {}, 1000);
    console.log("up");
    process.on("message", () => {
      const inputs = {
        hosts: ["127.0.0.1:" + server.address().port],
        sessions: { all: true },
        connection: { user: "u", password: "p", hostKey: "SHA256:" + "A".repeat(43) },
        timeouts: { connect: "1m" },
      };
      provider.create(inputs).then(() => console.log("created"), (error) => console.log("thrown " + error.id + " " + error.reasons?.join("|")));
    });
  });
`;

interface Child {
  readonly child: ChildProcess;
  /** Resolves when the output holds the text. */
  readonly said: (text: string) => Promise<void>;
  readonly output: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(): Child {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "pipe", "ipc"] });
  let output = "";
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  const hear = (text: string): void => {
    output += text;
    for (const one of waiting) if (output.includes(one.text)) one.resolve();
  };
  child.stdout?.setEncoding("utf8").on("data", hear);
  child.stderr?.setEncoding("utf8").on("data", hear);
  return {
    child,
    output: () => output,
    said: (text) =>
      new Promise((resolve) => {
        if (output.includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
    ended: new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal }))),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("the provider process", { timeout: 60_000 }, () => {
  before(build);

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends at once on ${signal} when nothing runs`, async () => {
      const { child, said, ended } = start();
      await said("up");
      child.kill(signal);
      assert.deepEqual(await ended, { code: null, signal });
    });

    it(`throws the partial state within 4 s of ${signal} when something runs, and then ends as ever`, async () => {
      const { child, said, ended, output } = start();
      await said("up");
      child.send("run");
      await pause(1000);
      const since = performance.now();
      child.kill(signal);
      await said("thrown");
      assert.ok(performance.now() - since < 4000);
      assert.match(output(), /thrown session-logoff-\S+ session-logoff: 1 of 1 hosts not done/u);
      child.kill(signal);
      assert.deepEqual(await ended, { code: null, signal });
    });
  }

  it("stops and ends when the engine is gone", async () => {
    const { child, said, ended, output } = start();
    await said("up");
    child.send("run");
    await pause(1000);
    child.stdin?.end();
    await said("thrown");
    assert.match(output(), /thrown session-logoff-/u);
    assert.deepEqual(await ended, { code: 1, signal: null });
  });

  it("takes a standard input that never was open for no sign of anything", async () => {
    const { child, said, output } = start();
    child.stdin?.end();
    await said("up");
    child.send("run");
    await pause(1500);
    assert.ok(!output().includes("thrown"), output());
    child.kill("SIGKILL");
  });
});
