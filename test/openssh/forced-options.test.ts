/** What no ssh_config of a user can change. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { configText } from "../../provider/openssh/config/config-file";
import { parseVersion } from "../../provider/openssh/machine/version";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { fingerprint } from "../../provider/ssh/host-keys/public-key";
import { proxiesFor } from "../ssh/proxy-command/proxies";
import { never, serverFor, testKey, until } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const key = testKey("user");
const patience = { connectTimeoutMs: 30_000 };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "forced-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("the file for ssh -F", { skip }, () => {
  const contrary = [
    "StrictHostKeyChecking no",
    "UpdateHostKeys yes",
    "VerifyHostKeyDNS yes",
    "NoHostAuthenticationForLocalhost yes",
    "CheckHostIP yes",
    "GSSAPIDelegateCredentials yes",
    "HostbasedAuthentication yes",
    "AddKeysToAgent yes",
    "ForwardAgent yes",
    "ForwardX11 yes",
    "ForwardX11Trusted yes",
    "Tunnel yes",
    "PermitLocalCommand yes",
    "LocalCommand touch /nonexistent",
    "RemoteCommand touch /nonexistent",
    "RequestTTY force",
    "ControlMaster auto",
    "ControlPath /nonexistent",
    "ControlPersist yes",
    "NumberOfPasswordPrompts 3",
    "BatchMode no",
    "ConnectionAttempts 9",
    "ForkAfterAuthentication yes",
    "StdinNull yes",
    "SessionType none",
    "SendEnv LC_ALL",
    "LocalForward 1 localhost:1",
  ];
  const expected: Readonly<Record<string, string>> = {
    StrictHostKeyChecking: "true",
    UpdateHostKeys: "false",
    VerifyHostKeyDNS: "false",
    NoHostAuthenticationForLocalhost: "no",
    CheckHostIP: "no",
    GSSAPIDelegateCredentials: "no",
    HostbasedAuthentication: "no",
    AddKeysToAgent: "false",
    ForwardAgent: "no",
    ForwardX11: "no",
    ForwardX11Trusted: "no",
    Tunnel: "false",
    PermitLocalCommand: "no",
    RequestTTY: "false",
    ControlMaster: "false",
    ControlPersist: "no",
    BatchMode: "yes",
    ConnectionAttempts: "1",
    ClearAllForwardings: "yes",
    ForkAfterAuthentication: "no",
    StdinNull: "no",
    SessionType: "default",
  };

  it("comes before a file that says the opposite", (t) => {
    const folder = folderFor(t);
    const [theirs, ours] = [join(folder, "theirs"), join(folder, "ours")];
    writeFileSync(theirs, `${contrary.join("\n")}\n`);
    const said = execFileSync("sh", ["-c", "ssh -V 2>&1"], { encoding: "utf8" });
    const text = configText({
      version: parseVersion(said)!,
      hasGssapiKeyExchange: false,
      strict: "yes",
      asksForPassword: false,
      lines: [],
      includes: [`"${theirs}"`],
      defaults: [],
    });
    writeFileSync(ours, text);
    const resolved = execFileSync("ssh", ["-G", "-F", ours, "host"], { encoding: "utf8" });
    const values = new Map(resolved.split("\n").map((line) => line.split(/ (.*)/u) as [string, string]));
    for (const [option, value] of Object.entries(expected))
      assert.equal(values.get(option.toLowerCase()), value, option);
    for (const option of ["RemoteCommand", "ControlPath", "SendEnv", "LocalForward"])
      assert.ok(["none", undefined].includes(values.get(option.toLowerCase())), option);
  });
});

describe("a pinned key", { skip }, () => {
  for (const [how, pinOf] of [
    ["a key", (other: ReturnType<typeof testKey>) => other.publicText],
    ["a fingerprint", (other: ReturnType<typeof testKey>) => fingerprint(other.blob)],
  ] as const)
    it(`as ${how} counts more than every known_hosts file of ssh_config`, async (t) => {
      const folder = folderFor(t);
      const server = await serverFor(t, { key });
      const known = join(folder, "known");
      writeFileSync(known, `* ${testKey("host").publicText}\n`);
      const sshConfig = join(folder, "config");
      writeFileSync(
        sshConfig,
        `GlobalKnownHostsFile ${known}\nUserKnownHostsFile ${known}\nKnownHostsCommand /bin/cat ${known}\n`,
      );
      const hostKeys = { pinned: [pinOf(testKey("other"))], strict: "yes" } as const;
      const { connect } = openOpenSsh(machineOptions());
      await assert.rejects(connect(keyHost(server, { sshConfig, hostKeys }), never), {
        code: "host-key-changed",
      });
      assert.deepEqual(server.logins, []);
    });
});

describe("a process of ssh", { skip }, () => {
  it("opens no connection of its own for a command, or to reach a jump host", async (t) => {
    const folder = folderFor(t);
    const program = join(folder, "ssh");
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s ' "$@" >> ${folder}/log\necho >> ${folder}/log\nexec ssh "$@"\n`,
      {
        mode: 0o755,
      },
    );
    const [jump, target] = [await serverFor(t, { key, forwards: true }), await serverFor(t, { key })];
    const { connect } = openOpenSsh(machineOptions({ program }));
    const host = keyHost(target, { jumpHosts: [keyHost(jump, patience)], ...patience });
    const connection = await connect(host, never);
    assert.equal((await connection.exec("whoami", { timeoutMs: 30_000 })).code, 0);
    await connection.close();
    const calls = readFileSync(join(folder, "log"), "utf8").split("\n");
    const overSockets = calls.filter((call) => call.includes("-- host whoami") || call.includes(" -W "));
    assert.equal(overSockets.length, 2, calls.join("\n"));
    for (const call of overSockets) assert.match(call, /-o ProxyCommand=false /u);
  });

  it("gets a percent sign of a proxy command as it was written", async (t) => {
    const proxies = proxiesFor(t);
    const server = await serverFor(t, { key });
    const proxyCommand = `${proxies.relay()} 100%%h`;
    const connection = await openOpenSsh(machineOptions()).connect(
      keyHost(server, { proxyCommand, ...patience }),
      never,
    );
    await connection.close();
    await proxies.allGone();
  });
});

describe("the files of a login that waits for a password", { skip }, () => {
  it("are this user's alone, with the password in none of them until it is asked for", async (t) => {
    const folder = folderFor(t);
    const program = join(folder, "ssh");
    // Looks at the answer as our script leaves it.
    writeFileSync(
      program,
      `#!/bin/sh\n[ -z "$SSH_ASKPASS" ] || ls -l "$SSH_ASKPASS" >> ${folder}/modes\nexec ssh "$@"\n`,
      { mode: 0o755 },
    );
    const runtime = join(folder, "run");
    execFileSync("mkdir", ["-m", "700", runtime]);
    const server = await serverFor(t, { onLogin: () => undefined });
    const options = machineOptions({ program });
    const { connect } = openOpenSsh({ ...options, env: { ...options.env, XDG_RUNTIME_DIR: runtime } });
    const stop = new AbortController();
    const login = { privateKeys: [], password: { from: "value", value: "open sesame" } } as const;
    const opening = connect(keyHost(server, { login, ...patience }), stop.signal);
    opening.catch(() => undefined);
    await until(() => server.logins.length > 0, "a login begins");
    const [line = ""] = readFileSync(join(folder, "modes"), "utf8").split("\n");
    assert.match(line, /^-rwx------ /u);
    const [private_ = ""] = execFileSync("ls", [runtime], { encoding: "utf8" }).split("\n");
    assert.equal(statSync(join(runtime, private_)).mode & 0o777, 0o700);
    stop.abort();
    await assert.rejects(opening, { code: "aborted" });
  });
});
