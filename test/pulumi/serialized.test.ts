import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build, checkout, installedFolder, runNode } from "./built-package";

/** As the SDK does it for every dynamic resource, in a process that loads the package as a program would. */
const serialize = `
  const { serializedProvider } = require(${JSON.stringify(join(checkout, "dist/provider/pulumi/session-logoff.js"))});
  const { serializeFunction } = require("@pulumi/pulumi/runtime/closure/serializeClosure");
  serializeFunction(() => serializedProvider, { allowSecrets: true }).then(({ text, containsSecrets }) =>
    console.log(JSON.stringify({ text, containsSecrets })));
`;

/** As the SDK's provider process does it: the methods are called before configure has ended. */
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

const answers = [
  [
    { property: "", reason: "connection.port: must be a whole number from 1 to 65535" },
    {
      property: "",
      reason:
        "session-logoff:privateKey: must be the text of a private key, which begins with -----BEGIN (a path belongs to privateKeyFile)",
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
    const { output } = await runNode(checkout, ["-e", serialize]);
    const result = JSON.parse(output) as { text: string; containsSecrets: boolean };
    assert.equal(result.containsSecrets, false);
    ({ text } = result);
  });

  it("is small", () => assert.ok(text.length < 4000, `${text.length} characters`));

  it("loads nothing but the package, by its name", () => {
    const loads = [...text.matchAll(/(?:import|require)\s*\(([^)]*)\)/gu)].map(([, name]) => name);
    assert.equal(loads.length, 7);
    assert.deepEqual([...new Set(loads)], ['"pulumi-session-logoff/provider"']);
  });

  it("holds no path and nothing of this machine", () => {
    for (const trace of [checkout, homedir(), process.cwd(), "/work", "file:", "node_modules", "dist"]) {
      assert.ok(!text.includes(trace), trace);
    }
  });

  it("has the methods that every state refers to", () => {
    const [, methods] = /\{(configure: .*?)\}/u.exec(text) ?? [];
    assert.equal(
      methods?.replaceAll(/: __f\d/gu, ""),
      "configure, check, diff, create, read, update, delete",
    );
  });

  it("works where the package is installed", async () => {
    const { folder, remove } = installedFolder();
    try {
      const { output } = await runNode(folder, ["-e", load], text);
      assert.deepEqual(JSON.parse(output), answers);
    } finally {
      remove();
    }
  });

  it("works here, at the package's own root and in a folder of it", async () => {
    for (const folder of [checkout, join(checkout, "examples", "pre-patch")]) {
      const { output } = await runNode(folder, ["-e", load], text);
      assert.deepEqual(JSON.parse(output), answers);
    }
  });
});
