/** A home folder from which the simulated hosts are reached by name, for one block of a document. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { patchUser, startFleet } from "../lab/fleet";
import { openLabFolder, shellWord, writeAccess, writeCommand } from "../lab/lab-folder";
import type { Lab } from "../lab/lab";
import { checkout } from "../pulumi/dynamic/built-package";
import type { Shell } from "./shell";

export interface Workshop {
  readonly lab: Lab;
  readonly shell: Shell;
  /** Adds a program to the PATH of the shell. */
  readonly addProgram: (name: string, script: string) => void;
  /** Stops the hosts and removes the folder. @throws Error if a host met a command that nobody scripted */
  readonly close: () => Promise<void>;
}

/** `everybodyGoes`: whether no session is stuck, busy or ignores the logoff. */
export async function openWorkshop(everybodyGoes: boolean): Promise<Workshop> {
  const base = mkdtempSync(join(tmpdir(), "session-logoff-docs-"));
  const [home, bin] = [join(base, "home"), join(base, "bin")];
  for (const folder of [home, bin]) mkdirSync(folder);
  const lab = await startFleet({ everybodyGoes });
  const place = await openLabFolder(home);
  await writeAccess(place, lab);
  await writeCommand(place);
  writeSshFolder(home);
  copyFileSync(join(checkout, "examples", "rolling-command", "patch.sh"), join(home, "patch.sh"));
  // As after `npm run lab -- ~/lab`.
  symlinkSync(".", join(home, "lab"));
  const addProgram = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${script}`);
    chmodSync(join(bin, name), 0o755);
  };
  const config = shellWord(join(home, "ssh_config"));
  addProgram("session-logoff", commandShim(config));
  addProgram("npx", npxShim(join(bin, "session-logoff")));
  addProgram("ssh", sshShim(config));
  for (const name of ["npm", "git", "curl", "pulumi"])
    addProgram(
      name,
      `echo "$0 is not here: say in <!-- not run: REASON --> why this cannot run" >&2\nexit 1\n`,
    );
  return {
    lab,
    shell: { home, cwd: home, env: { ...plainEnvironment(home), PATH: pathWith(bin) } },
    addProgram,
    close: async () => {
      rmSync(base, { recursive: true, force: true, maxRetries: 10 });
      await lab.close();
    },
  };
}

/** An environment without what build agents and terminals set, since the command follows that. */
export function plainEnvironment(home: string): NodeJS.ProcessEnv {
  const user = userInfo().username;
  return {
    HOME: home,
    USER: user,
    LOGNAME: user,
    TMPDIR: tmpdir(),
    LANG: "C.UTF-8",
    TZ: "UTC",
    RDS_PASSWORD: patchUser.password,
  };
}

export function pathWith(bin: string): string {
  return [bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
}

function writeSshFolder(home: string): void {
  const folder = join(home, ".ssh");
  mkdirSync(folder, { mode: 0o700 });
  for (const [from, to] of [
    ["ssh_config", "config"],
    ["known_hosts", "known_hosts"],
    ["key", "id_ed25519"],
    ["key", "patch-operator"],
  ] as const)
    copyFileSync(join(home, from), join(folder, to));
}

/** The built command; where it connects to a host and names no ssh_config itself, with that of the lab. */
function commandShim(config: string): string {
  const command = [process.execPath, join(checkout, "dist", "command", "session-logoff.js")]
    .map(shellWord)
    .join(" ");
  return `
for word in "$@"; do
  case "$word" in
    --ssh-config*) own=1 ;;
    /[sS]*:* | //[sS]*:* | --server* | --host | --host=* | --hosts-file*) remote=1 ;;
  esac
done
if [ -n "$remote" ] && [ -z "$own" ]; then set -- --ssh-config ${config} "$@"; fi
exec ${command} "$@"
`;
}

function npxShim(command: string): string {
  return `
case "$1" in --yes | -y) shift ;; esac
case "$1" in
  pulumi-session-logoff | pulumi-session-logoff@* | session-logoff) shift; exec ${shellWord(command)} "$@" ;;
esac
echo "npx: this test knows only pulumi-session-logoff, not $1" >&2
exit 1
`;
}

/** OpenSSH reads the configuration in the home folder of the system's user, whatever HOME says. */
function sshShim(config: string): string {
  return `
PATH=\${PATH#*:}
for word in "$@"; do if [ "$word" = -F ]; then exec ssh -o BatchMode=yes "$@"; fi; done
exec ssh -o BatchMode=yes -F ${config} "$@"
`;
}
