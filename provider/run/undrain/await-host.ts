/** One awaited host: looks at it again and again until it accepts logons, in visits between which nothing is held. */
import { backendFor, detection } from "../../backend/detect";
import { together } from "../../backend/first-contact";
import { aborted } from "../../base/abort";
import { formatDuration } from "../../base/duration";
import { asLogoffError, LogoffError, type ErrorCode } from "../../base/errors";
import type { Host } from "../../connection";
import { HostConnection, isAnswerLost } from "../host-connection";
import type { AwaitDeps, AwaitedHost, AwaitOptions, AwaitOutcome } from "./awaited";
import { mayLift, readiness, type NotYet, type Reading, type Required, type Seen } from "./readiness";

/** What is known of an awaited host between two visits: plain data without credentials. */
export interface AwaitState {
  /** Milliseconds that the wait lasted until the end of the last visit. */
  readonly elapsedMs: number;
  /** Visits in a row that found the same thing missing. */
  readonly repeats: number;
  readonly reading: Reading | null;
  /** What the last visit found missing. */
  readonly notYet: Pick<NotYet, "why" | "lacksRestart"> | null;
  /** The last look that succeeded. */
  readonly seen: Seen | null;
  readonly contacted: boolean;
  readonly warnings: readonly string[];
}

/** Before the first visit. */
export const firstAwaitState: AwaitState = {
  elapsedMs: 0,
  repeats: 0,
  reading: null,
  notYet: null,
  seen: null,
  contacted: false,
  warnings: [],
};

/** What the visits of all awaited hosts have in common. */
export interface AwaitRun extends AwaitDeps {
  readonly options: AwaitOptions;
  /** Drops everything. */
  readonly signal: AbortSignal;
}

export type AwaitVisited =
  { readonly state: AwaitState; readonly comeAgainInMs: number } | { readonly outcome: AwaitOutcome };

/** Looks at a host once, on one connection, and lifts its drain if it is ready. @param waitedMs since the last visit. Never rejects. */
export async function visitAwaited(
  run: AwaitRun,
  asked: AwaitedHost,
  before: AwaitState,
  waitedMs: number,
): Promise<AwaitVisited> {
  const { clock, connect, signal, options } = run;
  const { label } = asked.host;
  const startMs = clock.now();
  const now = (): number => before.elapsedMs + waitedMs + clock.now() - startMs;
  const awaited: Host = { ...asked.host, awaited: true };
  const connection = new HostConnection(awaited, { connect, clock, signal }, options.commandMs);
  const required = requiredOf(asked);
  const stateWith = (more: Partial<AwaitState>): AwaitState => ({
    ...before,
    ...more,
    elapsedMs: now(),
    contacted: before.contacted || connection.contacted,
    warnings: [...new Set([...before.warnings, ...connection.warnings])],
  });
  const failed = (thrown: unknown, more: Partial<AwaitState>): AwaitVisited => {
    const error = asLogoffError(thrown, "command-failed", `Cannot ask "${label}"`);
    const known = stateWith(more);
    if (!mayPass(error)) return { outcome: outcomeOf(asked, known, drainedNow(asked, known), error) };
    return comeAgain(run, asked, before, known, {
      lacksRestart: false,
      why: `last seen: ${error.message}`,
      ...(error.retryInMs === undefined ? {} : { comeAgainInMs: error.retryInMs }),
    });
  };
  try {
    const { seen, backend } = await lookAt(asked.host, connection);
    const ready = readiness(seen, required, before.reading, now());
    const known = stateWith({ seen, reading: ready.reading });
    switch (ready.is) {
      case "not-yet":
        return comeAgain(run, asked, before, known, ready);
      case "open":
        return { outcome: outcomeOf(asked, known, "no") };
      case "closed-by-another":
        return { outcome: outcomeOf(asked, known, "already", closedByAnother(label, seen)) };
      case "to-lift": {
        const refused = await connection
          .perform(backend.undrain({ force: required.lifts === "forced" }), options.commandMs)
          .catch((thrown: unknown) => asLogoffError(thrown, "drain-failed", `Cannot undrain "${label}"`));
        const mode = await connection.ask(backend.drainMode()).catch((thrown: unknown) => ({ thrown }));
        if (typeof mode === "object") return failed(mode.thrown, { seen, reading: ready.reading });
        const after = stateWith({ seen: { ...seen, mode }, reading: ready.reading });
        if (mode === "open") return { outcome: outcomeOf(asked, after, "undrained") };
        // A command whose answer was lost proves nothing: the host may be restarting again.
        if (refused instanceof LogoffError && isAnswerLost(refused))
          return failed(refused, { seen: { ...seen, mode }, reading: ready.reading });
        const error = refused instanceof LogoffError ? refused : stillClosed(label, mode);
        return { outcome: outcomeOf(asked, after, "left", error) };
      }
    }
  } catch (thrown) {
    return failed(thrown, {});
  } finally {
    await connection.release();
  }
}

async function lookAt(host: Host, connection: HostConnection) {
  const detected = await connection.ask(detection(host.label, host.platform));
  const backend = backendFor(detected, host);
  const [sessions, bootId] = await connection.ask(together(backend.list(), backend.bootId()));
  const mode = await connection.ask(backend.drainMode());
  const { platform } = detected;
  const listens = platform === "linux" || sessions.some(({ kind }) => kind === "listener");
  const seen: Seen = { platform, listens, mode, ...(bootId === undefined ? {} : { bootId }) };
  return { seen, backend };
}

