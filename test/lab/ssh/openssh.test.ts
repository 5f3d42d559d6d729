import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab";
import { createKeyPair } from "./keys";

/** Runs the real OpenSSH client and returns its exit code and output. */
function ssh(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile("ssh", args, { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdin?.end();
  });
}

describe("the real ssh client", () => {
  let lab: Lab;
  let folder: string;
  let common: readonly string[];

  before(async () => {
    lab = await startLab({
      hosts: [
        { name: "rdsh01", sessions: [{ user: "alice" }, { user: "bob", onLogoff: { kind: "denied" } }] },
        { name: "rdsh02", hostKey: "ecdsa" },
        { name: "rdsh03", hostKey: "rsa" },
        { name: "rdsh04", ssh: { resetAtGoodbye: true } },
      ],
    });
    folder = await mkdtemp(join(tmpdir(), "lab-openssh-"));
    await writeFile(join(folder, "known_hosts"), lab.knownHosts);
    await writeFile(join(folder, "key"), lab.clientKey.privateKey, { mode: 0o600 });
    await writeFile(join(folder, "stranger"), createKeyPair().privateKey, { mode: 0o600 });
    common = ["-F", "none", "-o", `UserKnownHostsFile=${join(folder, "known_hosts")}`, "-o", "BatchMode=yes"];
    common = [
      ...common,
      "-o",
      "StrictHostKeyChecking=yes",
      "-o",
      "IdentitiesOnly=yes",
      "-o",
      "IdentityAgent=none",
    ];
  });
  after(async () => {
    await lab.close();
    await rm(folder, { recursive: true });
  });

  function run(host: string, command: string, key = "key"): ReturnType<typeof ssh> {
    const { address, port } = lab.host(host);
    return ssh([
      ...common,
      "-i",
      join(folder, key),
      "-p",
      String(port),
      `${labUser.name}@${address}`,
      command,
    ]);
  }

  it("logs in with a key, checks the host key and reads the table", async () => {
    const { code, stdout, stderr } = await run("rdsh01", "qwinsta.exe");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual(stdout.split("\r\n").slice(0, 2), [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
      ">services                                    0  Disc                        ",
    ]);
    assert.match(stdout, / rdp-tcp#0 {9}alice {21}2 {2}Active/);
  });

  it("passes on exit codes and standard error", async () => {
    const { code, stderr } = await run("rdsh01", "logoff.exe 3");
    assert.equal(code, 1);
    assert.match(stderr, /Error \[5\]:Access is denied\./);
  });

  it("accepts ECDSA and RSA host keys", async () => {
    assert.equal((await run("rdsh02", "chcp.com")).stdout, "Active code page: 437\r\n");
    assert.equal((await run("rdsh03", "chcp.com")).stdout, "Active code page: 437\r\n");
  });

  it("keeps the exit code if the server resets the connection at goodbye", async () => {
    assert.equal((await run("rdsh04", "chcp.com")).code, 0);
  });

  it("is refused with an unauthorized key", async () => {
    const { code, stderr } = await run("rdsh01", "chcp.com", "stranger");
    assert.equal(code, 255);
    assert.match(stderr, /Permission denied/);
    assert.equal(lab.host("rdsh01").logins.at(-1)?.accepted, false);
  });

  it("reaches a host through another host as jump host", async () => {
    const jump = lab.host("rdsh01");
    const hop = ["ssh", ...common, "-i", join(folder, "key"), "-p", String(jump.port), "-W", "%h:%p"].join(
      " ",
    );
    const { address, port } = lab.host("rdsh02");
    const proxy = ["-o", `ProxyCommand=${hop} ${labUser.name}@${jump.address}`];
    const to = ["-i", join(folder, "key"), "-p", String(port), `${labUser.name}@${address}`, "chcp.com"];
    const { stdout, stderr } = await ssh([...common, ...proxy, ...to]);
    assert.equal(stdout, "Active code page: 437\r\n", stderr);
    assert.deepEqual(jump.forwards, [`${address}:${port}`]);
  });
});
