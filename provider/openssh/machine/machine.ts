/** This machine's ssh: where it is, which version, what it can do, and the private folder of this process. Each is found once. */
import { aborted } from "../../base/abort";
import type { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { SshContext } from "../../ssh/options";
import { withoutSecrets } from "../login/credentials";
import { makePrivateFolder, type PrivateFolder } from "./private-folder";
import { outputOfSsh, type SshProgram } from "./ssh-process";
import { startWatchdog } from "../../process/watchdog";
import { clientProblem, installHint, parseVersion, type SshVersion } from "./version";

export interface Machine {
  readonly program: SshProgram;
  readonly version: SshVersion;
  /** Whether this ssh has the option GSSAPIKeyExchange, a patch of Debian and Red Hat. */
  readonly hasGssapiKeyExchange: boolean;
  readonly folder: PrivateFolder;
}

/**
 * Finds the machine's ssh at the first call, for a host that needs it. Its environment is without the variables that hold the host's secrets.
 * @throws LogoffError `plan-invalid`
 */
export type FindMachine = (
  host: Pick<Host, "label" | "login" | "jumpHosts">,
  signal: AbortSignal,
) => Promise<Machine>;

const unlimited = new AbortController().signal;

/** @param path of the program, which is searched in PATH */
export function machineFinder(context: SshContext, path = "ssh"): FindMachine {
  let found: Promise<Machine | { readonly wrong: string }> | undefined;
  return async (host, signal) => {
    const env = withoutSecrets(context.env, host);
    found ??= findMachine(context, path, env);
    found.catch(() => (found = undefined));
    const machine = await found;
    if (signal.aborted) throw aborted(signal);
    if ("wrong" in machine) {
      found = undefined;
      throw clientProblem(host.label, machine.wrong) satisfies LogoffError;
    }
    return { ...machine, program: { ...machine.program, env } };
  };
}

async function findMachine(
  { platform }: SshContext,
  path: string,
  env: NodeJS.ProcessEnv,
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
