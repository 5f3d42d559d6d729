import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clientKey, labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/dynamic/built-package";
import { createProject, type Project } from "./project";

/** One story in order: each step continues with the stack and hosts as the previous step left them. */
describe("pulumi", { timeout: 600_000 }, () => {
  let lab: Lab;
  let project: Project;
  const stackPassword = "Stack-only!Pa55word";
  const names = ["rdsh01", "rdsh02", "rdsh03"];
  const address = (name: string): string => lab.addressOf(name);
  const people = (name: string): readonly string[] => lab.host(name).model.people();
  const logoffs = (): number =>
    names.flatMap((name) => lab.host(name).commandTexts()).filter((text) => text.startsWith("logoff")).length;
  const connections = (): number =>
    names.reduce((sum, name) => sum + lab.host(name).logins.filter(({ accepted }) => accepted).length, 0);

  const args = (more: object = {}): object => ({
    hosts: names.map(address),
    sessions: { all: true, except: { users: ["svc-*"] } },
    connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
    triggers: ["2026-11"],
    ...more,
  });
  /** Runs `work` and asserts that it contacts no host. */
  const untouched = async <T>(work: () => Promise<T>): Promise<T> => {
    const since = connections();
    const result = await work();
    assert.equal(connections(), since, "a host was contacted");
    return result;
  };

  before(async () => {
    await build();
    lab = await startLab({
      hosts: [
        { name: "rdsh01", sessions: [{ user: "alice" }, { user: "svc-backup" }] },
        { name: "rdsh02", sessions: [{ user: "bob", onLogoff: { kind: "closes", ms: 300 } }] },
        { name: "rdsh03", sessions: [{ user: "carol", state: "disconnected" }] },
      ],
    });
    project = await createProject();
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("reports all invalid inputs at once in a preview, without secrets", async () => {
    project.resources({
      "pre-patch": args({
        connection: { user: "u", password: labUser.password, privateKey: labUser.password, port: 0 },
        hots: 1,
      }),
    });
    for (const more of [[], ["--json"]]) {
      const { code, output } = await untouched(() => project.pulumi("preview", ...more));
      assert.notEqual(code, 0);
      for (const part of [
        "connection.port: must be a whole number",
        "connection.privateKey: must be the text",
        "hots: is not a known field",
      ]) {
        assert.ok(output.includes(part), output);
      }
      assert.ok(!output.includes(labUser.password));
    }
  });

  it("previews without contacting a host", async () => {
    project.resources({
      "pre-patch": args(),
      after: args({ hosts: [address("rdsh01")], triggers: ["@finishedAt:pre-patch"] }),
    });
    const { code, output } = await untouched(() => project.pulumi("preview"));
    assert.equal(code, 0, output);
  });

  it("logs sessions off", async () => {
    project.resources({ "pre-patch": args() });
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    assert.deepEqual(names.map(people), [["svc-backup"], [], []]);
    const { "pre-patch": out } = await project.outputs();
    assert.deepEqual(out?.readyHosts, names.map(address));
    assert.equal(out.totals.loggedOff, 3);
    assert.ok(output.includes(`pre-patch: ${address("rdsh02")}: done, 1 logged off`), output);
  });

  it("does nothing the second time or after a refresh", async () => {
    for (const operation of [
      ["up", "--yes", "--skip-preview", "--expect-no-changes"],
      ["refresh", "--yes"],
      ["up", "--yes", "--skip-preview", "--expect-no-changes"],
    ]) {
      const { code, output } = await untouched(() => project.pulumi(...operation));
      assert.equal(code, 0, output);
    }
  });

  it("stores a changed connection without running anything", async () => {
    const connection = {
      user: labUser.name,
      privateKey: clientKey.privateKey,
      knownHosts: lab.knownHosts,
      keepalive: "20s",
    };
    project.resources({ "pre-patch": args({ connection }) });
    const before = (await project.outputs())["pre-patch"];
    const { code, output } = await untouched(() => project.pulumi("up", "--yes"));
    assert.equal(code, 0, output);
    assert.ok(output.includes("pre-patch: stores inputs, contacts no host (connection)"), output);
    assert.deepEqual((await project.outputs())["pre-patch"], before);
    assert.equal(
      (await untouched(() => project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))).code,
      0,
    );
    project.resources({ "pre-patch": args({ connection, rollout: { parallel: 2 }, ifMissing: "fail" }) });
    const same = await untouched(() =>
      project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"),
    );
    assert.equal(same.code, 0, same.output);
  });

  it("runs nothing for a new version of the package", async () => {
    project.installVersion("9.9.9");
    const { code, output } = await untouched(() =>
      project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"),
    );
    assert.equal(code, 0, output);
  });

  it("runs everything when a trigger changes, and keeps a failed host pending", async () => {
    for (const name of names) lab.host(name).model.logon({ user: `late-${name}` });
    lab.host("rdsh02").stopListening();
    project.resources({ "pre-patch": args({ triggers: ["2026-12"], timeouts: { connect: "2s" } }) });
    const { code, output } = await project.pulumi("up", "--yes");
    assert.notEqual(code, 0);
    assert.ok(output.includes("pre-patch: runs on 3 of 3 hosts (triggers changed)"), output);
    assert.ok(
      output.includes('pre-patch: 1 of 3 hosts not done (1 failed); the next "pulumi up" runs only these'),
      output,
    );
    assert.match(output, new RegExp(`${address("rdsh02")}: host-unreachable`, "u"));
    assert.deepEqual(names.map(people), [["svc-backup"], ["late-rdsh02"], []]);
  });

  it("keeps the failed host pending after a refresh, and finishes only that host", async () => {
    const refreshed = await untouched(() => project.pulumi("refresh", "--yes"));
    assert.equal(refreshed.code, 0, refreshed.output);
    const preview = await untouched(() => project.pulumi("preview"));
    assert.ok(preview.output.includes("pre-patch: runs on 1 of 3 hosts (1 failed)"), preview.output);
    await lab.host("rdsh02").listenAgain();
    const count = connections();
    const { code, output } = await project.pulumi("up", "--yes");
    assert.equal(code, 0, output);
    assert.equal(connections() - count, 1);
    assert.deepEqual(people("rdsh02"), []);
    assert.deepEqual((await project.outputs())["pre-patch"]?.readyHosts, names.map(address));
    assert.equal(
      (await untouched(() => project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))).code,
      0,
    );
  });

  it("uses the password from the stack configuration, and does not treat a new one as a change", async () => {
    lab.host("rdsh03").model.logon({ user: "dave" });
    for (const [key, value] of [
      ["user", labUser.name],
      ["knownHosts", lab.knownHosts],
    ] as const) {
      await project.pulumi("config", "set", `session-logoff:${key}`, value);
    }
    await project.pulumi("config", "set", "--secret", "session-logoff:password", labUser.password);
    project.resources({ "pre-patch": args({ connection: undefined, triggers: ["2027-01"] }) });
    const { code, output } = await project.pulumi("up", "--yes");
    assert.equal(code, 0, output);
    assert.deepEqual(people("rdsh03"), []);
    await project.pulumi("config", "set", "--secret", "session-logoff:password", stackPassword);
    const same = await untouched(() =>
      project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"),
    );
    assert.equal(same.code, 0, same.output);
  });

  it("runs only new hosts, and two resources with a value that is unknown during the preview", async () => {
    await project.pulumi("config", "set", "--secret", "session-logoff:password", labUser.password);
    const first = args({
      connection: undefined,
      hosts: [address("rdsh01"), address("rdsh02")],
      triggers: ["2027-01"],
    });
    const second = args({
      connection: undefined,
      hosts: [address("rdsh03")],
      triggers: ["@finishedAt:pre-patch"],
    });
    project.resources({ "pre-patch": first, second });
    const count = connections();
    const { code, output } = await project.pulumi("up", "--yes");
    assert.equal(code, 0, output);
    assert.equal(connections() - count, 1);
    assert.deepEqual((await project.outputs())["pre-patch"]?.totals.hosts, 2);
  });

  it("destroys without contacting a host", async () => {
    const sent = logoffs();
    const { code, output } = await untouched(() => project.pulumi("destroy", "--yes"));
    assert.equal(code, 0, output);
    assert.equal(logoffs(), sent);
  });

  it("keeps passwords and keys out of the state, output and provider text", async () => {
    project.resources({ "pre-patch": args() });
    const { code } = await project.pulumi("up", "--yes");
    assert.equal(code, 0);
    const exported = await project.pulumi("stack", "export");
    const everything = [project.written(), project.said(), exported.output].join("\n");
    assert.ok(everything.includes("pulumi-nodejs:dynamic/session-logoff:SessionLogoff"));
    const keyLine = clientKey.privateKey.split("\n").find((line) => line.length > 60) ?? assert.fail();
    for (const hidden of [labUser.password, stackPassword, keyLine]) {
      assert.ok(!everything.includes(hidden), `found ${hidden.slice(0, 5)}…`);
    }
  });
});
