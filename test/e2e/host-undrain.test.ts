import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/dynamic/built-package";
import { createPluginProject } from "./plugin-project";
import type { Project } from "./project";

/** `args.json` holds the arguments of both resources, and as what the second one is declared. */
const program = `
const pulumi = require("@pulumi/pulumi");
const { HostUndrain, SessionLogoff } = require("pulumi-session-logoff");
const { prePatch, open, as } = JSON.parse(require("node:fs").readFileSync("args.json", "utf8"));
const loggedOff = new SessionLogoff("pre-patch", prePatch);
exports.ready = loggedOff.readyHosts;
if (as !== undefined) {
  const { readyHosts, hostResults, bootIds } = loggedOff;
  const args = { ...open, only: readyHosts, closedBy: hostResults, restartedSince: bootIds };
  const unknown = { readyHosts: undefined, hostResults: undefined, finishedAt: undefined, stateVersion: undefined };
  const aliases = [{ type: "pulumi-nodejs:dynamic/session-logoff:HostUndrain" }];
  const opened = as === "class"
    ? new HostUndrain("open", args, { dependsOn: loggedOff })
    : new pulumi.CustomResource("session-logoff:index:HostUndrain", "open", { ...args, ...unknown }, { dependsOn: loggedOff, aliases });
  exports.open = { id: opened.id, readyHosts: opened.readyHosts, hostResults: opened.hostResults, finishedAt: opened.finishedAt };
}
`;

interface Opened {
  readonly id: string;
  readonly readyHosts: readonly string[];
  readonly hostResults: Readonly<Record<string, { readonly status: string; readonly drained: string }>>;
}

interface Resource {
  readonly urn: string;
  readonly id?: string;
}

function resourcesIn(exported: string): readonly Resource[] {
  return (JSON.parse(exported) as { readonly deployment: { readonly resources: readonly Resource[] } })
    .deployment.resources;
}

/** One story in order: each step continues with the stack and hosts as the previous step left them. */
describe("hosts that restart after the patch", { timeout: 300_000 }, () => {
  let lab: Lab;
  let project: Project;
  let id = "";
  const names = ["rdsh01", "rdsh02"] as const;
  const label = (name: string): string => lab.addressOf(name);
  const drains = (): readonly string[] => names.map((name) => lab.host(name).model.drain());
  const logins = (name: string): number => lab.host(name).logins.filter(({ accepted }) => accepted).length;
  const declare = (as?: "class" | "plugin", total = "20s"): void => {
    const connection = { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts };
    const hosts = names.map(label);
    const prePatch = { hosts, sessions: { all: true }, connection, drain: "until-destroy" };
    const open = { hosts, connection, timeouts: { total }, report: "open.json" };
    writeFileSync(join(project.folder, "args.json"), JSON.stringify({ prePatch, open, as }));
  };
  const untouched = async <T>(work: () => Promise<T>): Promise<T> => {
    const since = names.map(logins);
    const result = await work();
    assert.deepEqual(names.map(logins), since, "a host was contacted");
    return result;
  };
  const succeeds = async (...command: readonly string[]): Promise<string> => {
    const { code, output } = await project.pulumi(...command);
    assert.equal(code, 0, output);
    return output;
  };
  const up = ["up", "--yes", "--skip-preview"] as const;
  const opened = async (): Promise<Opened> =>
    ((await project.outputs()) as unknown as { readonly open: Opened }).open;

  before(async () => {
    await build();
    lab = await startLab({ hosts: names.map((name) => ({ name, sessions: [{ user: "alice" }] })) });
    project = await createPluginProject();
    writeFileSync(join(project.folder, "index.js"), program);
    declare();
    await succeeds(...up);
    assert.deepEqual(drains(), ["drain", "drain"]);
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("are counted in a preview, which contacts none", async () => {
    declare("class");
    const output = await untouched(() => succeeds("preview"));
    assert.match(output, /waits for 2 of 2 hosts \(2 new\)/u);
  });

  it("are opened one by one, and the update fails for those that have not restarted", async () => {
    lab.host("rdsh01").restart({ downForMs: 500 });
    const { code, output } = await project.pulumi(...up);
    assert.notEqual(code, 0);
    assert.match(output, /open: 1 of 2 hosts does not accept logons yet \(1 not-restarted\)/u);
    assert.match(output, /it did not restart within 20s/u);
    assert.deepEqual(drains(), ["open", "drain"]);
    const { readyHosts } = await project.saved("open");
    assert.deepEqual(readyHosts, [label("rdsh01")]);
  });

  it("are not contacted by a refresh of the class", async () => {
    await untouched(() => succeeds("refresh", "--yes"));
    const { output } = await project.pulumi("stack", "export");
    ({ id = "" } = resourcesIn(output).find(({ urn }) => urn.endsWith("HostUndrain::open")) ?? {});
    assert.notEqual(id, "");
  });

  it("are left to the plugin, which waits only for the rest", async () => {
    const before = logins("rdsh01");
    declare("plugin", "2m");
    lab.host("rdsh02").restart({ downForMs: 500 });
    const output = await succeeds(...up);
    assert.match(output, /waits for 1 of 2 hosts \(1 failed\)/u);
    assert.match(output, /accepts new logons again/u);
    assert.deepEqual(drains(), ["open", "open"]);
    assert.equal(logins("rdsh01"), before);
    const { readyHosts, hostResults, id: idNow } = await opened();
    assert.equal(idNow, id);
    assert.deepEqual(readyHosts, names.map(label));
    assert.equal(hostResults[label("rdsh02")]?.drained, "undrained");
  });

  it("are not contacted again by an update or a refresh of the plugin", async () => {
    assert.match(await untouched(() => succeeds(...up)), /3 unchanged/u);
    await untouched(() => succeeds("refresh", "--yes"));
  });

  it("are taken back by the class without being contacted", async () => {
    declare("class", "2m");
    const text = program.replace(
      "{ dependsOn: loggedOff })",
      '{ dependsOn: loggedOff, aliases: [{ type: "session-logoff:index:HostUndrain" }] })',
    );
    writeFileSync(join(project.folder, "index.js"), text);
    await untouched(() => succeeds(...up));
    assert.equal((await opened()).readyHosts.length, 2);
  });

  it("leave no credential in the state or in what was printed", () => {
    for (const text of [project.written(), project.said()]) assert.ok(!text.includes(labUser.password));
  });

  it("are not contacted when only this resource is deleted", async () => {
    declare();
    await untouched(() => succeeds(...up));
    assert.deepEqual(drains(), ["open", "open"]);
  });
});
