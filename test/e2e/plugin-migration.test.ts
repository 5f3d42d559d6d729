import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/dynamic/built-package";
import { createPluginProject } from "./plugin-project";
import type { Project } from "./project";

const program = (make: string): string => `
const pulumi = require("@pulumi/pulumi");
const { SessionLogoff } = require("pulumi-session-logoff");
const args = JSON.parse(require("node:fs").readFileSync("args.json", "utf8"));
const made = ${make};
exports["pre-patch"] = { id: made.id, readyHosts: made.readyHosts };
`;
const results = ["totals", "readyHosts", "hostResults", "remaining", "finishedAt", "resume", "stateVersion"];
const asClass = (options: string): string => program(`new SessionLogoff("pre-patch", args, ${options})`);
const asPlugin = program(
  `new pulumi.CustomResource("session-logoff:index:SessionLogoff", "pre-patch",
     { ...args, ${results.map((name) => `${name}: undefined`).join(", ")} },
     { aliases: [{ type: "pulumi-nodejs:dynamic/session-logoff:SessionLogoff" }] })`,
);

/** One story in order: the class, the plugin that takes over, and the class again. */
describe("a stack of the class", { timeout: 300_000 }, () => {
  let lab: Lab;
  let project: Project;
  let id: string;
  const commands = (): number => lab.host("rdsh01").commandTexts().length;
  const up = async (text: string): Promise<string> => {
    writeFileSync(join(project.folder, "index.js"), text);
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    return output;
  };
  const exported = async (): Promise<string> => (await project.pulumi("stack", "export")).output;
  const idNow = async (): Promise<string> =>
    ((await project.outputs())["pre-patch"] as unknown as { readonly id: string }).id;

  before(async () => {
    await build();
    lab = await startLab({ hosts: [{ name: "rdsh01", sessions: [{ user: "alice" }] }] });
    project = await createPluginProject();
    const connection = { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts };
    const hosts = [{ host: lab.addressOf("rdsh01"), connection }];
    const args = { hosts, sessions: { all: true }, drain: "until-destroy" };
    writeFileSync(join(project.folder, "args.json"), JSON.stringify(args));
    await up(asClass("{}"));
    id = await idNow();
    assert.equal(lab.host("rdsh01").model.drain(), "drain");
  });
  after(async () => {
    project.remove();
    await lab.close();
  });

  it("is taken over by the plugin, which contacts nobody", async () => {
    const before = commands();
    const output = await up(asPlugin);
    assert.match(output, /2 unchanged/u);
    assert.equal(commands(), before);
    assert.equal(await idNow(), id);
    const state = await exported();
    assert.ok(!state.includes("pulumi-nodejs:dynamic"), state);
    assert.ok(!state.includes(labUser.password));
  });

  it("is taken back by the class, which contacts nobody", async () => {
    const before = commands();
    await up(asClass('{ aliases: [{ type: "session-logoff:index:SessionLogoff" }] }'));
    assert.equal(commands(), before);
    assert.equal(await idNow(), id);
    assert.equal(lab.host("rdsh01").model.drain(), "drain");
  });

  it("is deleted by the class", async () => {
    const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    assert.equal(lab.host("rdsh01").model.drain(), "open");
  });
});
