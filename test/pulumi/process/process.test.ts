import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../lab/until";
import { build, checkout } from "../dynamic/built-package";

/** A provider process that starts a run for each message. The run hangs while connecting to a port that never answers. */
const program = `
  const { createServer } = require("node:net");
  const provider = require(${JSON.stringify(join(checkout, "dist/provider/pulumi/dynamic/provider.js"))});
  const contacted = () => {
    console.log("contacted");
    // Standard input that ends in the first 200 ms of a run counts as closed before the run.
    setTimeout(() => console.log("settled"), 300);
  };
  const server = createServer(contacted).listen(0, "127.0.0.1", () => {
    // Keeps the process alive, as gRPC's server does.
    setInterval(() => {}, 1000);
    console.log("up");
    process.on("message", (name) => {
      if (name === "listen") {
        process.once("SIGTERM", () => console.log("told to end"));
        return console.log("listening");
      }
      const inputs = {
        hosts: ["127.0.0.1:" + server.address().port],
        sessions: { all: true },
        connection: { user: "u", password: "p", hostKey: "SHA256:" + "A".repeat(43) },
        timeouts: { connect: "1m" },
      };
      const thrown = ({ id, reasons, message }) =>
        console.log(name + " thrown " + id + " " + (reasons ?? message.split("\\n")).join("|"));
      provider.create(inputs).then(() => console.log("created"), thrown);
    });
  });
`;

interface Child {
  readonly child: ChildProcess;
  /** Resolves when the output contains the text. */
  readonly said: (text: string) => Promise<void>;
  readonly output: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const started: ChildProcess[] = [];

/** @param engine the engine's address, as passed to the SDK's host on its command line */
function start(engine?: string): Child {
  const args = ["-e", program, ...(engine === undefined ? [] : ["host", engine])];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe", "ipc"] });
  started.push(child);
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

describe("the provider process", { timeout: 300_000 }, () => {
  before(build);
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends at once on ${signal} if no run is active`, async () => {
      const { child, said, ended } = start();
      await said("up");
      child.kill(signal);
      assert.deepEqual(await ended, { code: null, signal });
    });

    it(`throws the partial state after ${signal} during a run, then ends as usual`, async () => {
      const { child, said, ended, output } = start();
      await said("up");
      child.send("run");
      await said("contacted");
      child.kill(signal);
      await said("thrown");
      assert.match(output(), /thrown session-logoff-\S+ session-logoff: 1 of 1 hosts not done/u);
      child.kill(signal);
      assert.deepEqual(await ended, { code: null, signal });
    });
  }

  it("starts no more resources after a request to end", async () => {
    const { child, said, output } = start();
    await said("up");
    child.send("first");
    await said("contacted");
    child.send("listen");
    await said("listening");
    child.kill("SIGTERM");
    await said("told to end");
    child.send("second");
    await said("second thrown");
    assert.ok(!output().includes("first thrown"), output());
    await said("first thrown");
    // No run is active now, but the request to end still holds.
    child.send("third");
    await said("third thrown");
    for (const name of ["second", "third"])
      assert.match(
        output(),
        new RegExp(
          `^${name} thrown undefined session-logoff: 1 of 1 hosts not done \\(1 skipped\\).*received SIGTERM; run again$`,
          "mu",
        ),
      );
    assert.equal(output().match(/^contacted$/gmu)?.length, 1);
  });

  it("stops and ends when the engine is gone", async () => {
    const { child, said, ended, output } = start();
    await said("up");
    child.send("run");
    await said("settled");
    child.stdin?.end();
    await said("thrown");
    assert.match(output(), /thrown session-logoff-/u);
    assert.deepEqual(await ended, { code: 1, signal: null });
  });

  describe("the provider process with closed standard input", () => {
    let engine: Server;
    let address: string;
    beforeEach(async () => {
      engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      await once(engine, "listening");
      address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
    });
    afterEach(() => engine.close());

    it("stops and ends when the engine is also gone", async () => {
      const { child, said, ended, output } = start(address);
      child.stdin?.end();
      engine.close();
      await said("up");
      child.send("run");
      await said("thrown");
      assert.match(output(), /the Pulumi engine has ended/u);
      assert.deepEqual(await ended, { code: 1, signal: null });
    });

    it("stops and ends when the engine goes away a moment later", async () => {
      const { child, said, ended } = start(address);
      const looked = once(engine, "connection");
      child.stdin?.end();
      await said("up");
      child.send("run");
      await Promise.all([said("contacted"), looked]);
      engine.close();
      await said("thrown");
      assert.deepEqual(await ended, { code: 1, signal: null });
    });

    it("continues while the engine answers", async () => {
      let looks = 0;
      engine.on("connection", () => (looks += 1));
      const { child, said, output } = start(address);
      child.stdin?.end();
      await said("up");
      child.send("run");
      await said("contacted");
      await until("it has looked for the engine three times", () => looks >= 3);
      assert.ok(!output().includes("thrown"), output());
    });
  });

  it("ignores standard input that was never open", async () => {
    const { child, said, output } = start();
    child.stdin?.end();
    await said("up");
    child.send("run");
    await said("contacted");
    // A faulty process would have stopped by now.
    await delay(1500);
    assert.ok(!output().includes("thrown"), output());
  });
});
