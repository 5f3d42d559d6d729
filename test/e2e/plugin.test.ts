import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { checkout } from "../pulumi/dynamic/built-package";
import { createPluginProject } from "./plugin-project";
import type { Project } from "./project";

/** One story in order: each step continues with the stack and hosts as the previous step left them. */
describe("pulumi with the plugin", { timeout: 600_000 }, () => {
  let lab: Lab;
  let project: Project;
  const names = ["rdsh01", "rdsh02", "rdsh03"];
  const stackPassword = "Stack-only!Pa55word";
  const address = (name: string): string => lab.addressOf(name);
  const people = (name: string): readonly string[] => lab.host(name).model.people();
  const connections = (): number =>
    names.reduce((sum, name) => sum + lab.host(name).logins.filter(({ accepted }) => accepted).length, 0);
  /** The host's password is plain, the common one a secret of the program, and both are credentials. */
  const args = (more: object = {}): object => ({
    hosts: [
      address("rdsh01"),
      { host: address("rdsh02"), connection: { password: labUser.password } },
      address("rdsh03"),
    ],
    sessions: { all: true, except: { users: ["svc-*"] } },
    connection: {
      user: labUser.name,
      password: `@secret:${labUser.password}`,
      knownHosts: lab.knownHosts,
    },
    triggers: ["2026-11"],
    previewSessions: true,
    ...more,
  });
  const untouched = async <T>(work: () => Promise<T>): Promise<T> => {
    const since = connections();
    const result = await work();
    assert.equal(connections(), since, "a host was contacted");
    return result;
  };
  const succeeds = async (...command: readonly string[]): Promise<string> => {
    const { code, output } = await project.pulumi(...command);
    assert.equal(code, 0, output);
    return output;
  };
  const up = ["up", "--yes", "--skip-preview"] as const;

  before(async () => {
    lab = await startLab({
      hosts: [
        { name: "rdsh01", sessions: [{ user: "alice" }, { user: "svc-backup" }] },
        { name: "rdsh02", sessions: [{ user: "bob" }] },
        { name: "rdsh03", sessions: [{ user: "carol", state: "disconnected" }] },
      ],
    });
    project = await createPluginProject();
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("has a schema that the engine accepts", async () => {
    await succeeds("schema", "check", join(checkout, "schema", "pulumi.json"));
  });

  it("reports all invalid inputs at once, without secrets", async () => {
    const connection = { password: labUser.password, privateKey: "@secret:no key", port: 0 };
    project.resources({ "pre-patch": args({ connection, hots: 1 }) });
    const { code, output } = await untouched(() => project.pulumi("preview"));
    assert.notEqual(code, 0);
    for (const path of ["hots", "connection.privateKey", "connection.port"])
      assert.match(output, new RegExp(`${path}: `, "u"));
    for (const secret of [labUser.password, "no key"]) assert.ok(!output.includes(secret), output);
  });

  it("shows in a preview who would be logged off, and logs nobody off", async () => {
    project.resources({ "pre-patch": args() });
    const output = await succeeds("preview");
    assert.ok(output.includes("would log off 3 sessions on 3 of 3 hosts"), output);
    assert.ok(output.includes(`${address("rdsh02")}: 2 (bob)`), output);
    assert.deepEqual(people("rdsh01"), ["alice", "svc-backup"]);
  });

  it("logs sessions off on the first up, under the resource", async () => {
    const output = await succeeds(...up);
    assert.deepEqual(names.map(people), [["svc-backup"], [], []]);
    assert.ok(output.includes(`    ${address("rdsh01")}: done, 1 logged off`), output);
    const { "pre-patch": out } = await project.outputs();
    assert.deepEqual(out?.readyHosts, names.map(address));
  });

  it("contacts nobody when nothing has changed", async () => {
    const output = await untouched(() => succeeds("up", "--yes", "--expect-no-changes"));
    assert.match(output, /2 unchanged/u);
    await untouched(() => succeeds("refresh", "--yes", "--expect-no-changes"));
  });

  it("names what differs, and runs only the host that is new", async () => {
    lab.host("rdsh03").stopListening();
    project.resources({ "pre-patch": args({ timeouts: { connect: "1s" }, triggers: ["2026-12"] }) });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.ok(output.includes("runs on 3 of 3 hosts (triggers changed)"), output);
    assert.ok(output.includes("[diff: +timeouts~triggers]"), output);
    assert.match(output, /pre-patch: 1 of 3 hosts not done \(1 failed\)/u);
    assert.equal((await project.saved("pre-patch")).hostResults[address("rdsh03")]?.status, "failed");
  });

  it("remembers through a refresh that a host is pending", async () => {
    const output = await untouched(() => succeeds("refresh", "--yes"));
    assert.match(output, /warning: .*unhealthy state/u);
    assert.ok(output.includes("pre-patch: 1 of 3 hosts not done"), output);
    const exported = await succeeds("stack", "export");
    assert.match(exported, /"initErrors"/u);
  });

  it("runs only the pending host with the next up", async () => {
    await lab.host("rdsh03").listenAgain();
    const before = connections();
    const output = await succeeds(...up);
    assert.ok(output.includes("runs on 1 of 3 hosts (1 failed)"), output);
    assert.equal(connections() - before, 1);
    assert.equal((await project.outputs())["pre-patch"]?.readyHosts.length, 3);
  });

  it("finds people who have logged on again in mode ensure", async () => {
    const drains = {
      mode: "ensure",
      drain: "until-destroy",
      timeouts: { connect: "1s" },
      triggers: ["2026-12"],
    };
    project.resources({ "pre-patch": args(drains) });
    await succeeds(...up);
    await succeeds("refresh", "--yes", "--expect-no-changes");
    lab.host("rdsh02").model.logon({ user: "dora" });
    const { code } = await project.pulumi("refresh", "--preview-only", "--expect-no-changes");
    assert.notEqual(code, 0);
    const output = await succeeds("up", "--yes", "--skip-preview", "--refresh");
    assert.ok(output.includes("1 with matching sessions"), output);
    assert.deepEqual(people("rdsh02"), []);
  });

  it("cannot be imported, in one sentence", async () => {
    const { code, output } = await untouched(() =>
      project.pulumi("import", "session-logoff:index:SessionLogoff", "other", "id", "--yes"),
    );
    assert.notEqual(code, 0);
    assert.ok(
      output.includes('Cannot import or get SessionLogoff "other": there is nothing to adopt'),
      output,
    );
  });

  it("marks a plain password of the stack, and uses today's for refresh and destroy", async () => {
    await succeeds("config", "set", "session-logoff:user", labUser.name, "--plaintext");
    await succeeds("config", "set", "session-logoff:password", stackPassword, "--plaintext");
    // Hosts take the stack's password where they have none of their own, so this one is rejected at first.
    project.resources({
      "pre-patch": args({
        hosts: [address("rdsh01")],
        connection: { knownHosts: lab.knownHosts },
        drain: "until-destroy",
        mode: "ensure",
        triggers: ["2027-01"],
      }),
    });
    const rejected = await project.pulumi(...up);
    assert.match(rejected.output, /auth-rejected/u);
    await succeeds("config", "set", "session-logoff:password", labUser.password, "--plaintext");
    await succeeds(...up);
    assert.equal(lab.host("rdsh01").model.drain(), "drain");
    // A rotation is no change. From here on, the state holds a password that is rejected.
    await succeeds("config", "set", "session-logoff:password", stackPassword, "--plaintext");
    await untouched(() => succeeds(...up, "--expect-no-changes"));
    await succeeds("config", "set", "session-logoff:password", labUser.password, "--plaintext");
    const before = connections();
    await succeeds("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    assert.equal(connections() - before, 1, "the refresh has listed nothing");
    await succeeds("destroy", "--yes");
    assert.equal(lab.host("rdsh01").model.drain(), "open");
  });

  it("bounds a run by customTimeouts", async () => {
    const warn = { message: "soon", gracePeriod: "20m" };
    lab.host("rdsh01").model.logon({ user: "alice" });
    project.resources({
      "pre-patch": args({
        hosts: [address("rdsh01")],
        connection: {
          password: `@secret:${labUser.password}`,
          user: labUser.name,
          knownHosts: lab.knownHosts,
        },
        warn,
        $options: { customTimeouts: { create: "2s" } },
      }),
    });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /timed-out: Stopped after 2s/u);
    assert.deepEqual(people("rdsh01"), ["svc-backup", "alice"]);
  });

  it("uses an explicit provider's own login", async () => {
    project.resources({
      "pre-patch": args({
        hosts: [address("rdsh01")],
        connection: { knownHosts: lab.knownHosts },
        $provider: { user: labUser.name, password: labUser.password },
      }),
    });
    for (const name of ["user", "password"])
      await succeeds("config", "set", `session-logoff:${name}`, "wrong", "--plaintext");
    await succeeds(...up);
    assert.deepEqual(people("rdsh01"), ["svc-backup"]);
    await succeeds("destroy", "--yes");
  });

  it("has written no credential in plain text", () => {
    // The engine's history repeats the stack's configuration as it was set, and that was in plain text.
    const state = project.written().replaceAll(/"config":\{[^}]*\}/gu, "");
    assert.match(state, /"ciphertext"/u);
    for (const secret of [labUser.password, stackPassword]) {
      assert.ok(!state.includes(secret), "in the state");
      assert.ok(!project.said().includes(secret), "in what was printed");
    }
  });
});
