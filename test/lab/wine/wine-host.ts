import { spawn, spawnSync, type ChildProcess, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Executor } from "../ssh/ssh-options";
import type { ExecReply } from "../windows/commands";

/** A session that the stand-ins list. Text is encoded in code page 850 by whoever writes it. */
export interface WineSession {
  /** A server behind the host. Default: the host itself. */
  readonly server?: string;
  readonly id: number;
  readonly name?: string;
  readonly user?: Buffer | string;
  readonly state?: string;
  readonly idle?: string;
  readonly logonTime?: string;
  /** `stuck`: a logoff is accepted and has no effect; only a reset ends the session. Default: `gone`. */
  readonly onLogoff?: "gone" | "stuck";
  readonly programs?: readonly string[];
}

/** A host whose command lines are read by Wine's cmd.exe, with a registry of its own. */
export interface WineHost {
  /** Starts a command line as Windows' sshd does. */
  readonly executor: Executor;
  /** {@link executor} without SSH. */
  run(command: string, stdin?: Uint8Array): Promise<ExecReply>;
  /** What the stand-ins have done, in order, with the words of tools/wine/stand-ins.c: `logoff . 2`, `drain 2`. */
  deeds(): readonly string[];
  /** The bytes of the messages for a session, in order. */
  messages(id: number): readonly Buffer[];
  /** Ends all processes of this host and removes its files. */
  stop(): void;
}

/** Seconds that Wine's server lives without a program, if a test was killed and cannot stop it. */
const lingerSeconds = 60;

/** In a prefix of Debian's Wine: the name of the folder in /tmp where programs find their server. */
const meetingFile = "wineserver";

/** Starts a host, or returns why this machine has none. */
export async function startWineHost(
  sessions: readonly WineSession[],
): Promise<WineHost | { readonly unavailable: string }> {
  const { findWine } = await import("../../../tools/wine/find.mjs");
  const found = findWine();
  if ("unavailable" in found) return found;
  const { wine, server, folder } = found;
  const work = mkdtempSync(join(tmpdir(), "wine-host-"));
  const [prefix, stateFile] = [join(work, "prefix"), join(work, "state")];
  const kept = join(folder, "prefix");
  // The disk is shared, because nothing writes to it; the registry and what the server needs are copied.
  const disk = join(kept, "drive_c");
  cpSync(kept, prefix, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: (file) => file !== disk,
  });
  symlinkSync(disk, join(prefix, "drive_c"));
  writeFileSync(stateFile, stateOf(sessions));
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: work,
    LC_ALL: "C.UTF-8",
    WINEPREFIX: prefix,
    WINESERVER: server,
    WINEDEBUG: "-all",
    // `n`: our own chcp.com and not Wine's, which knows no code page without a console.
    WINEDLLOVERRIDES: "mscoree,mshtml=;winemenubuilder.exe=d;chcp.com=n",
    LAB_STATE: `Z:${stateFile}`,
  };
  const serverOnce = (option: string): SpawnSyncReturns<Buffer> =>
    spawnSync(server, [option], { env, stdio: "ignore", timeout: 60_000 });
  // Ends the server of this prefix, which it knows by the lock that this one holds, and with it all programs.
  const endWithUs = (): void => void serverOnce("--kill");
  process.once("exit", endWithUs);
  const stop = (): void => {
    process.removeListener("exit", endWithUs);
    endWithUs();
    const meeting = join(prefix, meetingFile);
    const name = existsSync(meeting) ? readFileSync(meeting, "utf8") : "";
    if (/^wine-\w+$/u.test(name)) rmSync(join("/tmp", name), { recursive: true, force: true });
    rmSync(work, { recursive: true, force: true });
  };

  const start = (command: string, stdio: "pipe" | "ignore"): ChildProcess =>
    spawn(wine, [join(folder, "launch.exe")], {
      // As Win32-OpenSSH does: nothing in the command is escaped.
      env: { ...env, LAUNCH_LINE: String.raw`"C:\windows\system32\cmd.exe" /c "${command}"` },
      stdio,
    });
  const executor: Executor = async (command, stdin, killed) => {
    const child = start(command, "pipe");
    const kill = (): void => void child.kill("SIGKILL");
    killed.addEventListener("abort", kill, { once: true });
    // A program that does not read its input has ended before it gets any.
    child.stdin?.on("error", () => undefined);
    stdin().then(
      (bytes) => void child.stdin?.end(bytes),
      () => undefined,
    );
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout?.on("data", (chunk: Buffer) => void stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => void stderr.push(chunk));
    try {
      const [code] = (await once(child, "close")) as [number | null];
      killed.throwIfAborted();
      return { code: code ?? 1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
    } finally {
      killed.removeEventListener("abort", kill);
    }
  };

  const records = (): readonly (readonly string[])[] =>
    readFileSync(stateFile, "latin1")
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t"))
      .filter(([kind]) => kind !== "session" && kind !== "codepage");
  try {
    // Listens when this returns. A program that finds no server would start one that ends too early.
    const { status } = serverOnce(`--persistent=${lingerSeconds}`);
    if (status !== 0) throw new Error(`Wine's server ended with ${status ?? "a signal"}`);
    // The first program starts Wine's services, which would keep its pipes open.
    const [code] = (await once(start("rem", "ignore"), "close")) as [number | null];
    if (code !== 0) throw new Error(`Wine's cmd.exe ended with ${code}`);
  } catch (error) {
    stop();
    throw error;
  }
  return {
    executor,
    run: (command, stdin = new Uint8Array()) =>
      executor(command, () => Promise.resolve(Buffer.from(stdin)), new AbortController().signal),
    deeds: () => records().map((fields) => fields.slice(0, fields[0] === "message" ? 4 : 3).join(" ")),
    messages: (id) =>
      records().flatMap(([kind, , to, , hex]) =>
        kind === "message" && to === String(id) ? [Buffer.from(hex ?? "", "hex")] : [],
      ),
    stop,
  };
}

/** The state file that the stand-ins read, with the rows that every Windows has. */
function stateOf(sessions: readonly WineSession[]): Buffer {
  const servers = [...new Set(sessions.map(({ server = "." }) => server))];
  const rows = servers.flatMap((server): readonly WineSession[] => [
    { server, id: 0, name: "services", state: "Disc" },
    { server, id: 1, name: "console", state: "Conn" },
    ...sessions.filter((session) => (session.server ?? ".") === server),
    { server, id: 65_536, name: "rdp-tcp", state: "Listen" },
  ]);
  return Buffer.concat([Buffer.from("codepage\t850\n"), ...rows.map(lineOf)]);
}

function lineOf(session: WineSession): Buffer {
  const { server = ".", id, name = "", user = "", state = "Active" } = session;
  const { idle = ".", logonTime = "3/3/2025 9:32 AM", onLogoff = "gone", programs = [] } = session;
  const before = ["session", server, id, name, ""].join("\t");
  const after = ["", state, idle, logonTime, onLogoff, programs.join(";")].join("\t");
  return Buffer.concat([Buffer.from(before), Buffer.from(user), Buffer.from(`${after}\n`)]);
}
