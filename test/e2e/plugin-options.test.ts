import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createKeyPair } from "../lab/ssh/keys";
import { labUser, startLab, type HostOptions, type Lab } from "../lab/lab";
import { createPluginProject } from "./plugin-project";
import type { Project } from "./project";

const up = ["up", "--yes", "--skip-preview"] as const;

/** What the engine lets a program say about any resource, and where it keeps what it was given. */
describe("the plugin under the engine's own options", { timeout: 600_000 }, () => {
  let lab: Lab;
  let project: Project;
  const people = (name: string): readonly string[] => lab.host(name).model.people();
  const connections = (): number => lab.hosts.reduce((sum, host) => sum + host.counters().connections, 0);
  const args = (more: object = {}): object => ({
    hosts: lab.hosts.map(({ name }) => lab.addressOf(name)),
    sessions: { all: true },
    connection: {
      user: labUser.name,
      password: `@secret:${labUser.password}`,
      knownHosts: lab.knownHosts,
    },
    ...more,
  });
  const begin = async (...hosts: readonly HostOptions[]): Promise<void> => {
    lab = await startLab({ hosts });
  };
  const succeeds = async (...command: readonly string[]): Promise<string> => {
    const { code, output } = await project.pulumi(...command);
    assert.equal(code, 0, output);
    return output;
  };
  const untouched = async <T>(work: () => Promise<T>): Promise<T> => {
    const since = connections();
    const result = await work();
    assert.equal(connections(), since, "a host was contacted");
    return result;
  };

  beforeEach(async () => {
    project = await createPluginProject();
  });
  afterEach(async () => {
    project.remove();
    await lab.close();
  });

  it("leaves hosts drained, and alone, with retainOnDelete", async () => {
    await begin({ name: "rdsh01", sessions: [{ user: "alice" }] });
    project.resources({ "pre-patch": args({ drain: "until-destroy", $options: { retainOnDelete: true } }) });
    await succeeds(...up);
    assert.deepEqual([people("rdsh01"), lab.host("rdsh01").model.drain()], [[], "drain"]);
    await untouched(() => succeeds("destroy", "--yes", "--skip-preview"));
    assert.equal(lab.host("rdsh01").model.drain(), "drain");
    assert.doesNotMatch(await succeeds("stack", "export"), /::pre-patch"/u);
  });

  it("runs nothing for a new trigger that ignoreChanges names", async () => {
    await begin({ name: "rdsh01", sessions: [{ user: "alice" }] });
    project.resources({ "pre-patch": args({ triggers: ["2026-11"] }) });
    await succeeds(...up);
    lab.host("rdsh01").model.logon({ user: "bob" });
    const changed = { triggers: ["2026-12"] };
    project.resources({ "pre-patch": args({ ...changed, $options: { ignoreChanges: ["triggers"] } }) });
    await untouched(() => succeeds("up", "--yes", "--expect-no-changes"));
    assert.deepEqual(people("rdsh01"), ["bob"]);
    project.resources({ "pre-patch": args(changed) });
    assert.match(await succeeds(...up), /runs on 1 of 1 hosts \(triggers changed\)/u);
    assert.deepEqual(people("rdsh01"), []);
  });

  it("destroys with the rotated password of an explicit provider, whose rotation is no change", async () => {
    const user = { ...labUser, password: "Before-rotation!1" };
    await begin({ name: "rdsh01", sessions: [{ user: "alice" }], users: [user] });
    const resource = (): void =>
      project.resources({
        "pre-patch": args({
          connection: { knownHosts: lab.knownHosts },
          drain: "until-destroy",
          $provider: { user: user.name, password: user.password },
        }),
      });
    resource();
    await succeeds(...up);
    user.password = "After-rotation!2";
    resource();
    const output = await untouched(() => succeeds(...up));
    assert.match(output, /pre-patch-login updated/u);
    assert.doesNotMatch(output, /SessionLogoff/u);
    await succeeds("destroy", "--yes", "--skip-preview");
    assert.equal(lab.host("rdsh01").model.drain(), "open");
    const sent = lab.host("rdsh01").logins.filter(({ accepted }) => accepted);
    assert.equal(sent.at(-1)?.password, "After-rotation!2");
    for (const secret of ["Before-rotation!1", "After-rotation!2"])
      assert.ok(!`${project.written()}${project.said()}`.includes(secret), secret);
  });

  it("saves what was done when customTimeouts end a create, and goes on with the next up", async () => {
    await begin(
      { name: "quick", sessions: [] },
      { name: "slow", sessions: [{ user: "bob" }] },
      { name: "later", sessions: [{ user: "carol" }] },
    );
    // People have longer than the create, which therefore ends while the second host waits for them.
    const inputs = { rollout: { parallel: 1 }, warn: { message: "soon", gracePeriod: "11s" } };
    project.resources({ "pre-patch": args({ ...inputs, $options: { customTimeouts: { create: "10s" } } }) });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /2 of 3 hosts not done/u);
    const { hostResults } = await project.saved("pre-patch");
    assert.deepEqual(
      lab.hosts.map(({ name }) => hostResults[lab.addressOf(name)]?.status),
      ["ok", "skipped", "skipped"],
    );
    assert.deepEqual([people("slow"), people("later")], [["bob"], ["carol"]]);
    const since = lab.host("quick").counters().connections;
    await succeeds(...up);
    assert.equal(lab.host("quick").counters().connections, since, "the finished host was contacted");
    assert.deepEqual(
      lab.hosts.map(({ name }) => people(name)),
      [[], [], []],
    );
  });

  for (const [what, given] of [
    ["an id", () => ({})],
    ["an id and inputs", () => args()],
    ["an id and inputs of mode ensure", () => args({ mode: "ensure" })],
  ] as const)
    it(`cannot be got by ${what}, in one sentence`, async () => {
      await begin({ name: "rdsh01", sessions: [{ user: "alice" }] });
      project.resources({ other: { ...given(), $options: { id: "some-id" } } });
      const { code, output } = await untouched(() => project.pulumi(...up));
      assert.notEqual(code, 0, output);
      const sentence = 'Cannot import or get SessionLogoff "other": there is nothing to adopt; create it';
      assert.ok(output.includes(sentence), output);
      assert.deepEqual(people("rdsh01"), ["alice"]);
    });

  it("writes and prints no credential in plain text, at whatever depth it was given plainly", async () => {
    const passphrase = "Opens-the-key!3";
    const [jumpKey, ownKey] = [createKeyPair(), createKeyPair("ed25519", passphrase)];
    const hostPassword = "Of-one-host!4";
    await begin(
      { name: "jump", users: [{ name: "hopper", publicKeys: [jumpKey.publicKey] }] },
      {
        name: "a",
        sessions: [{ user: "alice" }],
        users: [{ ...labUser, password: hostPassword, publicKeys: [] }],
      },
      {
        name: "b",
        sessions: [{ user: "bob" }],
        users: [{ name: labUser.name, publicKeys: [ownKey.publicKey] }],
      },
    );
    const resource = (hidden: (text: string) => string, more: object = {}): void =>
      project.resources({
        "pre-patch": {
          hosts: [
            { host: lab.addressOf("a"), connection: { password: hidden(hostPassword) } },
            lab.addressOf("b"),
          ],
          sessions: { all: true },
          connection: {
            user: labUser.name,
            privateKey: hidden(ownKey.privateKey),
            passphrase: hidden(passphrase),
            knownHosts: lab.knownHosts,
            jumpHosts: [
              {
                host: lab.addressOf("jump"),
                user: "hopper",
                connection: { privateKey: hidden(jumpKey.privateKey) },
              },
            ],
          },
          drain: "until-destroy",
          ...more,
        },
      });
    const plainly = (text: string): string => text;
    resource(plainly);
    await succeeds("preview", "--diff");
    await succeeds(...up, "--diff");
    assert.deepEqual([people("a"), people("b")], [[], []]);
    assert.ok(lab.host("jump").forwards.length >= 2);
    // A failure, whose message is about a credential.
    resource((text) => (text === passphrase ? `${text}!` : text), { triggers: ["2026-12"] });
    const failed = await project.pulumi(...up, "--diff");
    assert.match(failed.output, /auth-unavailable/u);
    await project.pulumi("refresh", "--yes", "--skip-preview", "--diff");
    await project.pulumi("destroy", "--yes", "--skip-preview");
    resource(plainly, { triggers: ["2027-01"] });
    await succeeds(...up, "--diff");
    await succeeds("destroy", "--yes", "--skip-preview", "--diff");
    const said = project.said();
    // In its own traces of values the engine hides nothing, whatever the provider; no other line may repeat them.
    const trace = ["-v=9", "--logtostderr", "--logflow"];
    resource((text) => `@secret:${text}`, { drain: "none" });
    await succeeds(...up, ...trace);
    const traced = project.said().slice(said.length).split("\n");
    assert.ok(traced.length > 100, "there is no trace");
    const others = traced.filter((line) => !/ property for RPC\[|RegisterResource RPC finished/u.test(line));

    assert.match(project.written(), /"ciphertext"/u);
    // A line from the middle of a key, since line ends may be escaped.
    const lineOf = (key: string): string => key.split("\n")[2] ?? assert.fail("the key is too short");
    for (const [what, secret] of Object.entries({
      hostPassword,
      passphrase,
      jumpKey: lineOf(jumpKey.privateKey),
      ownKey: lineOf(ownKey.privateKey),
    })) {
      assert.ok(!project.written().includes(secret), `the state has ${what}`);
      assert.ok(!said.includes(secret), `the output has ${what}`);
      assert.ok(!others.some((line) => line.includes(secret)), `the trace has ${what}`);
    }
  });
});
