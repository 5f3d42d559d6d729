import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/dynamic/built-package";
import { createProject, type Project } from "./project";

/** One story in order: previews list sessions, and hosts are kept free of disconnected sessions. */
describe("previewSessions and mode ensure", { timeout: 300_000 }, () => {
  let lab: Lab;
  let project: Project;
  const names = ["rdsh01", "rdsh02", "rdsh03"];
  const address = (name: string): string => lab.addressOf(name);
  const people = (name: string): readonly string[] => lab.host(name).model.people();
  const commands = (): string[] => names.flatMap((name) => lab.host(name).commandTexts());
  const changing = (): string[] => commands().filter((text) => /logoff|rwinsta|msg|chglogon \//u.test(text));
  const args = (more: object = {}): object => ({
    hosts: names.map(address),
    sessions: { states: ["disconnected"], except: { users: ["svc-*"] } },
    connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
    timeouts: { connect: "3s" },
    mode: "ensure",
    previewSessions: true,
    ...more,
  });
  const up = ["up", "--yes", "--skip-preview"];

  before(async () => {
    await build();
    lab = await startLab({
      hosts: [
        {
          name: "rdsh01",
          sessions: [
            { user: "alice" },
            { user: "bob", state: "disconnected" },
            { user: "svc-backup", state: "disconnected" },
          ],
          ssh: { connectDelayMs: 1000 },
        },
        { name: "rdsh02", sessions: [{ user: "carol", state: "disconnected" }] },
        { name: "rdsh03", sessions: [] },
      ],
    });
    project = await createProject();
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("previews exactly the sessions to log off, even if a host is unreachable, and changes nothing", async () => {
    lab.host("rdsh03").stopListening();
    project.resources({ nightly: args() });
    const { code, output } = await project.pulumi("preview");
    assert.equal(code, 0, output);
    for (const part of [
      "would log off 2 sessions on 2 of 3 hosts, 1 could not be listed; hosts that are done are not run again",
      `${address("rdsh01")}: 3 (bob); kept: 2 (alice): not selected, 4 (svc-backup): excepted`,
      `${address("rdsh02")}: 2 (carol)`,
      `${address("rdsh03")}: host-unreachable: `,
    ]) {
      assert.ok(output.includes(part), `no "${part}" in:\n${output}`);
    }
    assert.ok(!output.includes(labUser.password));
    assert.deepEqual(changing(), []);
    await lab.host("rdsh03").listenAgain();
  });

  it("reports unknown inputs and contacts no host", async () => {
    const since = commands().length;
    project.resources({
      nightly: args(),
      after: args({ triggers: ["@finishedAt:nightly"], hosts: [address("rdsh02")] }),
    });
    const { code, output } = await project.pulumi("preview");
    assert.equal(code, 0, output);
    assert.ok(output.includes("sessions are not shown: not all inputs are known"), output);
    assert.ok(commands().length > since);
    assert.deepEqual(changing(), []);
  });

  it("uses the stack configuration for both the preview and the run", async () => {
    for (const [key, value] of [
      ["user", labUser.name],
      ["knownHosts", lab.knownHosts],
    ] as const) {
      await project.pulumi("config", "set", `session-logoff:${key}`, value);
    }
    await project.pulumi("config", "set", "--secret", "session-logoff:password", labUser.password);
    project.resources({ nightly: args({ connection: undefined }) });
    const { code, output } = await project.pulumi("up", "--yes");
    assert.equal(code, 0, output);
    assert.ok(output.includes("would log off 2 sessions on 2 of 3 hosts"), output);
    assert.deepEqual(names.map(people), [["alice", "svc-backup"], [], []]);
  });

  it("contacts no host in a preview when nothing would run", async () => {
    const since = commands().length;
    const { output } = await project.pulumi("preview", "--expect-no-changes");
    assert.ok(!output.includes("would log off"), output);
    assert.equal(commands().length, since);
  });

  it("finds no drift while no session matches", async () => {
    lab.host("rdsh02").model.logon({ user: "dave" });
    const { code, output } = await project.pulumi("refresh", "--preview-only", "--expect-no-changes");
    assert.equal(code, 0, output);
  });

  it("finds drift without changing anything, and finds it again", async () => {
    const { model } = lab.host("rdsh02");
    model.disconnect(model.sessions().find(({ user }) => user === "dave")?.id ?? assert.fail());
    const before = changing().length;
    for (let time = 0; time < 2; time += 1) {
      const { code, output } = await project.pulumi("refresh", "--preview-only", "--expect-no-changes");
      assert.notEqual(code, 0, output);
      assert.ok(output.includes(`nightly: ${address("rdsh02")}: 1 matching sessions again`), output);
    }
    assert.equal(changing().length, before);
    assert.deepEqual(people("rdsh02"), ["dave"]);
  });

  it("fixes drift with up --refresh, only on the host that drifted", async () => {
    const before = changing().length;
    const { code, output } = await project.pulumi(...up, "--refresh");
    assert.equal(code, 0, output);
    assert.ok(output.includes("nightly: runs on 1 of 3 hosts (1 with matching sessions)"), output);
    assert.deepEqual(changing().slice(before), ["logoff.exe 3"]);
    assert.deepEqual(people("rdsh02"), []);
    const { remaining } = await project.saved("nightly");
    assert.equal(remaining, 0);
  });

  it("does not report an unreachable host as drift", async () => {
    lab.host("rdsh03").stopListening();
    const { code, output } = await project.pulumi("refresh", "--yes", "--expect-no-changes");
    assert.equal(code, 0, output);
    const { hostResults, readyHosts } = await project.saved("nightly");
    assert.equal(hostResults[address("rdsh03")]?.status, "unknown");
    assert.equal(readyHosts.length, 3);
    const same = await project.pulumi(...up, "--expect-no-changes");
    assert.equal(same.code, 0, same.output);
    await lab.host("rdsh03").listenAgain();
    await project.pulumi("refresh", "--yes");
    assert.equal((await project.saved("nightly")).hostResults[address("rdsh03")]?.status, "ok");
  });

  it("keeps drift in the state after a refresh, and fixes it with the next up", async () => {
    lab.host("rdsh03").model.logon({ user: "erin" });
    const { model } = lab.host("rdsh03");
    model.disconnect(model.sessions().find(({ user }) => user === "erin")?.id ?? assert.fail());
    await project.pulumi("refresh", "--yes");
    assert.equal((await project.saved("nightly")).remaining, 1);
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.deepEqual(people("rdsh03"), []);
  });
});
