import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { LogoffError } from "../../../provider/base/errors";
import type { Connect, ExecResult } from "../../../provider/connection";
import { renderRow, type Layout } from "./layouts";
import { programs, systemPrograms } from "./programs";

/** The initial state of a session. */
interface LinuxSession {
  readonly user: string;
  /** Default: the next unused number. */
  readonly id?: string;
  /** Default: a separate one for each user; 0 for root. */
  readonly uid?: number;
  /** Such as `pts/0`. Default: none. */
  readonly tty?: string;
  /** Whether logind itself knows the terminal, as it does with utmp. Default: true. */
  readonly ttyKnown?: boolean;
  readonly display?: string;
  readonly seat?: string;
  readonly type?: "tty" | "x11" | "wayland" | "unspecified";
  readonly class?: string;
  readonly service?: string;
  readonly state?: string;
  /** In seconds. Default: no hint, as for a session without a terminal. */
  readonly idleForSeconds?: number;
  readonly idleHint?: boolean;
  /**
   * `ends`: the session ends at once; `closes`: its processes stay and it is closing, as with systemd; `forgets`: its processes
   * stay but it is no longer listed, as with elogind; `ignores`: the request is accepted, but nothing happens.
   */
  readonly onTerminate?: "ends" | "closes" | "forgets" | "ignores";
  /** How often logind answers that a resource deadlock was avoided. */
  readonly deadlocks?: number;
  /** `vanishes`: it ends between the listing and the query about it; `unreadable`: the query fails although it exists. */
  readonly whenShown?: "vanishes" | "unreadable";
  /** The names of its further processes, besides those of sshd and the shell. */
  readonly programs?: readonly string[];
  /** It begins while the first listing is processed: when the first session is shown. */
  readonly isLate?: boolean;
}

export interface LinuxHostOptions {
  readonly sessions?: readonly LinuxSession[];
  /** Default: elogind-246. */
  readonly layout?: Layout;
  /** The UID of our login. Default: 0. */
  readonly uid?: number;
  readonly sudo?: boolean;
  readonly polkit?: boolean;
  /** Files can be created but not written to, as on a full disk. */
  readonly isFull?: boolean;
  /** Tools that are not installed. */
  readonly missingTools?: readonly string[];
  /** Printed by the login's start-up files before every command; a format for `printf`. */
  readonly banner?: string;
  /** Our login has no session, as with sshd's `UsePAM no`. */
  readonly isUnknownToLogind?: boolean;
}

/** A Linux host without SSH: our commands run in this machine's `sh` and find fake programs that simulate the host. */
export interface LinuxHost {
  readonly connect: Connect;
  readonly commands: readonly { readonly command: string; readonly stdin: string }[];
  logon(session: LinuxSession): string;
  /** Disconnects the client, which ends the session. */
  leave(id: string): void;
  /** The IDs of all sessions except our own. */
  sessions(): readonly string[];
  /** Whether any process of that session is alive. */
  hasProcesses(id: string): boolean;
  /** The UUID of the kernel's boot, in the file that Linux has for it. */
  bootId(): string;
  /**
   * Restarts the host: all sessions, ours too, and all processes are gone, `/run/nologin` as well, session IDs start again, and
   * the boot ID is another one.
   */
  restart(): void;
  /** Starts a process outside all sessions, with this line in `/proc/PID/cgroup`. @returns whether it is still alive */
  start(group: string): () => boolean;
  /** The text shown on a terminal. */
  seen(tty: string): string;
  /** What logind did, in order: `terminate 3`, `kill 3`. */
  ended(): readonly string[];
  /** Every call of loginctl, sudo and sleep, each preceded by the UID. */
  calls(): readonly string[];
  /** Makes listings fail with this message, until it is set to `undefined`. */
  failList(words: string | undefined): void;
  /** The text of a file on the host, such as `/run/nologin`, or undefined. */
  file(path: string): string | undefined;
  /** The contents of a folder on the host, such as `/run`. */
  files(folder: string): readonly string[];
  writeFile(path: string, text: string): void;
  /** @throws Error that lists the unscripted calls */
  close(): void;
}

/** Whether this machine can run such a host: the scripts need a POSIX system. */
export const linuxHostsPossible = process.platform !== "win32" && existsSync("/bin/sh");

/** What systemd writes to `/run/nologin` until the host has started. */
export const systemdNologin =
  "System is booting up. Unprivileged users are not permitted to log in yet. Please come back later. " +
  "For technical details, see pam_nologin(8).\n";

const bootIdFile = "proc/sys/kernel/random/boot_id";

/** Commands that probe a host before it is known to be Linux; here its shell must answer "not found". */
const askedAlong =
  /^(?:chcp\.com|qwinsta\.exe|quser\.exe|reg\.exe query ".*" \/v (?:ShutdownTime|BootId)|echo .* which shell; uname -s; .*)$/u;
