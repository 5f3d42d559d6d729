/** Problems of `readPlan` with the names of options in place of inputs. */
import type { PlanProblem } from "../../base/errors";
import { printable } from "../../base/text";
import type { GivenHost } from "./host-entries";
import type { RunRequest } from "./run-request";

/** Paths of the input and their options; the first match counts. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^sessions\.ids/u, "--id"],
  [/^sessions\.names/u, "--name"],
  [/^sessions\.users/u, "--session-user"],
  [/^sessions\.states/u, "--state"],
  [/^sessions\.idleFor/u, "--idle"],
  [/^sessions\.except\.ids/u, "--except-id"],
  [/^sessions\.except\.names/u, "--except-name"],
  [/^sessions\.except\.users/u, "--except-user"],
  [/^sessions\.console/u, "--console"],
  [/^connection\.user/u, "--user"],
  [/^connection\.privateKeyFile/u, "--identity"],
  [/^connection\.passwordEnv/u, "--password-env"],
  [/^connection\.passphraseEnv/u, "--passphrase-env"],
  [/^connection\.knownHostsFile/u, "--known-hosts"],
  [/^connection\.hostKey/u, "--host-key"],
  [/^connection\.strictHostKeyChecking/u, "--accept-new"],
  [/^connection\.jumpHosts/u, "--jump"],
  [/^connection\.sshConfig/u, "--ssh-config"],
  [/^connection\.algorithms/u, "--legacy-algorithms"],
  [/^drain/u, "--drain"],
  [/^warn\.gracePeriod/u, "--grace"],
  [/^warn\.reminders/u, "--remind"],
  [/^warn/u, "--warn"],
  [/^atDeadline/u, "--wait-only"],
  [/^ifStuck/u, "--stuck"],
  [/^ifMissing/u, "--if-missing"],
  [/^limits\.sessionsPerHost/u, "--limit-per-host"],
  [/^limits/u, "--limit"],
  [/^rollout\.parallel/u, "--parallel"],
  [/^rollout\.waves/u, "--waves"],
  [/^rollout\.pause/u, "--pause"],
  [/^rollout\.maxFailures/u, "--max-failures"],
  [/^failOn/u, "--fail-on"],
  [/^window/u, "--window"],
  [/^timeouts\.connect/u, "--timeout-connect"],
  [/^timeouts\.logoff/u, "--timeout-logoff"],
  [/^timeouts/u, "--timeout"],
  [/^report/u, "--report"],
];

/** Advice about inputs of a program, and the same advice for the command line. */
const rewordings: readonly (readonly [path: RegExp, message: RegExp, instead: string])[] = [
  [
    /^sessions/u,
    /IDs for several hosts/u,
    "must not name IDs for several hosts, where they are different people: give one host, or names or users",
  ],
  [/^connection\.hostKey/u, /each host/u, "must be given with one host only: for several give --known-hosts"],
  [/^hosts$/u, /empty/u, "must name at least one host"],
  [
    /\.platform$/u,
    /if server is set/u,
    "must not be linux for a server behind a host: only Windows relays, so give that machine as a host of its own",
  ],
];

/** Texts about inputs, and the same in options. */
const words: readonly (readonly [string, string])[] = [
  ["warn.gracePeriod", "--grace"],
  ["gracePeriod", "--grace"],
  ["limits.sessionsPerHost", "--limit-per-host"],
  ["limits.sessions", "--limit"],
  ["rollout.maxFailures", "--max-failures"],
  ["timeouts.total", "--timeout"],
  ["set console: true", "say --console"],
  ['atDeadline is "fail"', "--wait-only was given"],
  ["ifStuck: reset", "--stuck reset"],
  ['algorithms "legacy"', "--legacy-algorithms"],
  ["connection.hostKey", "--host-key"],
  ["connection.sshConfig", "--ssh-config"],
  ["that belongs to connection.password", "give it with --password-env"],
  ['say platform "linux"', "say --platform linux"],
  ['platform says "', '--platform says "'],
];

/** A problem as a line: the option first, then what would be right. */
export function namedProblem(
  { path, message }: PlanProblem,
  request: RunRequest,
  hosts: readonly GivenHost[],
): string {
  const reworded = rewordings.find(([where, what]) => where.test(path) && what.test(message))?.[2];
  return `${nameOf(path, request, hosts)}: ${reworded ?? inOptionWords(namingHosts(message, hosts))}`;
}

/** A message that names another host by what was typed, or by its line, instead of its index. */
function namingHosts(message: string, hosts: readonly GivenHost[]): string {
  return message.replace(/hosts\[([0-9]+)\]/u, (number, index) => {
    const entry = hosts[Number(index)];
    if (entry === undefined) return number;
    return entry.from.startsWith("--") ? `${entry.from} ${printable(entry.text)}` : entry.from;
  });
}

/** A message of the core with option names in place of input names. */
export function inOptionWords(message: string): string {
  return words.reduce((text, [input, option]) => text.replaceAll(input, option), message);
}

function nameOf(path: string, request: RunRequest, hosts: readonly GivenHost[]): string {
  const host = /^hosts\[([0-9]+)\](.*)$/u.exec(path);
  if (host !== null) {
    const entry = hosts[Number(host[1])];
    if (host[2] === ".platform") return "--platform";
    if (host[2] === ".host" && request.eachHost.via !== undefined) return "--via";
    return entry === undefined ? "--host" : entry.from.replace(/:$/u, "");
  }
  if (path === "hosts")
    return request.hostsFile === undefined ? "--host" : `--hosts-file ${printable(request.hostsFile)}`;
  if (path === "sessions")
    return request.operand === undefined ? "The selection" : `"${printable(request.operand)}"`;
  return names.find(([pattern]) => pattern.test(path))?.[1] ?? path;
}
