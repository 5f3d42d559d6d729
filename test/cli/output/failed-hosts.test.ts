import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  hostInputs,
  hostLine,
  readHostsFile,
  type EachHost,
} from "../../../provider/cli/arguments/host-entries";
import { runHere, startScene } from "../scene";

describe("an unfinished host", () => {
  const rows: readonly (readonly [text: string, each: EachHost, line: string])[] = [
    ["Web", {}, "Web"],
    ["Admin@Web", {}, "Admin@Web"],
    ["CORP\\bob@x@rdsh01:2222", {}, "CORP\\bob@x@rdsh01:2222"],
    ["[FE80::1]:22", {}, "[FE80::1]:22"],
    ["bob@gate:2222 > Rdsh01", {}, "bob@gate:2222 > Rdsh01"],
    ["Rdsh01", { via: "bob@Gate" }, "bob@Gate>Rdsh01"],
    ["Rdsh01", { via: "[fe80::1]:2222" }, "[fe80::1]:2222>Rdsh01"],
  ];
  for (const [text, each, line] of rows) {
    it(`is written so that it reads back unchanged: ${text}${each.via === undefined ? "" : ` --via ${each.via}`}`, () => {
      const entry = { from: "--host", text };
      assert.equal(hostLine(entry, each), line);
      // The next run has no --via, because the line contains it.
      assert.deepEqual(hostInputs(readHostsFile(`${line}\n`, "again"), {}), hostInputs([entry], each));
    });
  }

  it("is found in ssh_config by its name on the next run", async () => {
    const scene = await startScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }]);
    const { lab, path, run } = scene;
    try {
      const [address = "", port = ""] = lab.addressOf("rdsh01").split(":");
      writeFileSync(path("config"), `Host Web\n  HostName ${address}\n  Port ${port}\n`);
      const again = [
        "--ssh-config",
        path("config"),
        "--failed-hosts",
        path("again"),
        "--timeout-connect",
        "1s",
      ];
      lab.host("rdsh01").stopListening();
      assert.equal((await run(["--all", "--host", "Web", ...again])).status, 1);
      assert.equal(readFileSync(path("again"), "utf8"), "Web\n");
      await lab.host("rdsh01").listenAgain();
      const next = await run(["--all", "--hosts-file", path("again"), ...again]);
      assert.equal(next.status, 0, next.stdout);
      assert.deepEqual(lab.host("rdsh01").model.people(), []);
    } finally {
      await scene.close();
    }
  });

  it("must be rerun without --via if --via was given", async () => {
    const scene = await startScene([{ name: "gate" }]);
    try {
      const { stderr, status } = await runHere([
        ...["--all", "--host", "rdsh01", "--via", "127.0.0.1:9", "--timeout-connect", "1s"],
        ...["--failed-hosts", scene.path("again")],
      ]);
      assert.equal(status, 1, stderr);
      assert.equal(readFileSync(scene.path("again"), "utf8"), "127.0.0.1:9>rdsh01\n");
      assert.match(stderr, /: --hosts-file .*again without --via runs only those$/mu);
    } finally {
      await scene.close();
    }
  });
});