function requiredOf({ restartedSince, lifts }: AwaitedHost): Required {
  return { lifts, ...(restartedSince == null ? {} : { restartedSince }) };
}

/** The shortest and the longest pause between two visits. */
const [shortPauseMs, longPauseMs] = [5000, 30_000];

/** The next visit, or the outcome if the time is over. Pauses grow while nothing changes. */
function comeAgain(
  { options, onProgress }: AwaitRun,
  asked: AwaitedHost,
  before: AwaitState,
  known: AwaitState,
  { why, lacksRestart, comeAgainInMs }: Pick<NotYet, "why" | "lacksRestart" | "comeAgainInMs">,
): AwaitVisited {
  const { label } = asked.host;
  const isNews = before.notYet?.why !== why;
  if (isNews) onProgress({ type: "host-awaited", host: label, why });
  const repeats = isNews ? 0 : before.repeats + 1;
  const leftMs = options.totalMs - known.elapsedMs;
  if (leftMs <= 0) {
    const error = tooLate(label, { why, lacksRestart }, options.totalMs);
    return { outcome: outcomeOf(asked, known, drainedNow(asked, known), error) };
  }
  // Hosts that were put off together must not come again together.
  const pauseMs =
    comeAgainInMs === undefined
      ? Math.min(longPauseMs, shortPauseMs * 1.5 ** repeats) * (0.8 + 0.4 * Math.random())
      : comeAgainInMs + 1000 * Math.random();
  return {
    state: { ...known, repeats, notYet: { why, lacksRestart } },
    comeAgainInMs: Math.min(pauseMs, leftMs),
  };
}

/** What a stop leaves of a host that is not back. */
export function stopAwaiting(
  { host, lifts }: AwaitedHost,
  known: AwaitState,
  stop: AbortSignal,
): AwaitOutcome {
  const { code } = aborted(stop);
  const last = known.notYet === null ? "" : `; ${known.notYet.why}`;
  const what = `Stopped waiting for "${host.label}": it may still refuse new logons${last}`;
  const error = new LogoffError(code, what);
  return outcomeOf({ host }, known, drainedNow({ lifts }, known), error);
}

/** A restart was to be proven, and the boot ID from before it is not known. */
export function unprovable({ host, lifts }: AwaitedHost): AwaitOutcome {
  const message = `Cannot tell whether "${host.label}" has restarted: its boot ID from before the restart is not known, so it is left as it is`;
  const error = new LogoffError("not-restarted", message);
  return outcomeOf({ host }, firstAwaitState, drainedNow({ lifts }, firstAwaitState), error);
}

function tooLate(
  label: string,
  { why, lacksRestart }: Pick<NotYet, "why" | "lacksRestart">,
  ms: number,
): LogoffError {
  const time = formatDuration(ms);
  return lacksRestart
    ? new LogoffError("not-restarted", `Cannot undrain "${label}": it did not restart within ${time}; ${why}`)
    : new LogoffError("not-back", `Cannot undrain "${label}": it was not back within ${time}; ${why}`);
}

function closedByAnother(label: string, { mode }: Seen): LogoffError {
  return new LogoffError(
    "drain-failed",
    `Cannot undrain "${label}": somebody else has closed it (its mode is "${mode}"), so it is left as it is`,
  );
}

function stillClosed(label: string, mode: string): LogoffError {
  return new LogoffError("drain-failed", `Cannot undrain "${label}": its mode is still "${mode}"`);
}

/** Errors that time does not heal. A host that shuts down or starts may fail in any other way, and even answer like no system that we know. */
const lasting: readonly ErrorCode[] = [
  "plan-invalid",
  "host-key-unknown",
  "host-key-changed",
  "host-key-revoked",
  "auth-unavailable",
  "no-common-algorithm",
  "aborted",
];

function mayPass(error: LogoffError): boolean {
  const { code, cause, isProven, retryInMs } = error;
  if (code === "auth-rejected") return isProven || retryInMs !== undefined;
  // A jump host that rejects a login is not asked again, for that could lock the account.
  if (code === "jump-host-failed" && cause instanceof LogoffError)
    return cause.code !== "auth-rejected" && mayPass(cause);
  return !lasting.includes(code);
}

/** Whether a host that is not opened is closed, and by whom, as far as is known. */
function drainedNow(asked: Pick<AwaitedHost, "lifts">, { seen }: AwaitState): AwaitOutcome["drained"] {
  if (seen === null) return "left";
  if (seen.mode === "open") return "no";
  return mayLift(seen.mode, asked) ? "left" : "already";
}

function outcomeOf(
  { host }: Pick<AwaitedHost, "host">,
  { seen, contacted, warnings, elapsedMs }: AwaitState,
  drained: AwaitOutcome["drained"],
  error?: LogoffError,
): AwaitOutcome {
  return {
    host: host.label,
    status: error === undefined ? "ok" : contacted ? "failed" : "skipped",
    drained,
    ...(error === undefined ? {} : { error }),
    ...(seen?.bootId === undefined ? {} : { bootId: seen.bootId }),
    ...(seen === null ? {} : { platform: seen.platform }),
    contacted,
    warnings,
    durationMs: Math.round(elapsedMs),
  };
}
