/**
 * Outputs of `HostUndrain`, as the engine keeps them. They are declared apart from the code so that programs with old compilers can read
 * them.
 */
import type { ErrorCode } from "../../base/errors";

/** The last that is known of one host. */
export interface UndrainHostResult {
  /** How the host ended. `ok`: it has restarted as required, answers, and takes logons. */
  readonly status: "ok" | "failed" | "skipped";
  /**
   * Whether the host takes logons: `undrained` if the drain was lifted, `no` if the host was open already, `already` if somebody else
   * keeps it closed, `left` if the drain is still in force as far as is known.
   */
  readonly drained: "undrained" | "no" | "already" | "left";
  /** The boot ID with which the host answered last. Absent if it was not read. */
  readonly bootId?: string;
  /** Why the host is not done. Present exactly when the status is `failed` or `skipped`. */
  readonly error?: {
    /** What went wrong; it tells what to do next. */
    readonly code: ErrorCode;
    /** The details, without a credential: at most 300 characters. */
    readonly message: string;
  };
}

/** All outputs that are not inputs. None has the name of an input. */
export interface UndrainResults {
  /** Identities (`rdsh01.corp.example:22`) of the hosts that take logons again, in the order of `hosts`. */
  readonly readyHosts: readonly string[];
  /** The last known of every host, by identity. A host that no run has reported yet is absent. */
  readonly hostResults: Readonly<Record<string, UndrainHostResult>>;
  /** When the last run that contacted a host ended, in RFC 3339. Empty before that; a refresh does not change it. */
  readonly finishedAt: string;
  /** The version of the form of these outputs: 1. */
  readonly stateVersion: number;
}
