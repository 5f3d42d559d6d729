import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readHostsFile } from "../../../provider/cli/arguments/host-entries";
import { expandGlob } from "../../../provider/ssh/config/glob";
import { hostResolver } from "../../../provider/ssh/config/ssh-config";
import { parseConfigLine } from "../../../provider/ssh/config/ssh-config-file";
import { parseKnownHosts } from "../../../provider/ssh/host-keys/known-hosts";
import { sshContext } from "../../../provider/ssh/options";
import { bareOptions, hostOf } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "linear-"));
after(() => rmSync(folder, { recursive: true }));

/** Reads `text` as ssh_config and fails as the resolver does. */
async function readConfig(text: string): Promise<unknown> {
  const path = join(folder, "config");
  writeFileSync(path, text);
  const context = sshContext(bareOptions({ home: folder, baseFolder: folder }));
  const host = { ...hostOf({ address: "win-01", port: 22 }), sshConfig: path };
  return hostResolver(context)(host).catch((error: unknown) => error);
}

/** Milliseconds of processor time, which does not depend on the load of the machine. */
async function workMs(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const readers: Record<string, (size: number) => unknown> = {
  "blanks inside a line of ssh_config": (size) => parseConfigLine(`Port${" ".repeat(size)}x\u2028`),
  "blanks after a word of ssh_config": (size) => parseConfigLine(`Port 22${" ".repeat(size)}x`),
  "blanks inside a line of known_hosts": (size) => parseKnownHosts(`a${" ".repeat(size)}b`, "f").entries,
  "many @ in a ProxyJump": (size) => readConfig(`ProxyJump ${"@".repeat(size)}:`),
  "many open ${ in an IdentityFile": (size) => readConfig(`IdentityFile ${"${".repeat(size)}`),
  "many # in a line of a hosts file": (size) => readHostsFile(`${"#".repeat(size)}\u2028`, "f"),
};

describe("reading takes linear time:", () => {
  for (const [what, read] of Object.entries(readers))
    it(what, async () => {
      await read(20_000);
      const small = Math.max(1, await workMs(() => read(20_000)));
      const large = await workMs(() => read(200_000));
      assert.ok(large < small * 40, `${large} ms for ten times the text that took ${small} ms`);
    });
});

describe("a hostile text is read quickly:", () => {
  it("a time with forty digits and a letter is refused", async () => {
    for (const option of ["ConnectTimeout", "ServerAliveInterval"])
      assert.match(
        String(await readConfig(`${option} ${"1".repeat(40)}x`)),
        /must be a time such as 30 or 1m/u,
      );
  });

  it("a pattern with many stars is compared with a long name", async () => {
    const place = join(folder, "stars");
    mkdirSync(place);
    writeFileSync(join(place, "a".repeat(200)), "");
    assert.deepEqual(await expandGlob(`${place}/${"*a".repeat(60)}*b`), []);
    assert.deepEqual(await expandGlob(`${place}/${"*a".repeat(60)}*`), [join(place, "a".repeat(200))]);
  });

  it("a pattern that is longer than any path matches nothing", async () => {
    assert.deepEqual(await expandGlob(`/${"[".repeat(100_000)}`), []);
    assert.deepEqual(await expandGlob("/a".repeat(100_000)), []);
  });
});
