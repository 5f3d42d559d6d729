/** Small programs that serve as proxy commands in tests. Each writes its process ID into a file first. */
import type { TestContext } from "node:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshOptions } from "../../../provider/ssh/open-ssh";
import { runs } from "../../local/processes";
import { bareOptions, until } from "../scripted-server";

export interface Proxies {
  readonly folder: string;
  /** The path of a file in the folder. */
  readonly path: (name: string) => string;
  /** A command that runs this text of sh, in which `$1` and `$2` are host and port. */
  readonly sh: (text: string) => string;
  /** A command that passes bytes on. */
  readonly relay: () => string;
  /** The process IDs of the commands that were started so far. */
  readonly pids: () => readonly number[];
  /** Waits until so many commands have been started. */
  readonly started: (count: number) => Promise<readonly number[]>;
  /** Waits until none of the commands runs. */
  readonly allGone: () => Promise<void>;
  readonly options: (changes?: Partial<SshOptions>) => SshOptions;
}

const relayProgram = `
const [host, port] = process.argv.slice(2);
const socket = require("node:net").connect(Number(port), host);
socket.on("error", (error) => { console.error("relay:", error.message); process.exit(1); });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit(0));
`;

/** The proxies of one test, in a folder that is removed at its end. */
export function proxiesFor(t: TestContext): Proxies {
  const folder = mkdtempSync(join(tmpdir(), "proxies-"));
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("relay.cjs"), relayProgram);
  writeFileSync(path("pids"), "");
  let scripts = 0;
  const sh = (text: string): string => {
    const script = path(`proxy-${(scripts += 1)}.sh`);
    writeFileSync(script, `echo $$ >> ${path("pids")}\n${text}\n`);
    return `/bin/sh ${script} %h %p`;
  };
  const pids = (): readonly number[] =>
    readFileSync(path("pids"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  t.after(() => {
    for (const pid of pids().filter(runs)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    path,
    sh,
    relay: () => sh(`exec ${process.execPath} ${path("relay.cjs")} "$1" "$2"`),
    pids,
    started: async (count) => {
      await until(() => pids().length >= count, `${count} proxies are started`);
      return pids();
    },
    allGone: () => until(() => !pids().some(runs), "no proxy runs"),
    options: (changes = {}) =>
      bareOptions({ baseFolder: folder, env: { PATH: process.env["PATH"], SHELL: "/bin/sh" }, ...changes }),
  };
}
