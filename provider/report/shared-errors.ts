/** One error that many hosts share: printed once, with the number of hosts and the first of them. */
import type { ReportedError } from "./report";

/** A host and what went wrong there. */
export interface HostError {
  readonly host: string;
  /** Hosts with another status have another error, whatever its message is. */
  readonly status?: string;
  readonly error?: ReportedError;
}

/** An error and all hosts that have it, at least one, in the order in which they came. */
export interface SharedError extends ReportedError {
  readonly status?: string;
  /** The message of the first of the hosts; it may name that host. */
  readonly message: string;
  readonly hosts: readonly string[];
}

/** The errors of many hosts, each once, in the order of the first host that has it. Hosts without an error are left out. */
export function sharedErrors(hosts: Iterable<HostError>): readonly SharedError[] {
  const tally = errorTally();
  for (const host of hosts) tally.add(host);
  return tally.all();
}

/** Tells the first host with an error from the later hosts with the same one. */
export interface ErrorTally {
  /** @returns the first host with the same error; undefined when it is this one, or the host has none */
  readonly add: (host: HostError) => string | undefined;
  readonly all: () => readonly SharedError[];
}

export function errorTally(): ErrorTally {
  const found = new Map<
    string,
    { readonly first: HostError; readonly error: ReportedError; readonly hosts: string[] }
  >();
  return {
    add: (host) => {
      const { error } = host;
      if (error === undefined) return undefined;
      const key = keyOf(host, error);
      const known = found.get(key);
      known?.hosts.push(host.host);
      if (known === undefined) found.set(key, { first: host, error, hosts: [host.host] });
      return known?.first.host;
    },
    all: () =>
      [...found.values()].map(({ first: { status }, error, hosts }) => ({
        ...(status === undefined ? {} : { status }),
        code: error.code,
        message: error.message,
        hosts,
      })),
  };
}

/** An error with as many of its hosts as are named. */
export interface ToldError extends SharedError {
  /** Hosts that are named beside the first. */
  readonly also: readonly string[];
  /** How many hosts are only counted. */
  readonly more: number;
}

/** How much is printed about many errors. */
export interface ToldLimits {
  readonly errors: number;
  /** Hosts that are named in total, but at least one for each error. */
  readonly hosts: number;
}

/**
 * The first errors, each with its first host; further hosts are named as far as the limit allows, so that few are all named.
 * @returns the errors, and how many hosts have others
 */
export function toldErrors(
  errors: readonly SharedError[],
  limits: ToldLimits,
): { readonly told: readonly ToldError[]; readonly untold: number } {
  const shown = errors.slice(0, limits.errors);
  let left = Math.max(0, limits.hosts - shown.length);
  const told = shown.map((one): ToldError => {
    const also = one.hosts.slice(1, 1 + left);
    left -= also.length;
    return { ...one, also, more: one.hosts.length - 1 - also.length };
  });
  const untold = errors.slice(limits.errors).reduce((sum, { hosts }) => sum + hosts.length, 0);
  return { told, untold };
}

/** Equal for errors that differ only in the host that they name, in how long something took and in how often it was tried. */
function keyOf({ host, status = "" }: HostError, { code, message }: ReportedError): string {
  const general = message
    .replace(ownNames(host), "…")
    .replace(/\b[0-9]+(?:\.[0-9]+)? (?:s|ms|attempts?)\b/gu, "…");
  return [status, code, general].join("\n");
}

/** Matches a host's label, its server or its address as whole words. A host in front of others is kept, since they share it. */
function ownNames(label: string): RegExp {
  const [place = "", server] = label.split(">");
  const address = place.replace(/:[0-9]+$/u, "").replace(/^\[|\]$/gu, "");
  // Not "a", which is a word as well.
  const names = [label, ...[server ?? address].filter((name) => name.length > 2)];
  const escaped = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&"));
  return new RegExp(`(?<![\\w.-])(?:${escaped.join("|")})(?![\\w-]|\\.\\w)`, "giu");
}
