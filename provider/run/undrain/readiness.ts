/** Whether a host that is awaited accepts logons again, from what one look at it shows. Pure. */
import type { Drain, DrainMode } from "../../backend/backend";
import { isRestarted, type BootId } from "../../backend/boot-id";
import { formatDuration } from "../../base/duration";
import type { Platform } from "../../connection";

/** What one connection to a host shows. */
export interface Seen {
  readonly platform: Platform;
  /** Absent: it could not be read. */
  readonly bootId?: BootId;
  /** Whether clients can log on: Windows lists a listener, or the host runs Linux. */
  readonly listens: boolean;
  readonly mode: DrainMode;
}

/** The first look that showed another boot ID. */
export interface Reading {
  readonly bootId: BootId;
  /** When, in milliseconds since the wait began. */
  readonly atMs: number;
  /** Whether a second look, on another connection and at least {@link secondReadingMs} later, showed the same. */
  readonly isConfirmed: boolean;
}

/** What is required of an awaited host. */
export interface Required {
  /** The boot ID before the restart; absent: a restart is not required. */
  readonly restartedSince?: BootId;
  /** The drains that may be lifted; `any`: whatever closes the host, which `forced` also tries on Linux where the file is not ours. */
  readonly lifts: readonly Drain[] | "any" | "forced";
}

/**
 * A host that still shuts down answers for a while, and its boot ID may change before it is gone: so long apart are the two looks that must
 * agree.
 */
export const secondReadingMs = 15_000;

/** What is still missing, as the end of a sentence about the host. */
export interface NotYet {
  readonly is: "not-yet";
  /** Whether it is the restart that is missing, or a proof of it. */
  readonly lacksRestart: boolean;
  readonly why: string;
  readonly reading: Reading | null;
  /** When to look again; absent: after a usual pause. */
  readonly comeAgainInMs?: number;
}

export type Readiness =
  | NotYet
  /** Open for logons. */
  | { readonly is: "open"; readonly reading: Reading | null }
  /** Closed by a drain that may be lifted. */
  | { readonly is: "to-lift"; readonly reading: Reading | null }
  /** Closed by somebody else. */
  | { readonly is: "closed-by-another"; readonly reading: Reading | null };

/** Judges a look at a host. @param nowMs milliseconds since the wait began */
export function readiness(seen: Seen, required: Required, before: Reading | null, nowMs: number): Readiness {
  const restart = restartOf(seen, required, before, nowMs);
  if (restart !== null && "is" in restart) return restart;
  const reading = restart;
  const notYet = (why: string): NotYet => ({ is: "not-yet", lacksRestart: false, why, reading });
  if (!seen.listens) return notYet("it lists no listener for logons yet");
  switch (seen.mode) {
    case "open":
      return { is: "open", reading };
    case "starting":
      return notYet("its system refuses logons while it starts");
    case "until-restart":
    case "until-destroy":
    case "other":
      return { is: mayLift(seen.mode, required) ? "to-lift" : "closed-by-another", reading };
  }
}

/** Whether a mode is one that may be lifted. */
export function mayLift(mode: DrainMode, { lifts }: Pick<Required, "lifts">): boolean {
  return typeof lifts === "string" || lifts.some((one) => one === mode);
}

function restartOf(
  { bootId }: Seen,
  { restartedSince }: Required,
  before: Reading | null,
  nowMs: number,
): Reading | null | NotYet {
  if (restartedSince === undefined) return null;
  const lacking = (why: string): NotYet => ({ is: "not-yet", lacksRestart: true, why, reading: null });
  const restarted = bootId === undefined ? undefined : isRestarted(restartedSince, bootId);
  if (bootId === undefined || restarted === undefined)
    return lacking("its boot ID cannot be read, so nothing tells whether it has restarted");
  if (!restarted) return lacking("it has not restarted: its boot ID is unchanged");
  const isSame = before !== null && isRestarted(before.bootId, bootId) === false;
  if (isSame && (before.isConfirmed || nowMs - before.atMs >= secondReadingMs))
    return { ...before, isConfirmed: true };
  const reading = isSame ? before : { bootId, atMs: nowMs, isConfirmed: false };
  return {
    is: "not-yet",
    lacksRestart: false,
    why: `it has restarted, which a second look confirms ${formatDuration(secondReadingMs)} later`,
    reading,
    comeAgainInMs: reading.atMs + secondReadingMs - nowMs,
  };
}
