import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkProgram } from "../../../provider/pulumi/dynamic/program-check";
import { build, checkout, installedFolder } from "./built-package";

const resource = { type: "SessionLogoff", name: "p", code: "pulumi-session-logoff/provider" };
const cli = "/app/node_modules/@pulumi/pulumi/cmd/run/index.js";
const sdk = join(checkout, "node_modules", "@pulumi", "pulumi");

describe("the check of the program's folder", () => {
  const { folder: installed, remove } = installedFolder();
  const bare = realpathSync(mkdtempSync(join(tmpdir(), "session-logoff-")));
  const withSdk = join(bare, "with-sdk");
  before(async () => {
    await build();
    mkdirSync(join(withSdk, "node_modules", "@pulumi"), { recursive: true });
    symlinkSync(sdk, join(withSdk, "node_modules", "@pulumi", "pulumi"), "dir");
  });
  after(() => {
    remove();
    rmSync(bare, { recursive: true, force: true });
  });

  for (const [what, script] of [
    ["the CLI", cli],
    ["a user's program", "/app/deploy.js"],
  ] as const) {
    it(`finds no problem if both packages are installed and ${what} started the program`, () => {
      const below = join(installed, "src");
      mkdirSync(below, { recursive: true });
      for (const folder of [installed, below, checkout])
        assert.equal(checkProgram(resource, { folder, script, isBun: false }), undefined);
    });
  }

  for (const script of [cli, "C:\\app\\node_modules\\@pulumi\\pulumi\\cmd\\run\\index.js"]) {
    it(`names the program's missing dependency when started by ${script}`, () => {
      assert.deepEqual(checkProgram(resource, { folder: withSdk, script, isBun: false }), {
        severity: "error",
        message: `Cannot use SessionLogoff "p": Pulumi's provider process loads "pulumi-session-logoff" from the program's folder and does not find it in "${withSdk}". Add "pulumi-session-logoff" to the program's own dependencies; a dependency of another package is not enough`,
      });
    });
  }

  it("names the resource and finds its code", () => {
    const undrain = { type: "HostUndrain", name: "open", code: "pulumi-session-logoff/host-undrain" };
    const problem = checkProgram(undrain, { folder: withSdk, script: cli, isBun: false });
    assert.match(problem?.message ?? "", /^Cannot use HostUndrain "open": /u);
    assert.equal(checkProgram(undrain, { folder: installed, script: cli, isBun: false }), undefined);
  });

  it("gives a hint if the provider process's folder is unknown", () => {
    for (const script of ["/app/deploy.js", undefined]) {
      const problem = checkProgram(resource, { folder: bare, script, isBun: false });
      assert.equal(problem?.severity, "hint");
      assert.match(problem.message, /finds no "pulumi-session-logoff" and "@pulumi\/pulumi" from/u);
    }
  });

  it("refuses Bun", () => {
    const problem = checkProgram(resource, { folder: installed, script: cli, isBun: true });
    assert.equal(problem?.severity, "error");
    assert.match(problem.message, /runtime: nodejs/u);
  });
});
