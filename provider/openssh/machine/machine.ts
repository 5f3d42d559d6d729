/** This machine's ssh: where it is, which version, what it can do, and the private folder of this process. Each is found once. */
import { aborted } from "../../base/abort";
import type { LogoffError } from "../../base/errors";
import type { SshContext } from "../../ssh/options";
import { makePrivateFolder, type PrivateFolder } from "./private-folder";
import { outputOfSsh, type SshProgram } from "./ssh-process";
import { startWatchdog } from "./watchdog";
import { clientProblem, installHint, parseVersion, type SshVersion } from "./version";

export interface Machine {
  readonly program: SshProgram;
  readonly version: SshVersion;
  /** Whether this ssh has the option GSSAPIKeyExchange, a patch of Debian and Red Hat. */
  readonly hasGssapiKeyExchange: boolean;
  readonly folder: PrivateFolder;
}

/** Finds the machine's ssh at the first call, for a host that needs it. @throws LogoffError `plan-invalid` */
export type FindMachine = (label: string, signal: AbortSignal) => Promise<Machine>;

const unlimited = new AbortController().signal;

/** @param path of the program, which is searched in PATH */
export function machineFinder(context: SshContext, path = "ssh"): FindMachine {
  let found: Promise<Machine | { readonly wrong: string }> | undefined;
  return async (label, signal) => {
    found ??= findMachine(context, path);
    found.catch(() => (found = undefined));
    const machine = await found;
    if (signal.aborted) throw aborted(signal);
    if ("wrong" in machine) {
      found = undefined;
      throw clientProblem(label, machine.wrong) satisfies LogoffError;
    }
    return machine;
  };
}

async function findMachine(
  { env, platform }: SshContext,
  path: string,
): Promise<Machine | { readonly wrong: string }> {
  const program: SshProgram = { path, env, platform };
  const said = await outputOfSsh(program, ["-V"], unlimited);
  if (said.notStarted !== undefined)
    return { wrong: `there is no \`ssh\` (${said.notStarted}); ${installHint}` };
  const version = parseVersion(said.stderr + said.stdout);
  if (version === undefined) return { wrong: `its \`ssh\` is not OpenSSH; ${installHint}` };
  const probe = ["-G", "-F", "none", "-o", "GSSAPIKeyExchange=no", "--", "localhost"];
  const { code } = await outputOfSsh(program, probe, unlimited);
  const folder = await makePrivateFolder(env, platform);
  const watchdog = platform === "win32" ? {} : { watchdog: startWatchdog(folder.path) };
  return { program: { ...program, ...watchdog }, version, hasGssapiKeyExchange: code === 0, folder };
}
