import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { HostUndrain, type HostUndrainArgs } from "../../../provider";
import { build, checkout, installedFolder, runNode } from "./built-package";
import { callText, serializedText } from "./serialized-text";

/** The methods as they stand in every state since the first version with HostUndrain: none of this may ever change. */
const frozen = [
  "find: __f1, load: __f2, configure: __f3, check: __f4, diff: __f5, create: __f6, read: __f7, update: __f8, delete: __f9",
  'return await import("pulumi-session-logoff/host-undrain");',
  "code.configure(request)",
  "code.check(olds, news, await this.configuration)",
  "code.diff(id, olds, news, await this.configuration)",
  "code.create(inputs, await this.configuration)",
  "code.read(id, props, await this.configuration)",
  "code.update(id, olds, news, await this.configuration)",
  "code?.delete(id, props, await this.configuration)",
];

describe("the serialized provider of HostUndrain", () => {
  let text = "";
  before(async () => {
    await build();
    text = await serializedText("host-undrain.js");
  });

  it("is the text that every state holds", () => {
    for (const part of frozen) assert.ok(text.includes(part), `${part}\n${text}`);
    assert.ok(text.length < 4200, `${text.length} characters`);
  });

  it("loads only the package, by name, and holds no comment and nothing of this machine", () => {
    const loads = [...text.matchAll(/(?:import|require)\s*\(([^)]*)\)/gu)].map(([, name]) => name);
    assert.deepEqual(loads, ['"pulumi-session-logoff/host-undrain"']);
    assert.doesNotMatch(text, /\/\/ |\/\*\*/u);
    for (const trace of [checkout, homedir(), process.cwd(), "file:", "node_modules", "dist"])
      assert.ok(!text.includes(trace), trace);
  });

  it("works if the package is installed", async () => {
    const { folder, remove } = installedFolder();
    const inputs = { hosts: ["a"], connection: { port: 0 } };
    const [given, state] = [inputs, { ...inputs, hostResults: { "a:22": { status: "ok" } } }].map((props) =>
      JSON.stringify(props),
    );
    try {
      const answers = await callText(
        text,
        folder,
        `[p.check({}, ${given}).then(({ failures }) => failures), p.diff("id", ${state}, ${given}), p.read("id", { x: 1 }),
          p.create(${given}).catch(({ code }) => code), p.update("id", {}, ${given}).catch(({ code }) => code), p.delete("id", {})]`,
      );
      assert.deepEqual(answers, [
        [{ property: "", reason: "connection.port: must be a whole number from 1 to 65535" }],
        { changes: false },
        { id: "id", props: { x: 1 } },
        "plan-invalid",
        "plan-invalid",
        null,
      ]);
    } finally {
      remove();
    }
  });

  it("works after SessionLogoff in one process if the package is a link, as with pnpm and workspaces", async () => {
    const { folder, remove } = installedFolder();
    const text2 = await serializedText("session-logoff.js");
    // The engine's end of standard input is a pipe, as it is here.
    const script = `
      const { createRequire } = require("node:module");
      const fromString = createRequire(require.resolve("@pulumi/pulumi"))("require-from-string");
      const [first, second] = JSON.parse(require("node:fs").readFileSync(0, "utf8")).map((text) => fromString(text).handler());
      const request = { config: { get: () => undefined } };
      const inputs = { hosts: ["a"], connection: { port: 0 } };
      (async () => {
        await first.configure(request);
        await first.check({}, { ...inputs, sessions: { all: true } });
        await second.configure(request);
        const { failures } = await second.check({}, inputs);
        const linked = Object.keys(require.cache).filter((file) => file.includes("node_modules/pulumi-session-logoff"));
        console.log(JSON.stringify([failures.length, linked]));
      })();
    `;
    try {
      const { output, errors } = await runNode(folder, ["-e", script], JSON.stringify([text2, text]));
      assert.equal(errors, "");
      assert.deepEqual(JSON.parse(output), [1, []]);
    } finally {
      remove();
    }
  });

  describe("without the package", () => {
    let folder: string;
    before(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), "session-logoff-")));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    const missing = (what: string): object => ({
      message: `Cannot ${what}: "pulumi-session-logoff" with HostUndrain is not installed in "${folder}". It has to be one of the program's own dependencies until its resources are deleted`,
      stack: "",
    });
    const state = { hostResults: { "a:22": { status: "failed", drained: "left" } } };
    const quiet = `[p.read("id", ${JSON.stringify(state)}), p.diff("id", {}, {}), p.delete("id", ${JSON.stringify(state)})]`;
    const unchanged = [{ id: "id", props: state }, { changes: false }, null];

    it("changes nothing in a refresh, and is deleted", async () =>
      assert.deepEqual(await callText(text, folder, quiet), unchanged));

    it("says in every other method what is missing, in one sentence", async () => {
      const methods = `[p.configure({}), p.check({}, {}), p.create({}), p.update("id", {}, {})]`;
      assert.deepEqual(await callText(text, folder, methods), [
        null,
        missing("check the inputs"),
        missing("wait for hosts"),
        missing("wait for hosts"),
      ]);
    });

    it("does the same with a version of the package that has no HostUndrain", async () => {
      const installed = join(folder, "node_modules", "pulumi-session-logoff");
      mkdirSync(installed, { recursive: true });
      const manifest = { name: "pulumi-session-logoff", exports: { "./provider": "./provider.js" } };
      writeFileSync(join(installed, "package.json"), JSON.stringify(manifest));
      assert.deepEqual(await callText(text, folder, quiet), unchanged);
      assert.deepEqual(await callText(text, folder, "[p.create({})]"), [missing("wait for hosts")]);
    });

    it("does not treat a broken installation as a missing one", async () => {
      const installed = join(folder, "node_modules", "pulumi-session-logoff");
      mkdirSync(installed, { recursive: true });
      const manifest = { name: "pulumi-session-logoff", exports: { "./host-undrain": "./host-undrain.js" } };
      writeFileSync(join(installed, "package.json"), JSON.stringify(manifest));
      writeFileSync(join(installed, "host-undrain.js"), 'require("not-there");');
      const [error] = await callText(text, folder, `[p.read("id", {})]`);
      assert.match((error as Error).message, /^Cannot find module 'not-there'/u);
    });
  });
});

