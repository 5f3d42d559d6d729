import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { SessionLogoff, type SessionLogoffArgs } from "../../../provider";
import { withSecretsSealed } from "../../../provider/pulumi/dynamic/secrets";

/** The value that the engine receives, with its secret parts marked. */
async function inState(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value)) {
    const hidden = (await (value as unknown as { isSecret: Promise<boolean> }).isSecret) ? "secret" : "plain";
    const known = await (value as unknown as { promise(): Promise<unknown> }).promise();
    return hidden === "secret" ? { secret: known } : await inState(known);
  }
  if (Array.isArray(value)) return Promise.all(value.map(inState));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([name, field]) => [name, await inState(field)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe("credentials", () => {
  const connection = {
    user: "u",
    password: "p1",
    privateKey: "k1",
    passphrase: "w1",
    passwordEnv: "E",
    privateKeyFile: "f",
  };
  const hidden = {
    ...connection,
    password: { secret: "p1" },
    privateKey: { secret: "k1" },
    passphrase: { secret: "w1" },
  };

  const grid: readonly (readonly [string, unknown, unknown])[] = [
    ["plain ones, and no other fields", connection, hidden],
    ["those that are outputs", { password: pulumi.output("p") }, { password: { secret: "p" } }],
    ["proxy commands", { proxyCommand: "x %h" }, { proxyCommand: { secret: "x %h" } }],
    ["those that are already secret", { password: pulumi.secret("p") }, { password: { secret: "p" } }],
    ["those of a single host", ["a", { host: "b", connection }], ["a", { host: "b", connection: hidden }]],
    [
      "those of jump hosts",
      { jumpHosts: ["j", { host: "k", connection }] },
      { jumpHosts: ["j", { host: "k", connection: hidden }] },
    ],
    ["those in an output of a connection", pulumi.output(connection), hidden],
    ["those in a promise", Promise.resolve({ password: "p" }), { password: { secret: "p" } }],
    ["none if there are none", pulumi.output({ user: "u", port: 22 }), { user: "u", port: 22 }],
    ["none that are absent", { password: undefined, user: "u" }, { password: undefined, user: "u" }],
  ];
  for (const [what, input, expected] of grid) {
    it(`become secrets: ${what}`, async () =>
      assert.deepEqual(await inState(withSecretsSealed(input)), expected));
  }
});

describe("the resource", () => {
  let registered: pulumi.runtime.MockResourceArgs | undefined;
  let request: { additional: string[]; deleteBefore: boolean } | undefined;
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          registered = args;
          return { id: "id", state: { ...(args.inputs as object), readyHosts: ["a:22"], remaining: 0 } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as {
      registerResource: (req: MonitorRequest, callback: unknown) => void;
    };
    const original = monitor.registerResource.bind(monitor);
    monitor.registerResource = (req, callback) => {
      request = {
        additional: req.getAdditionalsecretoutputsList(),
        deleteBefore: req.getDeletebeforereplace(),
      };
      original(req, callback);
    };
  });
  interface MonitorRequest {
    getAdditionalsecretoutputsList(): string[];
    getDeletebeforereplace(): boolean;
  }

  it("is registered under its fixed name with the given inputs and its outputs", async () => {
    const args: SessionLogoffArgs = {
      hosts: ["a", { host: "b", connection: { password: "p" } }],
      sessions: { all: true },
      connection: { user: "u", password: "p" },
      triggers: [{ password: "not one of ours" }],
    };
    const given = structuredClone(args);
    const resource = new SessionLogoff("pre-patch", args, { protect: true });
    const ready = await new Promise((resolve) => resource.readyHosts.apply(resolve));
    assert.deepEqual(ready, ["a:22"]);
    assert.deepEqual(args, given);
    assert.equal(registered?.type, "pulumi-nodejs:dynamic/session-logoff:SessionLogoff");
    const { __provider, ...inputs } = registered.inputs as Record<string, unknown>;
    assert.equal(typeof __provider, "string");
    assert.deepEqual(inputs["resourceName"], "pre-patch");
    assert.deepEqual(inputs["triggers"], [{ password: "not one of ours" }]);
    assert.deepEqual(Object.keys(inputs).sort(), [
      "connection",
      "hosts",
      "resourceName",
      "sessions",
      "triggers",
    ]);
    assert.deepEqual(request, { additional: ["resume"], deleteBefore: true });
  });

  it("cannot be imported or looked up, because there is nothing to adopt", () => {
    const args: SessionLogoffArgs = { hosts: ["a"], sessions: { all: true } };
    for (const options of [{ import: "x" }, { id: "x" }])
      assert.throws(() => new SessionLogoff("old", args, options), /Cannot import SessionLogoff "old"/u);
  });

  const retain =
    'retainOnDelete: drained hosts stay drained when this resource is deleted; to undrain them, set `drain: none` and run "pulumi up" first';
  const timeouts =
    "customTimeouts has no effect: Pulumi does not tell this resource about it; use `timeouts`";
  const retainAll: pulumi.ResourceTransformation = ({ props, opts }) => ({
    props,
    opts: { ...opts, retainOnDelete: true },
  });
  const optionsGrid: readonly (readonly [
    what: string,
    drain: SessionLogoffArgs["drain"],
    options: pulumi.CustomResourceOptions,
    expected: readonly string[],
  ])[] = [
    ["no option", "until-restart", {}, []],
    ["retainOnDelete with a drain", "until-restart", { retainOnDelete: true }, [retain]],
    [
      "retainOnDelete with a drain that is an output",
      pulumi.output("until-destroy" as const),
      { retainOnDelete: true },
      [retain],
    ],
    [
      "retainOnDelete from its own transformation",
      "until-destroy",
      { transformations: [retainAll] },
      [retain],
    ],
    ["retainOnDelete without a drain", "none", { retainOnDelete: true }, []],
    ["retainOnDelete that is false", "until-restart", { retainOnDelete: false }, []],
    ["customTimeouts", undefined, { customTimeouts: { update: "5m" } }, [timeouts]],
    ["empty customTimeouts", undefined, { customTimeouts: {} }, []],
  ];
  for (const [what, drain, options, expected] of optionsGrid) {
    it(`warns about options with an unexpected effect: ${what}`, async (test) => {
      const warn = test.mock.method(console, "warn", () => undefined);
      const args: SessionLogoffArgs = { hosts: ["a"], sessions: { all: true }, drain };
      const resource = new SessionLogoff(what, args, options);
      await new Promise((resolve) => pulumi.all([resource.readyHosts, pulumi.output(drain)]).apply(resolve));
      const warned = warn.mock.calls.map(({ arguments: [text] }) => String(text));
      assert.deepEqual(
        warned.map((text) => text.replace("warning: [runtime] ", "")),
        expected,
      );
    });
  }
});
