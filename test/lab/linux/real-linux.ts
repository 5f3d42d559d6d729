import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Host } from "../../../provider/connection";
import { nextAddress } from "../addresses";
import { createKeyPair } from "../ssh/keys";
import { until } from "../until";

/** A login with this machine's real ssh client. */
interface RealLogin {
  /** Everything printed so far. */
  output(): string;
  /** Resolves with ssh's exit status. */
  readonly ended: Promise<number | null>;
  /** Disconnects the client. */
  hangUp(): void;
}

/** A real sshd with a real logind (elogind), at a loopback address. */
export interface RealLinux {
  readonly address: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  readonly privateKey: string;
  /** A file with the private key, for the ssh client. */
  readonly privateKeyFile: string;
  /** The host as our own code connects to it. */
  hostFor(user: string): Host;
  /**
   * Logs in. Resolves when the login has printed a line or ended, and logind knows its terminal, which it learns slightly
   * later than the login itself.
   */
  login(user: string, command: string, options?: { readonly terminal?: boolean }): Promise<RealLogin>;
  /** Runs a program on the host as root, bypassing SSH. */
  inside(
    ...command: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Starts another sshd with options of sshd_config and variables of its own, and returns its port. */
  sshd(options: readonly string[], env?: Readonly<Record<string, string>>): Promise<number>;
  /** The human-readable output of `loginctl list-sessions`. */
  loginctl(): Promise<string>;
  /** Ends all processes of the users, and so their sessions. */
  clear(): Promise<void>;
  /** Ends everything, including logins, and removes the files. May be called twice. */
  stop(): Promise<void>;
}

export interface RealLinuxOptions {
  /** Users to create on the host, in addition to root. */
  readonly users: readonly string[];
  /** A line for sudoers. */
  readonly sudoers?: string;
  /** More public keys that may log in as any user. */
  readonly authorizedKeys?: readonly string[];
}

/** Part of util-linux, which every Debian has. */
const [unshare, nsenter] = ["/usr/bin/unshare", "/usr/bin/nsenter"];

/**
 * Starts a real Linux host, or returns why this machine cannot run one. The host has its own mount and process namespaces: its
 * users, /run and elogind exist only there, and those of this machine are not touched.
 */
export async function startRealLinux({
  users,
  sudoers = "",
  authorizedKeys = [],
}: RealLinuxOptions): Promise<RealLinux | { readonly unavailable: string }> {
  const { prepareRealLinux } = await import("../../../tools/real-linux.mjs");
  const packages = prepareRealLinux({ log: (line) => console.error(`real Linux: ${line}`) });
  if ("unavailable" in packages) return packages;
  const folder = mkdtempSync(join(tmpdir(), "real-linux-"));
  chmodSync(folder, 0o755);
  const work = mkdtempSync(join(tmpdir(), "real-linux-root-"));
  const key = createKeyPair();
  const privateKeyFile = join(folder, "id");
  writeFileSync(privateKeyFile, key.privateKey, { mode: 0o600 });
  const address = nextAddress();
  const port = await freePort(address);
  const group = basename(work);
  const logins = new Set<ChildProcess>();
  const namespace = spawn(
    unshare,
    ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", join(__dirname, "real-linux.sh")],
    {
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        WORK: work,
        PACKAGES: packages.folder,
        ADDRESS: address,
        PORT: String(port),
        USERS: users.join(" "),
        GROUP: group,
        SUDOERS: sudoers,
        PUBLIC_KEY: [key.publicKey, ...authorizedKeys].join("\n"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const endWithUs = (): void => void namespace.kill("SIGKILL");
  process.once("exit", endWithUs);

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll());
  async function stopAll(): Promise<void> {
    process.removeListener("exit", endWithUs);
    for (const login of logins) login.kill("SIGKILL");
    if (namespace.exitCode === null && namespace.signalCode === null) {
      const gone = once(namespace, "close");
      namespace.kill("SIGKILL");
      await gone;
    }
    removeGroups(group);
    for (const path of [folder, work]) rmSync(path, { recursive: true, force: true });
  }

  const hostKey = await readyLine(namespace);
  if ("unavailable" in hostKey) {
    await stop();
    return hostKey;
  }
  // The line comes when sshd is started, which is before it listens.
  await until("sshd listens", () => listens(address, port));
  const knownHostsFile = join(folder, "known_hosts");
  writeFileSync(knownHostsFile, `[${address}]:${port} ${hostKey.text}\n`);
  const firstProcess = readFileSync(
    `/proc/${namespace.pid ?? 0}/task/${namespace.pid ?? 0}/children`,
    "utf8",
  ).trim();

  const inside: RealLinux["inside"] = (...command) =>
    new Promise((resolve) => {
      execFile(
        nsenter,
        ["--target", firstProcess, "--mount", "--pid", ...command],
        { timeout: 60_000, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", SYSTEMD_COLORS: "0" } },
        (error, stdout, stderr) =>
          resolve({
            code: error === null ? 0 : typeof error.code === "number" ? error.code : 1,
            stdout,
            stderr,
          }),
      );
    });

  async function knowsTerminal(user: string): Promise<boolean> {
    const { stdout } = await inside("loginctl", "--no-pager", "--no-legend", "list-sessions");
    return stdout.split("\n").some((row) => row.includes(` ${user} `) && row.includes("pts/"));
  }

  return {
    address,
    port,
    hostKey: hostKey.text,
    privateKey: key.privateKey,
    privateKeyFile,
    hostFor: (user) => ({
      label: `${address}:${port}`,
      address,
      port,
      user,
      login: { privateKeys: [{ from: "value", value: key.privateKey }] },
      hostKeys: { pinned: [hostKey.text], strict: "yes" },
      jumpHosts: [],
      algorithms: "default",
      keepaliveMs: 0,
      connectTimeoutMs: 60_000,
    }),
    login: async (user, command, { terminal = false } = {}) => {
      const options = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${knownHostsFile}`];
      const child = spawn(
        "ssh",
        [
          ...["-F", "none", "-i", privateKeyFile, "-p", String(port), terminal ? "-tt" : "-T"],
          ...options.flatMap((option) => ["-o", option]),
          `${user}@${address}`,
          command,
        ],
        { stdio: [terminal ? "pipe" : "ignore", "pipe", "pipe"] },
      );
      logins.add(child);
      const chunks: Buffer[] = [];
      let hasSpoken = false;
      let hasEnded = false;
      child.stdout?.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        hasSpoken ||= chunk.includes("\n");
      });
      child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
      const ended = once(child, "close").then(([code]) => {
        hasEnded = true;
        return code as number | null;
      });
      const output = (): string => Buffer.concat(chunks).toString("utf8");
      await until(`${user} is logged in`, () => hasSpoken || hasEnded);
      if (terminal)
        await until(`logind knows the terminal of ${user}`, async () => hasEnded || knowsTerminal(user));
      return { output, ended, hangUp: () => void child.kill() };
    },
    inside,
    sshd: async (options, env = {}) => {
      const second = await freePort(address);
      const { code, stderr } = await inside(
        "/usr/bin/env",
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        "/usr/sbin/sshd",
        ...["-f", "/run/keys/sshd_config", "-p", String(second)],
        ...options.flatMap((option) => ["-o", option]),
      );
      if (code !== 0) throw new Error(`sshd did not start: ${stderr}`);
      return second;
    },
    clear: async () => {
      for (const login of logins) login.kill("SIGKILL");
      logins.clear();
      await until("the real Linux host has no sessions", async () => {
        const { stdout: pids } = await inside("ps", "-u", users.join(","), "-o", "pid=");
        const { stdout: rows } = await inside("loginctl", "--no-pager", "--no-legend", "list-sessions");
        const ids = pids.split(/\s+/u).filter(Boolean);
        if (ids.length > 0) await inside("kill", "-KILL", ...ids);
        return ids.length === 0 && rows.trim() === "";
      });
    },
    loginctl: async () => (await inside("loginctl", "--no-pager", "list-sessions")).stdout.trimEnd(),
    stop,
  };
}

async function readyLine(
  child: ChildProcess,
): Promise<{ readonly text: string } | { readonly unavailable: string }> {
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  return until("dbus, elogind and sshd have started", () => {
    const key = /^ready (\S+ \S+)/mu.exec(said)?.[1];
    if (key !== undefined) return { text: key };
    if (child.exitCode === null) return undefined;
    return { unavailable: `dbus, elogind or sshd did not start: ${said.trim().slice(-400)}` };
  });
}

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, "listening");
  const found = server.address();
  server.close();
  await once(server, "close");
  return typeof found === "object" && found !== null ? found.port : 0;
}

/** Removes the sessions' control groups, which outlive their processes because they belong to the kernel, not the namespace. */
function removeGroups(group: string): void {
  const script =
    'mount -t cgroup -o none,name=elogind cgroup /mnt && find "/mnt/$0" -depth -type d -exec rmdir {} + ; umount /mnt';
  spawnSync(unshare, ["--mount", "sh", "-c", script, group], { stdio: "ignore", timeout: 60_000 });
}

function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