describe("the class HostUndrain", () => {
  let registered: pulumi.runtime.MockResourceArgs | undefined;
  let isPreview = false;
  const said: string[] = [];

  before(async () => {
    await mocked(false);
  });

  async function mocked(preview: boolean): Promise<void> {
    isPreview = preview;
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          registered = args;
          const outputs = isPreview ? {} : { readyHosts: ["a:22"], finishedAt: "2026-01-01T00:00:00Z" };
          return { id: isPreview ? "" : "id", state: { ...(args.inputs as object), ...outputs } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      preview,
    );
  }

  const inputsOf = async (args: HostUndrainArgs): Promise<Record<string, unknown>> => {
    const resource = new HostUndrain("open", args);
    await new Promise((resolve) => resource.urn.apply(resolve));
    const { __provider, ...inputs } = registered?.inputs as Record<string, unknown>;
    assert.equal(typeof __provider, "string");
    return inputs;
  };

  it("is registered under its fixed name with the given inputs and its outputs", async () => {
    const args: HostUndrainArgs = {
      hosts: ["a", { host: "b", connection: { password: "p" } }],
      connection: { user: "u" },
      only: pulumi.output(["a:22"]),
      closedBy: { "a:22": { drained: "until-destroy" } },
    };
    const given = structuredClone({ ...args, only: ["a:22"] });
    const resource = new HostUndrain("open", args, { protect: true });
    const ready = await new Promise((resolve) => resource.readyHosts.apply(resolve));
    assert.deepEqual(ready, ["a:22"]);
    assert.equal(registered?.type, "pulumi-nodejs:dynamic/session-logoff:HostUndrain");
    const { __provider, resourceName, hosts, ...inputs } = registered.inputs as Record<string, unknown>;
    const { connection, only, closedBy } = given;
    assert.deepEqual(
      [typeof __provider, resourceName, inputs],
      ["string", "open", { connection, only, closedBy }],
    );
    // The mark of a secret.
    assert.ok(JSON.stringify(hosts).includes("1b47061264138c4ac30d75fd1eb44270"));
  });

  const missing = pulumi.output<undefined>(undefined) as unknown as pulumi.Output<Record<string, never>>;
  it("takes an output that an old state does not have for empty, and not for left out", async () => {
    const { closedBy, restartedSince } = await inputsOf({
      hosts: ["a"],
      closedBy: missing,
      restartedSince: missing,
    });
    assert.deepEqual([closedBy, restartedSince], [{}, {}]);
  });

  it("leaves out what the program leaves out", async () => {
    const inputs = await inputsOf({ hosts: ["a"], closedBy: undefined });
    assert.deepEqual(Object.keys(inputs).sort(), ["hosts", "resourceName"]);
  });

  it("cannot be imported or looked up, because there is nothing to adopt", () => {
    for (const options of [{ import: "x" }, { id: "x" }])
      assert.throws(
        () => new HostUndrain("old", { hosts: ["a"] }, options),
        /Cannot import HostUndrain "old"/u,
      );
  });

  it("warns that customTimeouts has no effect, and not of retainOnDelete", async (test) => {
    const warn = test.mock.method(console, "warn", () => undefined);
    const options = { customTimeouts: { update: "5m" }, retainOnDelete: true };
    const resource = new HostUndrain("open", { hosts: ["a"] }, options);
    await new Promise((resolve) => resource.finishedAt.apply(resolve));
    assert.deepEqual(
      warn.mock.calls.map(({ arguments: [text] }) => String(text).replace("warning: [runtime] ", "")),
      ["customTimeouts has no effect: Pulumi does not tell this resource about it; use `timeouts`"],
    );
  });

  describe("in a preview", () => {
    before(() => mocked(true));
    after(() => mocked(false));

    const grid: readonly (readonly [what: string, args: HostUndrainArgs, text: string])[] = [
      ["all hosts", { hosts: ["a", "b"] }, "waits for 2 of 2 hosts (2 new)"],
      ["hosts of `only`", { hosts: ["a", "b"], only: ["b:22"] }, "waits for 1 of 1 hosts (1 new)"],
    ];
    for (const [what, args, text] of grid) {
      it(`says how many hosts it would wait for: ${what}`, async (test) => {
        said.splice(0);
        const told = new Promise<void>((resolve) => {
          test.mock.method(pulumi.log, "info", (line: string) => {
            said.push(line);
            resolve();
            return Promise.resolve();
          });
        });
        const resource = new HostUndrain("open", args);
        await told;
        assert.ok(resource);
        assert.deepEqual(said, [text]);
      });
    }
  });
});