/** Host paths that our commands use, all redirected to the host's folder. */
const hostPaths = /\/(?:proc\/|dev\/(?=pts|tty)|run\/nologin|etc\/nologin)/gu;

export function createLinuxHost(options: LinuxHostOptions = {}): LinuxHost {
  const lab = mkdtempSync(join(tmpdir(), "linux-host-"));
  const bin = join(lab, "bin");
  for (const folder of ["bin", "sessions", "proc", "proc/sys/kernel/random", "dev/pts", "run", "etc"]) {
    mkdirSync(join(lab, folder), { recursive: true });
  }
  const missing = options.missingTools ?? [];
  for (const [name, script] of Object.entries(programs)) {
    if (missing.includes(name)) continue;
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const name of systemPrograms) symlinkSync(whereIs(name), join(bin, name));
  if (options.sudo === true) writeFileSync(join(lab, "sudo-allows"), "");
  if (options.polkit === true) writeFileSync(join(lab, "polkit-allows"), "");
  const uid = options.uid ?? 0;
  const uids = new Map<string, number>([["root", 0]]);
  const own = new Set<string>();
  const commands: { command: string; stdin: string }[] = [];
  let nextId = 1;
  let boots = 0;
  // Above the kernel's highest PID, so that no signal can ever reach a process of this machine.
  let nextPid = 5_000_000;

  const read = (name: string): string => {
    const path = join(lab, name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const lines = (name: string): readonly string[] => read(name).split("\n").filter(Boolean);

  function addProcess(groups: string, parent: number, tty: string, name: string): number {
    const pid = (nextPid += 1);
    const folder = join(lab, "proc", String(pid));
    mkdirSync(folder);
    writeFileSync(join(folder, "cgroup"), groups);
    writeFileSync(join(folder, "comm"), `${name}\n`);
    writeFileSync(join(folder, "ps"), `${String(pid).padStart(7)} ${String(parent).padStart(7)} ${tty}\n`);
    return pid;
  }

  function logon(session: LinuxSession): string {
    const id = session.id ?? String(nextId++);
    if (!uids.has(session.user)) uids.set(session.user, 1000 + uids.size);
    const owner = session.uid ?? uids.get(session.user) ?? 0;
    const tty = session.tty ?? "";
    const groups = `11:name=elogind:/${id}\n0::/\n`;
    const leader = addProcess(groups, 1, "?", "sshd");
    const middle = addProcess(groups, leader, "?", "sshd");
    const shell = addProcess(groups, middle, tty === "" ? "?" : tty, "bash");
    const further = (session.programs ?? []).map((name) => addProcess(groups, shell, "?", name));
    const knownTty = session.ttyKnown === false ? "" : tty;
    const folder = join(lab, session.isLate === true ? "later" : "sessions", id);
    const idle = session.idleForSeconds;
    const sinceMicros = idle === undefined ? 0 : (Math.floor(Date.now() / 1000) - idle) * 1_000_000;
    const values = {
      Id: id,
      User: owner,
      Name: session.user,
      Timestamp: `Mon 2026-11-23 05:28:${String(leader % 60).padStart(2, "0")} UTC`,
      Seat: session.seat ?? "",
      TTY: knownTty,
      Display: session.display ?? "",
      Remote: session.seat === undefined ? "yes" : "no",
      Service: session.service ?? "sshd",
      Leader: leader,
      Type: session.type ?? (session.display === undefined ? "tty" : "x11"),
      Class: session.class ?? "user",
      State: session.state ?? "active",
      IdleHint: session.idleHint === true ? "yes" : "no",
      IdleSinceHint: sinceMicros,
    };
    mkdirSync(folder, { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write(
      "properties",
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    const row = {
      id,
      uid: owner,
      user: session.user,
      seat: values.Seat,
      tty: knownTty,
      leader,
      sessionClass: values.Class,
      state: values.State,
    };
    write("row", `${renderRow(options.layout ?? "elogind-246", row)}\n`);
    write("pids", `${[leader, middle, shell, ...further].join(" ")}\n`);
    write("uid", String(owner));
    write("on-terminate", session.onTerminate ?? "ends");
    if (session.deadlocks !== undefined) write("deadlocks", String(session.deadlocks));
    if (session.whenShown !== undefined) write(session.whenShown, "");
    // A link to a character device, so that `[ -c ]` is true.
    if (tty !== "" && !existsSync(join(lab, "dev", tty))) symlinkSync("/dev/null", join(lab, "dev", tty));
    return id;
  }

  function end(id: string): void {
    for (const pid of read(`sessions/${id}/pids`).trim().split(" ").filter(Boolean)) {
      rmSync(join(lab, "proc", pid), { recursive: true, force: true });
    }
    rmSync(join(lab, "sessions", id), { recursive: true, force: true });
  }

  function run(command: string, stdin: string, ownId: string): Promise<ExecResult> {
    commands.push({ command, stdin });
    const local = command.replace(hostPaths, (path) => lab + path);
    const banner = options.banner === undefined ? "" : `printf '${options.banner}'; `;
    // Exceeding the file size limit would kill the shell with SIGXFSZ, which a full disk never does, so the signal is ignored.
    const full = options.isFull === true ? "trap '' XFSZ; ulimit -f 0; " : "";
    return new Promise((resolve, reject) => {
      const child = spawn("/bin/sh", ["-c", banner + full + local], {
        env: { PATH: bin, LAB: lab, LAB_UID: String(uid), XDG_SESSION_ID: ownId },
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.stdin.on("error", () => undefined);
      child.stdin.end(stdin);
      child.once("error", reject);
      child.once("close", (code) => {
        const hide = (chunks: readonly Buffer[]): Buffer =>
          Buffer.from(Buffer.concat(chunks).toString("utf8").replaceAll(lab, ""));
        const stderr = hide(err);
        if (/not found/u.test(stderr.toString())) {
          const expected = missing.some((name) => stderr.includes(name));
          if (!expected && !askedAlong.test(command)) {
            writeFileSync(join(lab, "unexpected"), `${stderr.toString()}${command}\n`, { flag: "a" });
          }
        }
        resolve({ code: code ?? 1, stdout: hide(out), stderr });
      });
    });
  }

  function boot(): void {
    boots += 1;
    writeFileSync(join(lab, bootIdFile), `${randomUUID()}\n`);
  }

  function restart(): void {
    for (const id of readdirSync(join(lab, "sessions"))) end(id);
    for (const name of readdirSync(join(lab, "proc")).filter((one) => /^\d+$/u.test(one)))
      rmSync(join(lab, "proc", name), { recursive: true });
    // /run is in memory only.
    for (const name of readdirSync(join(lab, "run"))) rmSync(join(lab, "run", name), { recursive: true });
    own.clear();
    nextId = 1;
    boot();
  }

  boot();
  for (const session of options.sessions ?? []) logon(session);

  return {
    connect: () => {
      // As with sshd, our login is a session like any other.
      const isKnown = options.isUnknownToLogind !== true;
      const id = isKnown ? logon({ user: uid === 0 ? "root" : "operator", uid }) : "";
      if (isKnown) own.add(id);
      // After a restart, another session has the ID of ours.
      const bootOfOurs = boots;
      const close = (): Promise<void> => {
        if (boots !== bootOfOurs) return Promise.resolve();
        own.delete(id);
        if (isKnown) end(id);
        return Promise.resolve();
      };
      return Promise.resolve({
        warnings: [],
        close,
        exec: async (command, { stdin, beforeSend }) => {
          const throwIfLost = (): void => {
            if (boots !== bootOfOurs || !existsSync(join(lab, "sessions", id)))
              throw new LogoffError("connection-lost", "the session was ended");
          };
          throwIfLost();
          await beforeSend?.();
          const result = await run(command, Buffer.from(stdin ?? []).toString(), id);
          throwIfLost();
          return result;
        },
      });
    },
    commands,
    logon,
    leave: end,
    sessions: () => readdirSync(join(lab, "sessions")).filter((id) => !own.has(id)),
    hasProcesses: (id) =>
      readdirSync(join(lab, "proc")).some((pid) => read(`proc/${pid}/cgroup`).includes(`:/${id}\n`)),
    bootId: () => read(bootIdFile).trim(),
    restart,
    start: (group) => {
      const pid = String(addProcess(`${group}\n`, 1, "?", "daemon"));
      return () => existsSync(join(lab, "proc", pid));
    },
    seen: (tty) => read(`seen-${tty.split("/").at(-1) ?? ""}`),
    ended: () => lines("ended"),
    calls: () => lines("calls"),
    failList: (words) => {
      if (words === undefined) rmSync(join(lab, "list-fails"), { force: true });
      else writeFileSync(join(lab, "list-fails"), words);
    },
    file: (path) => (existsSync(join(lab, path)) ? read(path) : undefined),
    files: (folder) => readdirSync(join(lab, folder)),
    writeFile: (path, text) => writeFileSync(join(lab, path), text),
    close: () => {
      const unexpected = lines("unexpected");
      rmSync(lab, { recursive: true, force: true });
      if (unexpected.length > 0)
        throw new Error(`the Linux host met what nobody scripted:\n${unexpected.join("\n")}`);
    },
  };
}

function whereIs(name: string): string {
  const folder = (process.env["PATH"] ?? "").split(delimiter).find((one) => existsSync(join(one, name)));
  if (folder === undefined) throw new Error(`this machine has no ${name}`);
  return join(folder, name);
}
