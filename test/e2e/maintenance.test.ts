import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { startLinuxSshHost, type LinuxSshHost } from "../lab/linux/ssh-front";
import { build } from "../pulumi/dynamic/built-package";
import { providerOf } from "./processes";
import { createProject, type Project } from "./project";

/** One story in order: what can happen in a maintenance night, with a real engine and real connections. */
describe("a maintenance night with pulumi", { timeout: 300_000 }, () => {
  let lab: Lab;
  let linux: LinuxSshHost;
  let project: Project;
  const names = ["rdsh01", "rdsh02", "rdsh03"];
  const address = (name: string): string => lab.addressOf(name);
  const linuxAddress = (): string => `${linux.address}:${linux.port}`;
  const people = (name: string): readonly string[] => lab.host(name).model.people();
  const sent = (name: string, what: RegExp): string[] =>
    lab
      .host(name)
      .commandTexts()
      .filter((text) => what.test(text));
  const up = ["up", "--yes", "--skip-preview"];
  const args = (more: object = {}): object => ({
    hosts: names.map(address),
    sessions: { all: true },
    connection: {
      user: labUser.name,
      password: labUser.password,
      knownHosts: lab.knownHosts + linux.knownHosts,
    },
    timeouts: { connect: "3s", logoff: "2s" },
    report: ["reports.json", "reports.xml", "reports.html"],
    ...more,
  });
  const written = (file: string): string => readFileSync(join(project.folder, file), "utf8");

  before(async () => {
    await build();
    lab = await startLab({
      hosts: [
        { name: "rdsh01", sessions: [{ user: "alice" }, { user: "bob" }] },
        { name: "rdsh02", sessions: [{ user: "carol" }] },
        { name: "rdsh03", sessions: [] },
      ],
    });
    linux = await startLinuxSshHost();
    linux.host.logon({ user: "lena" });
    project = await createProject();
  });
  after(async () => {
    project.remove();
    await lab.close();
    await linux.close();
  });

  it("waits outside the window and touches no session", async () => {
    const window = { notAfter: "2020-01-01T00:00:00Z" };
    project.resources({ "pre-patch": args({ window }) });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /pre-patch: 3 of 3 hosts not done \(3 skipped\)/u);
    assert.match(output, /outside-window/u);
    for (const name of names) assert.deepEqual(lab.host(name).commandTexts(), []);
    project.resources({ "pre-patch": args({ window, failOn: "budget" }) });
    const tolerated = await project.pulumi(...up);
    assert.equal(tolerated.code, 0, tolerated.output);
    assert.deepEqual((await project.saved("pre-patch")).readyHosts, []);
  });

  it(
    "stops during the grace period when told to, and remembers whom it warned",
    { skip: process.platform !== "linux" && "looks for processes in /proc" },
    async () => {
      const warn = { message: "Patches in {minutes} minutes, {user}", gracePeriod: "25s" };
      project.resources({ "pre-patch": args({ warn, drain: "until-restart" }) });
      const { child, prints, ended } = project.start(...up);
      await prints(`${address("rdsh01")}: waiting up to`);
      await prints(`${address("rdsh02")}: waiting up to`);
      process.kill(await providerOf(child.pid), "SIGINT");
      const { code, output } = await ended;
      assert.notEqual(code, 0, output);
      assert.deepEqual(names.map(people), [["alice", "bob"], ["carol"], []]);
      assert.deepEqual(
        names.map((name) => lab.host(name).model.drain()),
        ["open", "open", "until-restart"],
      );
      assert.equal((JSON.parse(written("reports.json")) as { exitStatus: number }).exitStatus, 130);
    },
  );

  it("continues where it stopped: it leaves the finished host alone and warns nobody twice", async () => {
    await project.pulumi("refresh", "--yes");
    const commandsOfDone = lab.host("rdsh03").commandTexts().length;
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.deepEqual(names.map(people), [[], [], []]);
    assert.deepEqual(
      lab.host("rdsh01").model.messages().length + lab.host("rdsh02").model.messages().length,
      3,
    );
    assert.equal(sent("rdsh01", /^msg/u).length, 2);
    assert.equal(lab.host("rdsh03").commandTexts().length, commandsOfDone);
    assert.deepEqual(
      names.map((name) => lab.host(name).model.drain()),
      ["until-restart", "until-restart", "until-restart"],
    );
    assert.ok(!JSON.stringify(await project.saved("pre-patch")).includes('"carol"'));
  });

  it("writes reports that only their owner can read", () => {
    for (const file of ["reports.json", "reports.xml", "reports.html"]) {
      assert.equal(statSync(join(project.folder, file)).mode & 0o777, 0o600, file);
    }
    const { totals, hosts } = JSON.parse(written("reports.json")) as {
      totals: { ok: number; loggedOff: number };
      hosts: { host: string }[];
    };
    assert.deepEqual([totals.ok, totals.loggedOff], [2, 3]);
    assert.deepEqual(hosts.map(({ host }) => host).sort(), [address("rdsh01"), address("rdsh02")].sort());
    assert.match(written("reports.xml"), /<testsuite/u);
    assert.match(written("reports.html"), /^<!doctype html>/iu);
  });

  it("logs people off Windows and Linux hosts in one resource", async () => {
    const { model } = lab.host("rdsh01");
    model.setDrain("open");
    model.logon({ user: "dora" });
    project.resources({
      mixed: args({
        hosts: [address("rdsh01"), linuxAddress()],
        report: "missing-folder/mixed.json",
      }),
    });
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.deepEqual(people("rdsh01"), []);
    assert.deepEqual(linux.host.sessions(), []);
    assert.deepEqual((await project.saved("mixed")).readyHosts, [address("rdsh01"), linuxAddress()]);
    assert.match(output, /mixed: warning: Cannot write ".*missing-folder\/mixed\.json/u);
  });

  it("stops a canary rollout at the wave that fails", async () => {
    for (const name of names) {
      lab.host(name).model.setDrain("open");
      lab.host(name).model.logon({ user: `late-${name}` });
    }
    const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
    lab.host("rdsh02").fault({ on: "qwinsta", times: 100, trouble: denied });
    const rollout = { waves: [1], maxFailures: 0 };
    project.resources({ mixed: args({ rollout, failOn: "budget", triggers: ["canary"] }) });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /mixed: 2 of 3 hosts not done \(1 failed, 1 skipped\)/u);
    assert.deepEqual(names.map(people), [[], ["late-rdsh02"], ["late-rdsh03"]]);
    lab.host("rdsh02").clearFaults();
    const again = await project.pulumi(...up);
    assert.equal(again.code, 0, again.output);
    assert.ok(again.output.includes("mixed: runs on 2 of 3 hosts (1 failed, 1 skipped)"), again.output);
    assert.deepEqual(names.map(people), [[], [], []]);
  });
});
