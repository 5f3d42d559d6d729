import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build, checkout, installedFolder, runNode } from "./built-package";
import { callText, serializedText } from "./serialized-text";

/** Loads the provider as the SDK's provider process does: it calls the methods before configure resolves. */
const load = `
  const { createRequire } = require("node:module");
  const fromString = createRequire(require.resolve("@pulumi/pulumi"))("require-from-string");
  const provider = fromString(require("node:fs").readFileSync(0, "utf8")).handler();
  const values = { "session-logoff:privateKey": "no key" };
  const configured = provider.configure({ config: { get: (key) => values[key] } });
  const inputs = { hosts: ["a"], sessions: { all: true }, connection: { port: 0 } };
  Promise.all([
    provider.check({}, inputs),
    provider.diff("id", { ...inputs, hostResults: { "a:22": { status: "ok" } } }, inputs),
    provider.read("id", { x: 1 }),
    provider.update("id", {}, inputs).catch((error) => error.code),
    provider.create(inputs).catch((error) => error.code),
    provider.delete("id", {}),
    configured,
  ]).then(([checked, ...answers]) => console.log(JSON.stringify([checked.failures, ...answers])));
`;

/** The provider text in the first states, without the SDK's wrapping. Each method loads the code. */
const firstText = `
  exports.handler = () => ({
    configure(request) {
      this.configuration = import("pulumi-session-logoff/provider").then((code) => code.configure(request));
      return this.configuration.then(() => undefined);
    },
    ${[
      "check(olds, news)",
      "diff(id, olds, news)",
      "create(inputs)",
      "read(id, props)",
      "update(id, olds, news)",
      "delete(id, props)",
    ]
      .map((method) => {
        const call = method.replace(")", ", await this.configuration)");
        return `async ${method} { const code = await import("pulumi-session-logoff/provider"); return code.${call}; },`;
      })
      .join("\n")}
  });
`;

const answers = [
  [
    { property: "", reason: "connection.port: must be a whole number from 1 to 65535" },
    {
      property: "",
      reason:
        "session-logoff:privateKey: must be the text of a private key, which begins with -----BEGIN (for a path, use `connection.privateKeyFile`)",
    },
  ],
  { changes: false },
  { id: "id", props: { x: 1 } },
  "plan-invalid",
  "plan-invalid",
  null,
  null,
];

describe("the serialized provider", () => {
  let text = "";
  before(async () => {
    await build();
    text = await serializedText("session-logoff.js");
  });

  it("is small", () => assert.ok(text.length < 4600, `${text.length} characters`));

  it("loads only the package, by name", () => {
    const loads = [...text.matchAll(/(?:import|require)\s*\(([^)]*)\)/gu)].map(([, name]) => name);
    assert.deepEqual(loads, ['"pulumi-session-logoff/provider"']);
  });

  it("contains no paths or other details of this machine", () => {
    for (const trace of [checkout, homedir(), process.cwd(), "/work", "file:", "node_modules", "dist"]) {
      assert.ok(!text.includes(trace), trace);
    }
  });

  it("contains no comments", () => assert.doesNotMatch(text, /\/\/ |\/\*\*/u));

  it("has the methods that every state refers to", () => {
    const [, methods] = /\{(find: .*?)\}/u.exec(text) ?? [];
    assert.equal(
      methods?.replaceAll(/: __f\d/gu, ""),
      "find, load, configure, check, diff, create, read, update, delete",
    );
  });

  it("works if the package is installed", async () => {
    const { folder, remove } = installedFolder();
    try {
      const { output } = await runNode(folder, ["-e", load], text);
      assert.deepEqual(JSON.parse(output), answers);
    } finally {
      remove();
    }
  });

  it("also works with the text in the first states", async () => {
    const { folder, remove } = installedFolder();
    try {
      const { output } = await runNode(folder, ["-e", load], firstText);
      assert.deepEqual(JSON.parse(output), answers);
    } finally {
      remove();
    }
  });

  it("works in the package's own root and in a subfolder", async () => {
    for (const folder of [checkout, join(checkout, "examples", "pre-patch")]) {
      const { output } = await runNode(folder, ["-e", load], text);
      assert.deepEqual(JSON.parse(output), answers);
    }
  });

  describe("the serialized provider without the package", () => {
    let folder: string;
    before(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), "session-logoff-")));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    const call = (methods: string): Promise<readonly unknown[]> => callText(text, folder, methods);
    const missing = (what: string): string =>
      `Cannot ${what}: "pulumi-session-logoff" is not installed in "${folder}". It has to be one of the program's own dependencies until its resources are deleted`;
    const drained = { hostResults: { "a:22": { drained: "until-destroy" }, "b:22": { drained: "no" } } };

    it("deletes a resource that has drained no host", async () => {
      const free = { hostResults: { "a:22": { drained: "undrained" }, "b:22": { drained: "already" } } };
      assert.deepEqual(await call(`[p.delete("id", {}), p.delete("id", ${JSON.stringify(free)})]`), [
        null,
        null,
      ]);
    });

    it("refuses to delete a resource that has drained a host, with one sentence and no stack", async () => {
      const restart = { hostResults: { "b:22": { drained: "until-restart" } } };
      const errors = await call(
        `[p.delete("id", ${JSON.stringify(drained)}), p.delete("id", ${JSON.stringify(restart)})]`,
      );
      assert.deepEqual(errors, [
        { message: missing("undrain a:22"), stack: "" },
        { message: missing("undrain b:22"), stack: "" },
      ]);
    });

    it("names at most twenty drained hosts", async () => {
      const hosts = Array.from({ length: 21 }, (_, i) => [`h${i}:22`, { drained: "until-restart" }] as const);
      const props = JSON.stringify({ hostResults: Object.fromEntries<object>(hosts) });
      const [error] = await call(`[p.delete("id", ${props})]`);
      assert.match((error as Error).message, /undrain h0:22, .*, h19:22, …: /u);
    });

    it("changes nothing in a refresh", async () => {
      assert.deepEqual(
        await call(`[p.read("id", ${JSON.stringify(drained)}), p.diff("id", {}, { mode: "ensure" })]`),
        [{ id: "id", props: drained }, { changes: false }],
      );
    });

    it("reports the missing package in every other method", async () => {
      assert.deepEqual(
        await call(`[p.configure({}), p.check({}, {}), p.create({}), p.update("id", {}, {})]`),
        [
          null,
          { message: missing("check the inputs"), stack: "" },
          { message: missing("log off"), stack: "" },
          { message: missing("log off"), stack: "" },
        ],
      );
    });

    it("does not treat a broken installation as a missing one", async () => {
      const installed = join(folder, "node_modules", "pulumi-session-logoff");
      mkdirSync(installed, { recursive: true });
      const manifest = { name: "pulumi-session-logoff", exports: { "./provider": "./provider.js" } };
      writeFileSync(join(installed, "package.json"), JSON.stringify(manifest));
      const [noFile] = await call(`[p.delete("id", {})]`);
      assert.match((noFile as Error).message, /^Cannot find module '.*provider\.js'/u);
      writeFileSync(join(installed, "provider.js"), 'require("not-there");');
      const [noDependency] = await call(`[p.read("id", {})]`);
      assert.match((noDependency as Error).message, /^Cannot find module 'not-there'/u);
    });
  });
});
