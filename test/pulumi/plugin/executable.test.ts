import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { after, afterEach, before, describe, it } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** The environment with this cache folder, or without compiled code, of which each new folder of a test would leave some in the user's. */
function withCache(cache?: string): NodeJS.ProcessEnv {
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined };
  return cache === undefined
    ? { ...env, NODE_DISABLE_COMPILE_CACHE: "1" }
    : { ...env, NODE_DISABLE_COMPILE_CACHE: undefined, XDG_CACHE_HOME: cache };
}

/** The bundle, started as the engine starts it, without node_modules. */
describe(
  "the plugin's executable",
  { timeout: 120_000, skip: process.platform === "win32" && "starts the script" },
  () => {
    let above: string;
    let folder: string;
    let engine: Server;
    let address: string;
    const started: ChildProcess[] = [];
    before(async () => {
      const { bundlePlugin } = await import("../../../tools/plugin/bundle.mjs");
      above = mkdtempSync(join(tmpdir(), "session-logoff-plugin-"));
      // A home folder, in which Pulumi keeps its plugins, may hold any package.json.
      writeFileSync(join(above, "package.json"), JSON.stringify({ type: "module" }));
      folder = join(above, "plugin");
      await bundlePlugin(folder);
      engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      await once(engine, "listening");
      const at = engine.address();
      assert.ok(at !== null && typeof at === "object");
      address = `127.0.0.1:${at.port}`;
    });
    afterEach(() => {
      for (const child of started.splice(0)) child.kill("SIGKILL");
    });
    after(() => {
      engine.close();
      rmSync(above, { recursive: true, force: true });
    });

    interface Plugin {
      readonly child: ChildProcess;
      readonly client: ResourceProviderClient;
      /** Everything that it has printed on both streams, the port included. */
      readonly printed: () => string;
      readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
    }
    const start = async (cache?: string): Promise<Plugin> => {
      const args = ["--logtostderr", "-v=9", address];
      const child = spawn(join(folder, "pulumi-resource-session-logoff"), args, {
        stdio: "pipe",
        cwd: tmpdir(),
        // With these, gRPC would describe every call on standard error.
        env: { ...withCache(cache), GRPC_TRACE: "server", GRPC_VERBOSITY: "DEBUG" },
      });
      started.push(child);
      let printed = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
      const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
        child.on("close", (code, signal) => resolve({ code, signal })),
      );
      const first = await Promise.race([once(child.stdout, "data"), ended.then(() => assert.fail(printed))]);
      const port = /^(\d+)\n$/u.exec(String(first[0]))?.[1];
      assert.ok(port, printed);
      const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
      return { child, client, printed: () => printed, ended };
    };

    it("writes its port and nothing else, and answers from its files alone", async () => {
      const { client, printed } = await start();
      const schema = await new Promise<string>((resolve, reject) => {
        client.getSchema(new messages.GetSchemaRequest(), (error, answer) =>
          error === null ? resolve(answer.getSchema()) : reject(error),
        );
      });
      assert.equal(schema, readFileSync(join(folder, "schema.json"), "utf8"));
      const request = new messages.CreateRequest();
      request.setUrn("urn:pulumi:test::lab::session-logoff:index:SessionLogoff::x");
      request.setProperties(
        Struct.fromJavaScript({
          hosts: [address],
          sessions: { all: true },
          connection: { user: "u", password: "p", hostKey: `SHA256:${"A".repeat(43)}` },
          timeouts: { connect: "1s" },
        }),
      );
      const failure = await new Promise<string>((resolve) => {
        client.create(request, (error) => resolve(error?.details ?? "nothing"));
      });
      assert.match(failure, /^x: 1 of 1 hosts not done/u);
      client.close();
      assert.match(printed(), /^\d+\n$/u);
    });

    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      it(`ends at once on ${signal} when it is idle`, async () => {
        const { child, client, ended } = await start();
        await new Promise((resolve) => client.handshake(new messages.ProviderHandshakeRequest(), resolve));
        client.close();
        child.kill(signal);
        assert.deepEqual(await ended, { code: null, signal });
      });
    }

    it(
      "keeps compiled code in the user's cache folder, although the engine ends it by a signal",
      { skip: !("enableCompileCache" in nodeModule) && "needs Node 22.8" },
      async () => {
        const cache = join(above, "cache");
        mkdirSync(cache);
        const { child, client, ended } = await start(cache);
        client.close();
        const kept = (): readonly string[] => readdirSync(cache, { recursive: true, encoding: "utf8" });
        while (!kept().some((path) => statSync(join(cache, path)).isFile())) await setTimeout(50);
        child.kill("SIGKILL");
        await ended;
        assert.ok(kept().every((path) => path.startsWith("pulumi-session-logoff")));
        assert.ok(!readdirSync(folder).includes("pulumi-session-logoff"));
      },
    );

    it("ends when the engine is gone", async () => {
      const { child, client, ended, printed } = await start();
      await new Promise((resolve) => client.handshake(new messages.ProviderHandshakeRequest(), resolve));
      client.close();
      engine.close();
      child.stdin?.end();
      assert.deepEqual(await ended, { code: 1, signal: null });
      assert.match(printed(), /^\d+\n$/u);
    });
  },
);
