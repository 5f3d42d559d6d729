import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { openOpenSsh } from "../../../provider/openssh/open-openssh";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { runs } from "../../local/processes";
import { makeFarm, missing, type Farm, type RealKey, type RealServer } from "../real-servers";
import { bareOptions, never, until } from "../scripted-server";

const hasNc = spawnSync("nc", ["-h"], { stdio: "ignore" }).error === undefined;

describe("a real proxy command", { skip: missing() }, () => {
  let farm: Farm;
  let key: RealKey;
  let target: RealServer;
  let hop: RealServer;
  before(async () => {
    farm = makeFarm();
    key = farm.key("good", "-t", "ed25519");
    farm.authorize(key);
    target = await farm.sshd();
    hop = await farm.sshd();
  });
  after(() => farm.close());

  const hostOf = (at: RealServer, changes: Partial<Host> = {}): Host => ({
    label: `${at.address}:${at.port}`,
    address: at.address,
    port: at.port,
    user: farm.user.name,
    login: { privateKeys: [{ from: "file", path: key.path }] },
    hostKeys: { pinned: at.hostKeys.map((each) => each.publicText), strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: 20_000,
    ...changes,
  });
  const options = (): ReturnType<typeof bareOptions> =>
    bareOptions({
      baseFolder: farm.folder,
      env: { PATH: process.env["PATH"], HOME: farm.folder, SHELL: "/bin/sh" },
      random: () => 0.5,
    });

  /** `ssh -W` over the hop, with a key of its own and the hop's known key. */
  const overHop = (more = ""): string => {
    const known = join(farm.folder, "hop-known");
    writeFileSync(
      known,
      hop.hostKeys.map((each) => `[${hop.address}]:${hop.port} ${each.publicText}\n`).join(""),
    );
    const config = join(farm.folder, "hop-config");
    writeFileSync(
      config,
      `Host hop\n HostName ${hop.address}\n Port ${hop.port}\n User ${farm.user.name}\n IdentityFile ${key.path}\n UserKnownHostsFile ${known}\n StrictHostKeyChecking yes\n BatchMode yes\n`,
    );
    return `ssh -F ${config} ${more} -W [%h]:%p hop`;
  };
  const run = async (host: Host): Promise<void> => {
    const { connect } = host.client === "openssh" ? openOpenSsh(options()) : openSsh(options());
    const connection = await connect(host, never);
    assert.equal(connection.usesProxyCommand, true);
    const { stdout, code } = await connection.exec("echo $((6*7)); cat", {
      timeoutMs: 20_000,
      stdin: Buffer.from("in"),
    });
    assert.equal(code, 0);
    assert.equal(Buffer.from(stdout).toString(), "42\nin");
    await connection.close();
  };
  /** The process IDs of ssh processes that hold this text in their arguments. */
  const sshWith = (text: string): readonly number[] =>
    spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line.includes(text) && !line.includes("ps -eo"))
      .map((line) => Number.parseInt(line, 10));
  const noneLeft = (): Promise<void> =>
    until(() => !sshWith(farm.folder).some((pid) => runs(pid) && isSsh(pid)), "no ssh is left");
  const isSsh = (pid: number): boolean =>
    spawnSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim() === "ssh";

  for (const client of ["builtin", "openssh"] as const) {
    const chosen = client === "openssh" ? { client } : {};
    it(`is ssh -W over another sshd, with ${client}`, async () => {
      await run(hostOf(target, { proxyCommand: overHop(), ...chosen }));
      await noneLeft();
    });

    it(`is ssh -W to a jump host, through which the target is reached, with ${client}`, async () => {
      const jump = await farm.sshd();
      const jumpHost = hostOf(jump, { proxyCommand: overHop(), ...chosen });
      await run(hostOf(target, { jumpHosts: [jumpHost], ...chosen }));
      await noneLeft();
    });

    it(
      `is nc, with ${client}`,
      { skip: !hasNc && "no nc here: apt-get install netcat-openbsd" },
      async () => {
        await run(hostOf(target, { proxyCommand: "nc %h %p", ...chosen }));
      },
    );
  }

  it("is ssh -W in ssh_config, for a name that only the hop could look up", async () => {
    const sshConfig = join(farm.folder, "config");
    writeFileSync(
      sshConfig,
      `Host win-01\n HostName ${target.address}\n Port ${target.port}\n ProxyCommand ${overHop()}\n`,
    );
    const host: { port?: number } & Host = { ...hostOf(target, { address: "win-01", sshConfig }) };
    delete host.port;
    await run(host);
    await noneLeft();
  });

  it("says why the hop rejected it", async () => {
    const proxyCommand = overHop("-o IdentityFile=/nonexistent -o IdentitiesOnly=yes -o IdentityAgent=none")
      .replace(/-F \S+/u, `-F none -p ${hop.port} -o UserKnownHostsFile=${join(farm.folder, "hop-known")}`)
      .replace(/hop$/u, `nobody@${hop.address}`);
    const host = hostOf(target, { proxyCommand: `${proxyCommand} -o BatchMode=yes`, connectTimeoutMs: 6000 });
    await assert.rejects(openSsh(options()).connect(host, never), (thrown: unknown) => {
      assert.ok(thrown instanceof LogoffError, String(thrown));
      assert.equal(thrown.code, "host-unreachable");
      assert.match(
        thrown.message,
        /its proxy command ended with exit code 255, saying ".*Permission denied \(publickey/u,
      );
      return true;
    });
  });

  it("says that the hop cannot reach the target", async () => {
    const host = hostOf(target, { port: 1, proxyCommand: overHop(), connectTimeoutMs: 6000 });
    await assert.rejects(openSsh(options()).connect(host, never), (thrown: unknown) => {
      assert.ok(thrown instanceof LogoffError, String(thrown));
      assert.equal(thrown.code, "host-unreachable");
      assert.match(
        thrown.message,
        /ended with exit code 255, saying ".*open failed: connect failed: Connection refused/u,
      );
      return true;
    });
  });

  it("says what nc says", { skip: !hasNc && "no nc here: apt-get install netcat-openbsd" }, async () => {
    await assert.rejects(
      openSsh(options()).connect(
        hostOf(target, { port: 1, proxyCommand: "nc -v %h %p", connectTimeoutMs: 3000 }),
        never,
      ),
      /its proxy command ended with exit code 1, saying "nc: .*refused/u,
    );
  });
});
