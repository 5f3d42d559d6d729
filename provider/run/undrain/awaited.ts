/** What passes between those who wait for hosts and the wait itself. */
import type { Drain } from "../../backend/backend";
import type { BootId } from "../../backend/boot-id";
import type { Clock } from "../../base/clock";
import type { KeyedMutex } from "../../base/concurrency";
import type { ConnectionSlots } from "../../base/connection-slots";
import type { LogoffError } from "../../base/errors";
import type { Connect, Host, Platform } from "../../connection";
import type { OnProgress } from "../../report/events";

/** A host that is expected to be back after a restart. */
export interface AwaitedHost {
  readonly host: Host;
  /** The drains that may be lifted; `any`: whatever closes the host, which `forced` also tries on Linux where the file is not ours. */
  readonly lifts: readonly Drain[] | "any" | "forced";
  /** The boot ID before the restart; null: a restart is required and its boot ID is not known; absent: no restart is required. */
  readonly restartedSince?: BootId | null;
}

export interface AwaitOptions {
  /** The most hosts that are visited at a time. Hosts that are only waited for do not count. */
  readonly parallel: number;
  readonly commandMs: number;
  /** Milliseconds until a host that is not back fails. */
  readonly totalMs: number;
}

/** What a front passes to wait for hosts. */
export interface AwaitDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  /** Limits the connections of the process; the caller has made room. */
  readonly slots: ConnectionSlots;
  /** Locks hosts: runs that share a host take turns on it. */
  readonly turns: KeyedMutex;
  readonly onProgress: OnProgress;
  /** Ends the wait; `signal` instead drops everything. Absent: no stop. */
  readonly stop?: AbortSignal;
}

export interface AwaitOutcome {
  readonly host: string;
  /** `ok`: it accepts logons; `skipped`: it was not contacted. */
  readonly status: "ok" | "failed" | "skipped";
  /**
   * `undrained`: we lifted its drain; `no`: it was open; `already`: somebody else has closed it; `left`: our drain is in force, as far as is
   * known.
   */
  readonly drained: "undrained" | "no" | "already" | "left";
  readonly error?: LogoffError;
  /** As of the last look; absent: unknown. */
  readonly bootId?: BootId;
  readonly platform?: Platform;
  readonly contacted: boolean;
  readonly warnings: readonly string[];
  /** How long the host was awaited, in milliseconds. */
  readonly durationMs: number;
}
