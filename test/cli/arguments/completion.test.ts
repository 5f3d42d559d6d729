import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { completionScript } from "../../../provider/cli/arguments/completion";
import { optionRows } from "../../../provider/cli/arguments/options";
import { shells } from "../../../provider/cli/arguments/run-request";

const folder = mkdtempSync(join(tmpdir(), "completion-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function scriptFile(shell: (typeof shells)[number]): string {
  const path = join(folder, `completion.${shell}`);
  writeFileSync(path, completionScript(shell));
  return path;
}

function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** The completions that bash offers for the last of these words. */
function offered(...words: readonly string[]): readonly string[] {
  const line = ["session-logoff", ...words].map((word) => `'${word}'`).join(" ");
  const script = `source '${scriptFile("bash")}'; COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _session_logoff; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: folder }).trim().split("\n");
}

describe("the completion", () => {
  for (const shell of shells) {
    it(`contains every option for ${shell}`, () => {
      const script = completionScript(shell);
      for (const name of optionRows.keys())
        assert.ok(new RegExp(`(?:--|-l )${name}\\b`, "u").test(script), name);
    });
  }

  it("works in bash", { skip: has("bash") ? false : "no bash here" }, () => {
    assert.deepEqual(offered("--hos"), ["--host", "--hosts-file", "--host-key"]);
    assert.deepEqual(offered("--output", ""), ["text", "json", "ndjson"]);
    assert.deepEqual(offered("--all", "--stuck", "r"), ["reset"]);
    assert.ok(offered("--identity", "comp").includes("completion.bash"));
    assert.deepEqual(offered("/s"), ["/server:"]);
  });

  for (const [shell, check] of [
    ["zsh", ["zsh", "-n"]],
    ["fish", ["fish", "--no-execute"]],
  ] as const) {
    it(`parses in ${shell}`, { skip: has(shell) ? false : `no ${shell} here` }, () => {
      execFileSync(check[0], [check[1], scriptFile(shell)]);
    });
  }
});
