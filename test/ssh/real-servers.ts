/**
 * Real SSH servers for tests: OpenSSH's sshd, dropbear and tinysshd as child processes on loopback ports, with their own folders, keys and
 * (as root) user. They come from Debian's packages openssh-server, dropbear-bin and tinysshd, which `npm test` installs if it may
 * (tools/system-packages.mjs); otherwise {@link missing} says how to get them.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

const sshd = "/usr/sbin/sshd";
const dropbear = "/usr/sbin/dropbear";
const tinysshd = "/usr/sbin/tinysshd";
const isRoot = process.getuid?.() === 0;

/** Why tests with real servers cannot run here, and how to enable them; undefined when they can. */
export function missing(): string | false {
  const how =
    "apt-get install openssh-server dropbear-bin, or run as root on Debian with SESSION_LOGOFF_TEST_INSTALL=1";
  if (!isRoot) return "needs root, to make a user with a password: run the tests as root";
  return !existsSync(sshd) || !existsSync(dropbear) ? `no sshd and dropbear here: ${how}` : false;
}

/** Why tests with an sshd that only the current user logs in to cannot run here; false when they can. */
export function missingSshd(): string | false {
  return existsSync(sshd) ? false : "no sshd here: apt-get install openssh-server";
}

/** Why tests with tinysshd cannot run here; false when they can. */
export function missingTinysshd(): string | false {
  return existsSync(tinysshd) ? false : "no tinysshd here: apt-get install tinysshd";
}

export interface RealKey {
  readonly path: string;
  readonly publicText: string;
}

interface RealUser {
  readonly name: string;
  readonly password: string;
  readonly home: string;
}

