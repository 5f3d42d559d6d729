import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLinuxHost, linuxHostsPossible } from "../lab/linux/linux-host";
import { runHere, startScene } from "./scene";

interface Checked {
  readonly hosts: readonly {
    readonly ready: boolean;
    readonly error?: { readonly code: string; readonly message: string };
    readonly findings: readonly { readonly check: string; readonly state: string; readonly fact: string }[];
  }[];
}

function findings(stdout: string): Readonly<Record<string, string>> {
  const { hosts } = JSON.parse(stdout) as Checked;
  return Object.fromEntries(
    (hosts[0]?.findings ?? []).map(({ check, state, fact }) => [check, `${state}: ${fact}`]),
  );
}

describe("--check", () => {
  it("compares the platform that was said with the one that is found, as a run does", async () => {
    const scene = await startScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }]);
    try {
      const check = ["--check", ...scene.hosts(), "--output", "json", "--platform"];
      const wrong = await scene.run([...check, "linux"]);
      assert.equal(wrong.status, 1, wrong.stdout);
      assert.equal(findings(wrong.stdout)["login"], "ok: accepted");
      assert.equal(findings(wrong.stdout)["platform"], "failed: unsupported-host");
      assert.equal(findings(wrong.stdout)["tools"], "unknown: not reached");
      const [host] = (JSON.parse(wrong.stdout) as Checked).hosts;
      assert.match(
        host?.error?.message ?? "",
        /^Cannot work on .*: --platform says "linux", and it is "windows"$/u,
      );
      const right = await scene.run([...check, "windows"]);
      assert.equal(right.status, 0, right.stdout);
    } finally {
      await scene.close();
    }
  });

  const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";
  for (const [who, uid, expected] of [
    ["root", 0, "ok: open"],
    ["another", 1000, "warning: open: --drain needs a login as root"],
  ] as const) {
    it(`says on Linux whether ${who} could drain`, { skip }, async () => {
      const host = createLinuxHost({ uid, sessions: [{ user: "alice", tty: "pts/0" }] });
      const { status, stdout } = await runHere(["--check", "--host", "a", "--output", "json"], {
        world: { connectOverSsh: () => host.connect },
      });
      assert.equal(status, 0, stdout);
      assert.equal(findings(stdout)["drain-mode"], expected);
      host.close();
    });
  }
});
