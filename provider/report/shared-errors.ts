/** Groups hosts by error, so that an error shared by many hosts is printed once. */
import type { ReportedError } from "./report";

/** A host and its error. */
export interface HostError {
  readonly host: string;
  /** Hosts with different statuses never share an error. */
  readonly status?: string;
  readonly error?: ReportedError;
}

/** An error and all its hosts, at least one, in their original order. */
export interface SharedError extends ReportedError {
  readonly status?: string;
  /** The first host's message, which may name that host. */
  readonly message: string;
  readonly hosts: readonly string[];
}

/** The distinct errors of the hosts, in the order of their first hosts. Hosts without an error are omitted. */
export function sharedErrors(hosts: Iterable<HostError>): readonly SharedError[] {
  const tally = errorTally();
  for (const host of hosts) tally.add(host);
  return tally.all();
}

/** Groups hosts by error as they are added. */
export interface ErrorTally {
  /** Adds a host. @returns the first host with the same error; undefined for that host itself and for a host without an error */
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

/** An error with the hosts to name. */
export interface ToldError extends SharedError {
  /** Hosts to name in addition to the first. */
  readonly also: readonly string[];
  /** Number of hosts that are only counted. */
  readonly more: number;
}

/** Limits on printed errors. */
export interface ToldLimits {
  /** Maximum number of errors. */
  readonly errors: number;
  /** Maximum number of hosts named in total; each error always names one. */
  readonly hosts: number;
}

/**
 * The first errors within the limits, each with its first host and as many further hosts as the limits allow.
 * @returns the errors, and the number of hosts whose errors are left out
 */
export function toldErrors(
  errors: readonly SharedError[],
  limits: ToldLimits,
): { readonly told: readonly ToldError[]; readonly untold: number } {
  const shown = errors.slice(0, limits.errors);
  let left = Math.max(0, limits.hosts - shown.length);
  const told = shown.map((error): ToldError => {
    const also = error.hosts.slice(1, 1 + left);
    left -= also.length;
    return { ...error, also, more: error.hosts.length - 1 - also.length };
  });
  const untold = errors.slice(limits.errors).reduce((sum, { hosts }) => sum + hosts.length, 0);
  return { told, untold };
}

/** A key that is equal for errors that differ only in the host they name, a duration or a number of attempts. */
function keyOf({ host, status = "" }: HostError, { code, message }: ReportedError): string {
  const general = message
    .replace(ownNames(host), "…")
    .replace(/\b[0-9]+(?:\.[0-9]+)? (?:s|ms|attempts?)\b/gu, "…");
  return [status, code, general].join("\n");
}

/** Matches a host's label, its server or its address as whole words, but not the host through which a server is reached. */
function ownNames(label: string): RegExp {
  const [machine = "", server] = label.split(">");
  const address = machine.replace(/:[0-9]+$/u, "").replace(/^\[|\]$/gu, "");
  // A short name such as "a" is also a word.
  const names = [label, ...[server ?? address].filter((name) => name.length > 2)];
  const escaped = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&"));
  return new RegExp(`(?<![\\w.-])(?:${escaped.join("|")})(?![\\w-]|\\.\\w)`, "giu");
}