/** A folder with keys, a user and servers; `close` ends and removes everything. */
export interface Farm {
  readonly folder: string;
  readonly user: RealUser;
  /** Variables of every server that is started from now on, such as the place of its keytab. */
  readonly serverEnv: Record<string, string>;
  readonly key: (name: string, ...args: string[]) => RealKey;
  /** Sets the keys that may log in as the user. */
  readonly authorize: (...keys: RealKey[]) => void;
  readonly sshd: (...config: string[]) => Promise<RealServer>;
  readonly dropbear: () => Promise<RealServer>;
  readonly tinysshd: () => Promise<RealServer>;
  readonly agent: (...keys: RealKey[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface RealServer {
  readonly address: string;
  readonly port: number;
  readonly hostKeys: readonly RealKey[];
  /** What the server has logged so far. */
  readonly log: () => string;
}

/**
 * @param parent of its folder; tinysshd refuses a user whose home is below a folder that others may write to
 * @param whose `new`, a user of the farm's own, needs root; `current` is the one who runs the test, and logs in with keys only
 */
export function makeFarm(parent = tmpdir(), whose: "new" | "current" = "new"): Farm {
  const folder = mkdtempSync(join(parent, "real-ssh-"));
  chmodSync(folder, 0o755);
  const serverEnv: Record<string, string> = {};
  const children: ChildProcess[] = [];
  const listeners: Server[] = [];
  const user = whose === "new" ? makeUser(folder) : currentUser(folder);
  let count = 0;

  const key = (name: string, ...args: string[]): RealKey => {
    const path = join(folder, name);
    if (!existsSync(path))
      execFileSync("ssh-keygen", [
        "-q",
        "-f",
        path,
        "-C",
        name,
        ...(args.includes("-N") ? [] : ["-N", ""]),
        ...args,
      ]);
    return { path, publicText: readFileSync(`${path}.pub`, "utf8").trim() };
  };
  const start = async (
    program: string,
    args: readonly string[],
    port: number,
    hostKeys: readonly RealKey[],
  ): Promise<RealServer> => {
    const env = { ...process.env, ...serverEnv };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    let log = "";
    child.stdout.on("data", (text: Buffer) => (log += text.toString()));
    child.stderr.on("data", (text: Buffer) => (log += text.toString()));
    await listening(port, child, () => log);
    return { address: "127.0.0.1", port, hostKeys, log: () => log };
  };
  return {
    folder,
    user,
    serverEnv,
    key,
    authorize: (...keys) => {
      const file = join(user.home, ".ssh", "authorized_keys");
      writeFileSync(file, keys.map((each) => `${each.publicText}\n`).join(""));
      if (whose === "new") execFileSync("chown", ["-R", user.name, user.home]);
      chmodSync(file, 0o600);
    },
    sshd: async (...config) => {
      const id = (count += 1);
      const port = await freePort();
      const hostKeys = [
        key(`host-${id}-ed25519`, "-t", "ed25519"),
        key(`host-${id}-rsa`, "-t", "rsa", "-b", "2048"),
      ];
      const file = join(folder, `sshd-${id}.conf`);
      if (isRoot) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
      const lines = [
        `Port ${port}`,
        "ListenAddress 127.0.0.1",
        ...hostKeys.map((each) => `HostKey ${each.path}`),
        `PidFile ${folder}/sshd-${id}.pid`,
        "UsePAM no",
        "StrictModes no",
        "PrintMotd no",
        "LogLevel VERBOSE",
        ...config,
        ...(whose === "current" ? [`AuthorizedKeysFile ${user.home}/.ssh/authorized_keys`] : []),
      ];
      writeFileSync(file, lines.join("\n"));
      return start(sshd, ["-D", "-e", "-f", file], port, hostKeys);
    },
    dropbear: async () => {
      const id = (count += 1);
      const port = await freePort();
      const path = join(folder, `dropbear-${id}`);
      execFileSync("dropbearkey", ["-t", "ed25519", "-f", path], { stdio: "ignore" });
      const publicText = /^ssh-ed25519 \S+/mu.exec(
        execFileSync("dropbearkey", ["-y", "-f", path], { encoding: "utf8" }),
      )![0];
      return start(dropbear, ["-F", "-E", "-p", `127.0.0.1:${port}`, "-r", path, "-P", `${path}.pid`], port, [
        { path, publicText },
      ]);
    },
    tinysshd: async () => {
      const path = join(folder, `tinysshd-${(count += 1)}`);
      execFileSync("tinysshd-makekey", ["-q", path]);
      const publicText = execFileSync("tinysshd-printkey", [path], { encoding: "utf8" }).trim();
      let log = "";
      // Each process serves a single connection.
      const listener = createServer({ pauseOnConnect: true }, (socket) => {
        const child = spawn(tinysshd, ["-v", path], { stdio: [socket, socket, "pipe"] });
        children.push(child);
        child.stderr.on("data", (text: Buffer) => (log += text.toString()));
        socket.destroy();
      });
      listeners.push(listener.listen(0, "127.0.0.1"));
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      return { address: "127.0.0.1", port, hostKeys: [{ path, publicText }], log: () => log };
    },
    agent: async (...keys) => {
      const socket = join(folder, `agent-${(count += 1)}`);
      const paths = keys.map(({ path }) => path);
      children.push(await startAgent(socket, paths));
      return socket;
    },
    close: async () => {
      listeners.forEach((listener) => listener.close());
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, "exit");
      }
      if (whose === "new") spawnSync("userdel", ["-f", user.name], { stdio: "ignore" });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Why tests with an agent cannot run here, and how to enable them; false when they can. */
export function missingAgent(): string | false {
  const isThere = spawnSync("ssh-agent", ["-h"]).error === undefined;
  return isThere ? false : "no ssh-agent here: apt-get install openssh-client";
}

/** Starts an agent at the socket, which holds the keys of these files. The caller ends it. */
export async function startAgent(socket: string, keyPaths: readonly string[]): Promise<ChildProcess> {
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const path of keyPaths)
    execFileSync("ssh-add", ["-q", path], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return child;
}

let users = 0;

function makeUser(folder: string): RealUser {
  users += 1;
  const user = {
    name: `sl${process.pid}x${users}`,
    password: `Pw-${process.pid}-äß "x"`,
    home: join(folder, "home"),
  };
  mkdirSync(join(user.home, ".ssh"), { recursive: true, mode: 0o700 });
  execFileSync("useradd", ["-M", "-d", user.home, "-s", "/bin/sh", user.name], { stdio: "ignore" });
  execFileSync("chpasswd", { input: `${user.name}:${user.password}\n` });
  execFileSync("chown", ["-R", user.name, user.home]);
  return user;
}

function currentUser(folder: string): RealUser {
  const home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  return { name: userInfo().username, password: "", home };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) break;
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`The server did not start (user ${userInfo().username}): ${log()}`);
}
