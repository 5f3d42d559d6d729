import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/dynamic/built-package";
import { createProject, type Project } from "./project";

/** One story in order: hosts are drained before a patch, removed from the program, and added back. */
describe("drain with pulumi", { timeout: 300_000 }, () => {
  let lab: Lab;
  let project: Project;
  const names = ["rdsh01", "rdsh02", "rdsh03", "rdsh04"];
  const address = (name: string): string => lab.addressOf(name);
  const modes = (): string[] => names.map((name) => lab.host(name).model.drain());
  const logins = (name: string): number => lab.host(name).logins.filter(({ accepted }) => accepted).length;
  const up = ["up", "--yes", "--skip-preview"];
  const args = (more: object = {}): object => ({
    hosts: names.map(address),
    sessions: { all: true },
    connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
    timeouts: { connect: "2s", logoff: "2s" },
    drain: "until-restart",
    ...more,
  });

  before(async () => {
    await build();
    lab = await startLab({
      hosts: [
        { name: "rdsh01", sessions: [{ user: "alice" }] },
        { name: "rdsh02", sessions: [{ user: "bob", onLogoff: { kind: "ignored" } }] },
        { name: "rdsh03", sessions: [], drain: "drain" },
        { name: "rdsh04", sessions: [{ user: "dave" }] },
      ],
    });
    project = await createProject();
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("keeps finished hosts drained and undrains the failed one", async () => {
    project.resources({ "pre-patch": args() });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /session-stuck/u);
    assert.deepEqual(modes(), ["until-restart", "open", "drain", "until-restart"]);
    const { hostResults } = await project.saved("pre-patch");
    assert.deepEqual(
      names.map((name) => hostResults[address(name)]?.drained),
      ["until-restart", "undrained", "already", "until-restart"],
    );
  });

  it("drains the failed host again when it runs again, even after a refresh", async () => {
    await project.pulumi("refresh", "--yes");
    const { model } = lab.host("rdsh02");
    model.onLogoff(2, { kind: "instant" });
    const before = names.map(logins);
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.deepEqual(modes(), ["until-restart", "until-restart", "drain", "until-restart"]);
    assert.deepEqual(
      names.map((name, index) => logins(name) - (before[index] ?? 0)),
      [0, 1, 0, 0],
    );
  });

  it("undrains only a host that the program no longer names", async () => {
    const rest = names.filter((name) => name !== "rdsh04").map(address);
    project.resources({ "pre-patch": args({ hosts: rest }) });
    const preview = await project.pulumi("preview");
    assert.ok(preview.output.includes("pre-patch: undrains 1 host (1 removed)"), preview.output);
    assert.deepEqual(modes(), ["until-restart", "until-restart", "drain", "until-restart"]);
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.deepEqual(modes(), ["until-restart", "until-restart", "drain", "open"]);
    assert.deepEqual(Object.keys((await project.saved("pre-patch")).hostResults), rest);
  });

  it("keeps a removed host in the state until it has the right to undrain it", async () => {
    const rest = ["rdsh01", "rdsh03"].map(address);
    const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
    lab.host("rdsh02").fault({ on: "/enable", times: 100, trouble: denied });
    project.resources({ "pre-patch": args({ hosts: rest }) });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /pre-patch: 1 host is still drained/u);
    assert.match(output, new RegExp(`${address("rdsh02")}: permission-denied`, "u"));
    lab.host("rdsh02").clearFaults();
    const again = await project.pulumi(...up);
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(modes(), ["until-restart", "open", "drain", "open"]);
    const same = await project.pulumi(...up, "--expect-no-changes");
    assert.equal(same.code, 0, same.output);
  });

  it("runs a kept host again when the program names it again, even after a refresh", async () => {
    const rest = ["rdsh01", "rdsh03"].map(address);
    const all = [...rest, address("rdsh02")];
    project.resources({ "pre-patch": args({ hosts: all }) });
    const named = await project.pulumi(...up);
    assert.equal(named.code, 0, named.output);
    const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
    lab.host("rdsh02").fault({ on: "/enable", times: 100, trouble: denied });
    project.resources({ "pre-patch": args({ hosts: rest }) });
    const removed = await project.pulumi(...up);
    assert.notEqual(removed.code, 0, removed.output);
    lab.host("rdsh02").clearFaults();
    await project.pulumi("refresh", "--yes", "--skip-preview");

    const { model } = lab.host("rdsh02");
    model.setDrain("open");
    model.logon({ user: "late" });
    model.setDrain("until-restart");
    project.resources({ "pre-patch": args({ hosts: all }) });
    const again = await project.pulumi(...up);
    assert.equal(again.code, 0, again.output);
    assert.ok(again.output.includes("pre-patch: runs on 1 of 3 hosts (1 new)"), again.output);
    assert.deepEqual(model.people(), []);
    assert.deepEqual((await project.saved("pre-patch")).readyHosts, all);
    project.resources({ "pre-patch": args({ hosts: rest }) });
    const gone = await project.pulumi(...up);
    assert.equal(gone.code, 0, gone.output);
    assert.deepEqual(modes(), ["until-restart", "open", "drain", "open"]);
  });

  it("undrains when drain changes to none, without logging anybody off", async () => {
    lab.host("rdsh01").model.setDrain("open");
    lab.host("rdsh01").model.logon({ user: "late" });
    lab.host("rdsh01").model.setDrain("until-restart");
    project.resources({
      "pre-patch": args({ drain: "none", hosts: [address("rdsh01"), address("rdsh03")] }),
    });
    const { code, output } = await project.pulumi(...up);
    assert.equal(code, 0, output);
    assert.ok(output.includes("pre-patch: undrains 1 host (drain)"), output);
    assert.deepEqual(modes(), ["open", "open", "drain", "open"]);
    assert.deepEqual(lab.host("rdsh01").model.people(), ["late"]);
  });

  it("undrains hosts on destroy, names those that it has no right to undrain, and succeeds once it has the right", async () => {
    const some = ["rdsh01", "rdsh02", "rdsh04"];
    const password = labUser.password;
    await project.pulumi("config", "set", "--secret", "session-logoff:password", password);
    const connection = { user: labUser.name, knownHosts: lab.knownHosts };
    project.resources({ "pre-patch": args({ hosts: some.map(address), triggers: [2], connection }) });
    const ran = await project.pulumi(...up);
    assert.equal(ran.code, 0, ran.output);
    assert.deepEqual(modes(), ["until-restart", "until-restart", "drain", "until-restart"]);

    await project.pulumi("config", "set", "--secret", "session-logoff:password", "Old-only!Pa55word");
    // Unless destroy runs the program, it uses the configuration of the last up.
    const same = await project.pulumi(...up, "--expect-no-changes");
    assert.equal(same.code, 0, same.output);
    lab.host("rdsh04").stopListening();
    const rejected = await project.pulumi("destroy", "--yes", "--skip-preview");
    assert.notEqual(rejected.code, 0, rejected.output);
    assert.match(rejected.output, /2 hosts are still drained/u);
    assert.match(rejected.output, new RegExp(`${address("rdsh01")}: auth-rejected`, "u"));
    assert.ok(
      rejected.output.includes(`warning: ${address("rdsh04")}: may still be drained`),
      rejected.output,
    );

    await project.pulumi("config", "set", "--secret", "session-logoff:password", password);
    const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview", "--run-program");
    assert.equal(code, 0, output);
    assert.deepEqual(modes(), ["open", "open", "drain", "until-restart"]);
  });
});
