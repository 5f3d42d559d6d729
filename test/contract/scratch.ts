/**
 * Folders for the clients of one test file, and what a client leaves in them. `TMPDIR` and `XDG_RUNTIME_DIR` of this process point there, and
 * every program that a client starts inherits them, so what a test left behind can be told from everything else on the machine.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after } from "node:test";

/** Short, because the path of a socket has at most 104 characters on macOS. */
const root = realpathSync(mkdtempSync("/tmp/slc-"));
after(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** The home folder of the clients: it holds what a test puts there. */
export const home = folder("home");
const temporary = folder("tmp");
const runtime = folder("run");
/** For the files of the tests themselves. */
const given = folder("given");

process.env["TMPDIR"] = temporary;
process.env["XDG_RUNTIME_DIR"] = runtime;

/** The environment of the clients. */
export const env: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: home,
  TMPDIR: temporary,
  XDG_RUNTIME_DIR: runtime,
};

let files = 0;

/** Writes a file for a test and returns its path, which ends with the suffix. */
export function fileWith(text: string, mode = 0o600, suffix = ""): string {
  const path = newPath() + suffix;
  writeFileSync(path, text, { mode });
  return path;
}

/** The path of a file that does not exist yet. */
export function newPath(): string {
  return join(given, `file-${(files += 1)}`);
}

/** Every file, folder and socket that clients have in their folders. */
export function filesLeft(): readonly string[] {
  return [temporary, runtime].flatMap((place) =>
    readdirSync(place, { recursive: true, encoding: "utf8" })
      .map((name) => join(place, name))
      // tsx keeps compiled code in the folder for temporary files.
      .filter((path) => !path.startsWith(join(temporary, "tsx-")) && !path.includes("node-compile-cache")),
  );
}

/** The text of all files that clients have, and of all command lines of programs that they have started. */
export function readableTraces(): string {
  const texts = [...filesLeft(), ...filesIn(home)].filter((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return [...texts.map(readIfThere), ...programs().map(({ commandLine }) => commandLine)].join("\n");
}

function filesIn(place: string): readonly string[] {
  return readdirSync(place, { recursive: true, encoding: "utf8" }).map((name) => join(place, name));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** A program that this process, or one that it started, has started. */
export interface Program {
  readonly pid: number;
  readonly commandLine: string;
}

/** The servers of the tests, and helpers of Node. */
const ours = /^([^\0\s]*\/)?(sshd|node|esbuild)(:|\0|$)/u;

/**
 * Every running program that was started here, even if it has become a daemon since, except real SSH servers. Empty where there is
 * no /proc.
 */
export function programs(): readonly Program[] {
  const pids = statSync("/proc/self", { throwIfNoEntry: false }) === undefined ? [] : readdirSync("/proc");
  return pids
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), commandLine: readIfThere(`/proc/${name}/cmdline`) }))
    .filter(({ pid, commandLine }) => {
      const belongsHere = commandLine.includes(root) || readIfThere(`/proc/${pid}/environ`).includes(root);
      // A program that has ended and was not waited for has no command line.
      return belongsHere && commandLine !== "" && !ours.test(commandLine);
    });
}
