import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { createProject, type Project } from "./project";

/** Nothing listens there: a preview contacts no host. */
const args = '{ hosts: ["127.0.0.1:1"], sessions: { all: true } }';

describe("the folder that Pulumi's provider process starts in", { timeout: 300_000 }, () => {
  let project: Project;
  before(build);
  beforeEach(async () => {
    project = await createProject();
  });
  afterEach(() => project.remove());

  it("is named in the error, with the missing dependency, if the program depends only on a package that wraps the class", async () => {
    // As pnpm lays it out: the program sees its own dependencies, and the wrapper sees its own.
    const wrapper = join(project.folder, "store", "wrapper");
    mkdirSync(join(wrapper, "node_modules"), { recursive: true });
    symlinkSync(checkout, join(wrapper, "node_modules", "pulumi-session-logoff"), "dir");
    writeFileSync(join(wrapper, "package.json"), '{ "name": "wrapper", "main": "index.js" }');
    writeFileSync(
      join(wrapper, "index.js"),
      `const { SessionLogoff } = require("pulumi-session-logoff"); new SessionLogoff("pre-patch", ${args});`,
    );
    symlinkSync(wrapper, join(project.folder, "node_modules", "wrapper"), "dir");
    unlinkSync(join(project.folder, "node_modules", "pulumi-session-logoff"));
    writeFileSync(join(project.folder, "index.js"), 'require("wrapper");');

    const refused = await project.pulumi("preview");
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /Add "pulumi-session-logoff" to the program's own dependencies/u);
    assert.doesNotMatch(refused.output, /^\s+at /mu);

    symlinkSync(checkout, join(project.folder, "node_modules", "pulumi-session-logoff"), "dir");
    const { code, output } = await project.pulumi("preview");
    assert.equal(code, 0, output);
  });

  it("is hinted at if an inline Automation API program starts elsewhere, and can be set as main", async () => {
    const script = join(project.folder, "deploy.js");
    writeFileSync(script, inlineProgram);
    const elsewhere = mkdtempSync(join(tmpdir(), "session-logoff-elsewhere-"));
    try {
      const refused = await runInline(script, elsewhere);
      assert.match(refused, /^failed$/mu);
      assert.match(
        refused,
        /starts in the project's "main" folder, .* SessionLogoff "pre-patch" cannot run/u,
      );
      const accepted = await runInline(script, elsewhere, project.folder);
      assert.match(accepted, /^succeeded$/mu, accepted);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});

const inlineProgram = `
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const { SessionLogoff } = require("pulumi-session-logoff");
const program = async () => void new SessionLogoff("pre-patch", ${args});
const [main] = process.argv.slice(2);
const settings = main === undefined ? {} : { projectSettings: { name: "inline", runtime: "nodejs", main } };
LocalWorkspace.createStack({ stackName: main === undefined ? "a" : "b", projectName: "inline", program }, settings)
  .then((stack) => stack.preview({ onOutput: (text) => process.stdout.write(text) }))
  .then(() => console.log("\\nsucceeded"), () => console.log("\\nfailed"));
`;

/** Starts an inline program in a folder and returns what it prints. */
async function runInline(script: string, folder: string, ...more: readonly string[]): Promise<string> {
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const { path } = await ensureEngine();
  const env = engineEnvironment({
    engine: path,
    home: join(folder, "home"),
    stateDir: join(folder, "state"),
    passphrase: "x",
  });
  const options = { cwd: folder, env, timeout: 120_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...more], options);
  return stdout;
}
