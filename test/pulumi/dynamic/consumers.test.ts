import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build, checkout, installedFolder, runNode } from "./built-package";

const tsc = join(checkout, "node_modules", "typescript", "lib", "tsc.js");

/** Both scripts load the class with plain Node, outside a Pulumi program. */
const names = {
  cjs: 'console.log(Object.keys(require("pulumi-session-logoff")).join())',
  esm: 'import { HostUndrain, SessionLogoff } from "pulumi-session-logoff"; console.log([HostUndrain.name, SessionLogoff.name].join())',
};

describe("a program that has the package installed", () => {
  before(build);
  for (const kind of ["cjs", "esm"] as const) {
    it(`compiles and loads as ${kind}`, async () => {
      const { folder, remove } = installedFolder(join(checkout, "test", "consumers", kind));
      try {
        const compiled = await runNode(folder, [tsc, "--noEmit", "-p", "."]);
        assert.deepEqual([compiled.output, compiled.code], ["", 0]);
        const loaded = await runNode(folder, [
          `--input-type=${kind === "esm" ? "module" : "commonjs"}`,
          "-e",
          names[kind],
        ]);
        assert.deepEqual([loaded.output.trim(), loaded.code], ["HostUndrain,SessionLogoff", 0]);
      } finally {
        remove();
      }
    });
  }

  it("does not load the SSH client or the checks when it loads the class", async () => {
    const { folder, remove } = installedFolder(join(checkout, "test", "consumers", "cjs"));
    const listed = `require("pulumi-session-logoff"); console.log(Object.keys(require.cache).join("\\n"))`;
    try {
      const { output } = await runNode(folder, ["-e", listed]);
      assert.match(output, /session-logoff\.js/u);
      assert.doesNotMatch(output, /node_modules\/(?:zod|ssh2)\/|\/preview\.js$/mu);
    } finally {
      remove();
    }
  });
});
