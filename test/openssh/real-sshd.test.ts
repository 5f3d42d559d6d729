import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Host } from "../../provider/connection";
import { openControl } from "../../provider/openssh/control-socket";
import { openOpenSsh, type OpenSshOptions } from "../../provider/openssh/open-openssh";
import { makeFarm, missing, type Farm, type RealKey, type RealServer } from "../ssh/real-servers";
import { never, until } from "../ssh/scripted-server";
import { machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh() || missing();

describe("a real sshd over the machine's ssh", { skip }, () => {
  let farm: Farm;
  let server: RealServer;
  let good: RealKey;
  before(async () => {
    farm = makeFarm();
    good = farm.key("good", "-t", "ed25519");
    farm.authorize(good);
    server = await farm.sshd();
  });
  after(() => farm.close());

  const hostOf = (at: RealServer, changes: Partial<Host> = {}): Host => ({
    label: `${at.address}:${at.port}`,
    address: at.address,
    port: at.port,
    user: farm.user.name,
    client: "openssh",
    login: { privateKeys: [{ from: "file", path: good.path }] },
    hostKeys: { pinned: at.hostKeys.map((key) => key.publicText), strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: 8000,
    ...changes,
  });
  const run = async (host: Host, options: Partial<OpenSshOptions> = {}): Promise<string> => {
    const connection = await openOpenSsh(machineOptions(options)).connect(host, never);
    try {
      const result = await connection.exec("echo $((6*7)); cat", {
        timeoutMs: 5000,
        stdin: Buffer.from("in"),
      });
      assert.equal(result.code, 0);
      return Buffer.from(result.stdout).toString();
    } finally {
      await connection.close();
    }
  };
  /** Signs a key with an authority. */
  const certify = (authority: RealKey, key: RealKey, ...args: string[]): void => {
    execFileSync("ssh-keygen", ["-q", "-s", authority.path, "-I", "test", ...args, `${key.path}.pub`]);
  };

  for (const args of [
    ["-t", "ed25519"],
    ["-t", "ecdsa", "-b", "256"],
    ["-t", "ecdsa", "-b", "384"],
    ["-t", "ecdsa", "-b", "521"],
    ["-t", "rsa", "-b", "3072"],
  ])
    it(`accepts a key by value: ${args.slice(1).join(" ")}`, async () => {
      const key = farm.key(args.join(""), ...args);
      farm.authorize(key, good);
      const value = readFileSync(key.path, "utf8");
      assert.equal(
        await run(hostOf(server, { login: { privateKeys: [{ from: "value", value }] } })),
        "42\nin",
      );
    });

  it("accepts a key with a passphrase", async () => {
    const key = farm.key("encrypted", "-t", "ed25519", "-N", "correct horse", "-a", "2");
    farm.authorize(key, good);
    const login = {
      privateKeys: [{ from: "file", path: key.path }],
      passphrase: { from: "env", name: "PHRASE" },
    } as const;
    const env = { PATH: process.env["PATH"], PHRASE: "correct horse" };
    assert.equal(await run(hostOf(server, { login }), { env }), "42\nin");
  });

  it("accepts a password, and rejects a wrong one once", async () => {
    const password = { from: "value", value: farm.user.password } as const;
    assert.equal(await run(hostOf(server, { login: { privateKeys: [], password } })), "42\nin");
    const wrong = { privateKeys: [], password: { from: "value", value: "wrong" } } as const;
    const before = server.log().length;
    await assert.rejects(run(hostOf(server, { login: wrong })), { code: "auth-rejected" });
    assert.equal(
      server
        .log()
        .slice(before)
        .match(/Failed password/gu)?.length,
      1,
    );
  });

  it("accepts a user's certificate beside the key, and not one of another principal", async () => {
    const authority = farm.key("user-ca", "-t", "ed25519");
    const own = await farm.sshd(`TrustedUserCAKeys ${authority.path}.pub`, "AuthorizedKeysFile none");
    const [valid, other] = [farm.key("valid", "-t", "ed25519"), farm.key("other", "-t", "ed25519")];
    certify(authority, valid, "-n", farm.user.name);
    certify(authority, other, "-n", "somebody");
    const login = (key: RealKey): Partial<Host> => ({
      login: { privateKeys: [{ from: "file", path: key.path }] },
    });
    assert.equal(await run(hostOf(own, login(valid))), "42\nin");
    await assert.rejects(run(hostOf(own, login(other))), { code: "auth-rejected" });
  });

  it("is trusted by its certificate, and not by one for another name", async () => {
    const authority = farm.key("host-ca", "-t", "ed25519");
    const [right, wrong] = [farm.key("right", "-t", "ed25519"), farm.key("wrong", "-t", "ed25519")];
    certify(authority, right, "-h", "-n", "127.0.0.1");
    certify(authority, wrong, "-h", "-n", "elsewhere");
    const knownHosts = `@cert-authority * ${authority.publicText}\n`;
    const hostKeys = { pinned: [], strict: "yes", knownHosts, knownHostsFiles: [] } as const;
    const certified = await farm.sshd(`HostKey ${right.path}`, `HostCertificate ${right.path}-cert.pub`);
    assert.equal(await run(hostOf(certified, { hostKeys })), "42\nin");
    const mistaken = await farm.sshd(`HostKey ${wrong.path}`, `HostCertificate ${wrong.path}-cert.pub`);
    await assert.rejects(run(hostOf(mistaken, { hostKeys })), { code: "host-key-unknown" });
  });

  it("names the algorithms that it and ssh do not share", async () => {
    const old = await farm.sshd("KexAlgorithms diffie-hellman-group1-sha1");
    await assert.rejects(run(hostOf(old)), {
      code: "no-common-algorithm",
      message: /key exchange method: it offers only diffie-hellman-group1-sha1/u,
    });
  });

  it("is lost when it answers no keepalive", async (t) => {
    const host = hostOf(server, { keepaliveMs: 1000 });
    const connection = await openOpenSsh(machineOptions()).connect(host, never);
    const file = join(farm.user.home, "frozen");
    // A frozen sshd would outlive the test, and keep what it inherited open.
    t.after(() => process.kill(Number(readFileSync(file, "utf8")), "SIGKILL"));
    const command = `echo $PPID > ${file}; kill -STOP $PPID; sleep 15`;
    const running = connection.exec(command, { timeoutMs: 30_000 });
    await assert.rejects(running, { code: "connection-lost", message: /not responding/u });
    await connection.close();
  });

  it("is left by the masters of a process that was killed with its watchdog, when the next one starts", async (t) => {
    const runtime = mkdtempSync(join(tmpdir(), "openssh-runtime-"));
    t.after(() => rmSync(runtime, { recursive: true }));
    const env = { PATH: process.env["PATH"], XDG_RUNTIME_DIR: runtime };
    const script = `
      const { openOpenSsh } = require(${JSON.stringify(join(__dirname, "../../provider/openssh/open-openssh.ts"))});
      openOpenSsh({ baseFolder: "/", env: ${JSON.stringify(env)} })
        .connect(${JSON.stringify(hostOf(server))}, new AbortController().signal)
        .then(() => { console.log("open"); setInterval(() => undefined, 1000); });
    `;
    const child = spawn(process.execPath, ["--import=tsx", "-e", script], {
      cwd: join(__dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    await until(() => said !== "" || child.exitCode !== null, "the other process connects");
    assert.equal(said, "open\n");
    for (const pid of childrenOf(child.pid)) process.kill(pid, "SIGKILL");
    child.kill("SIGKILL");
    await once(child, "exit");
    const [folder = ""] = readdirSync(runtime);
    const control = await openControl(join(runtime, folder, "1"));
    assert.ok(control, "the master has outlived its process");
    const { pid } = control;
    control.release();
    // A folder that was made just now may belong to a process that does not listen yet.
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(join(runtime, folder), longAgo, longAgo);
    await run(hostOf(server), { env });
    assert.ok(!readdirSync(runtime).includes(folder));
    await until(() => !isRunning(pid), "the master ends");
  });
});

/** The watchdog; a master in the background is nobody's child. */
function childrenOf(pid = 0): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
