import type { AskedRow, Backend, LogoffAnswer } from "../../backend/backend";
import type { Detected } from "../../backend/detect";
import type { LogoffError } from "../../base/errors";
import { upTo } from "../../base/text";
import type {
  AskedSession,
  DrainOutcome,
  HostPhase,
  HostReport,
  SessionOutcome,
  WarnedSession,
} from "../../report/report";
import { logonTimesOf, printedTime, type LogonTimes } from "../../session/logon-times";
import {
  describeSession,
  isSamePerson,
  isSameSession,
  type Session,
  type SessionList,
  type Whereabouts,
} from "../../session/session";
import { reasonToStop, type HostAtWork, type PreviousRun } from "./context";

/** The work on one session. */
export interface SessionWork {
  session: Session;
  /** The state in the last listing. */
  where: Whereabouts["is"];
  warned?: WarnedSession;
  /** The warning did not reach the user, who does not count as warned for the next run. */
  untold?: true;
  /** The same user was warned in a previous logon. */
  warnedBefore?: true;
  /** A previous run sent the logoff. */
  sentBefore?: true;
  /** Not selected by this run: it is waited for because a previous run sent its logoff, and no command is sent. */
  waitOnly?: true;
  /** When the first logoff was sent, on the monotonic clock. */
  sentAtMs?: number;
  /** When the command of the present step was sent: the logoff, or the reset that follows it. */
  askedAtMs?: number;
  answer?:
    LogoffAnswer | { readonly kind: "lost" } | { readonly kind: "withheld"; readonly error: LogoffError };
  outcome?: SessionOutcome;
  /** The session was reset, because its logoff did not end it in time. */
  isReset?: true;
  /** Processes that remain although the user is logged out (Linux), as in the last listing. */
  leftover?: Session;
  /** The new logon of the same user under this ID in the last listing; `outcome` is that of the previous logon. */
  returned?: Session;
}

export function sessionWork(session: Session): SessionWork {
  return { session, where: "present" };
}

/** What has happened on a host so far. The steps write into it, so that nothing is lost when one of them throws. */
export interface HostRecord {
  detected?: Detected;
  /** The backend, once the platform is known. Its listings remember our own sessions and the logon times. */
  backend?: Backend;
  /** The logon times of the listings so far. */
  times: LogonTimes;
  readonly work: SessionWork[];
  /** The selection is known. Until then the warnings of a previous run still hold. */
  opened: boolean;
  readonly kept: SessionOutcome[];
  /** The IDs of rows without a user whose logoff nobody sent, in the last listing that was searched for them. */
  nameless: readonly string[];
  missing: readonly string[];
  usedExceptions: readonly string[];
  drained: DrainOutcome;
  commands: readonly string[] | undefined;
  /** A named session does not exist, which fails the host after the rest is done. */
  notFound: LogoffError | undefined;
  readonly warnings: string[];
  readonly phases: HostPhase[];
}

export function blankRecord(earlier?: PreviousRun): HostRecord {
  return {
    times: logonTimesOf([...(earlier?.warned ?? []), ...(earlier?.asked ?? [])]),
    work: [],
    opened: false,
    kept: [],
    nameless: [],
    missing: [],
    usedExceptions: [],
    drained: "no",
    commands: undefined,
    notFound: undefined,
    warnings: [],
    phases: [],
  };
}

/** Whether our drain is in force on the host, as far as is known. */
export function isDrainedByUs(drained: DrainOutcome): drained is "until-restart" | "until-destroy" {
  return drained === "until-restart" || drained === "until-destroy";
}

/** The report of a host, made from its record. */
export function toReport(
  host: HostAtWork,
  record: HostRecord,
  error: LogoffError | undefined,
  durationMs: number,
): HostReport {
  const contacted = host.connection.contacted();
  return {
    host: host.label,
    platform: record.detected?.platform ?? null,
    status: error === undefined ? "ok" : isSkipped(record, error, host) ? "skipped" : "failed",
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    drained: record.drained,
    durationMs,
    warnings: [
      ...new Set([
        ...host.connection.warnings(),
        ...record.warnings,
        ...namelessWarning(record.nameless, host.label),
      ]),
    ],
    sessions: inOrderOfId(
      lastWordOnEach(
        record.kept,
        record.work.map((one) => outcomeOf(one, error, host)),
      ),
    ),
    notFound: record.missing,
    contacted,
    phases: record.phases,
    warned:
      error === undefined
        ? []
        : record.opened
          ? record.work.flatMap(({ warned, untold, outcome }) =>
              warned && !untold && !isGone(outcome) ? [asPrinted(warned, record)] : [],
            )
          : (host.previous?.warned ?? []),
    ...(error === undefined ? {} : askedIn(record, host)),
    ...(record.commands === undefined ? {} : { commands: record.commands }),
  };
}

/** Whether the host is skipped and not failed: the run ended before a logoff was sent to it, or before it was contacted. */
function isSkipped({ work }: HostRecord, { code, untried }: LogoffError, host: HostAtWork): boolean {
  if (untried || !host.connection.contacted()) return true;
  return code === reasonToStop(host)?.code && work.every(({ sentAtMs }) => sentAtMs === undefined);
}

/** Sessions that may be closing because this run sent a logoff, or a previous run if this one never got that far. */
function askedIn(record: HostRecord, { previous }: HostAtWork): Pick<HostReport, "asked"> {
  if (!record.opened) return previous?.asked === undefined ? {} : { asked: previous.asked };
  const asked = record.work.flatMap(({ session, sentAtMs, sentBefore, outcome }): AskedSession[] => {
    const { id, user = "" } = session;
    const mayBeClosing =
      outcome === undefined || outcome.outcome === "still-present" || outcome.outcome === "failed";
    if ((sentAtMs === undefined && !sentBefore) || !mayBeClosing) return [];
    const logonTime = printedTime(record.times, session) ?? session.logonTime;
    return [{ id, user, ...(logonTime === undefined ? {} : { logonTime }), logoffSent: true }];
  });
  return asked.length === 0 ? {} : { asked };
}

/** Sessions whose logoff was sent, by this run or a previous one. */
export function sentIn(
  { work }: HostRecord,
  { previous }: Pick<HostAtWork, "previous">,
): readonly AskedRow[] {
  const sent = work.filter(({ sentAtMs }) => sentAtMs !== undefined);
  return [...sent.map(({ session }) => session), ...(previous?.asked ?? [])];
}

/** The rows without a user that may belong to somebody. Rows with work are closing. */
export function namelessIn(list: SessionList, work: readonly SessionWork[]): readonly string[] {
  const tracked = new Set(work.map(({ session }) => session.id));
  return list.flatMap(({ id, user, kind }) =>
    user === undefined && kind === "user" && !tracked.has(id) ? [id] : [],
  );
}

/** The number of IDs that a warning names; the others are counted. */
const namedIds = 10;

function namelessWarning(ids: readonly string[], label: string): readonly string[] {
  const [first] = ids;
  if (first === undefined) return [];
  return [
    `"${label}" lists ${ids.length === 1 ? "a session" : "sessions"} without a user (ID ${upTo(namedIds, ids)}): left alone, since the user is unknown`,
  ];
}

/** The outcome of a session that is gone without a logoff of this run: a warned user has followed the warning. */
export function goneByItself({ session, warned, sentBefore }: SessionWork): SessionOutcome {
  if (warned !== undefined) return { session, outcome: "left" };
  return { session, outcome: sentBefore === true ? "logged-off" : "already-gone" };
}

/** The next run compares the logon time with the one that the host prints then, so it needs the time that was printed last. */
function asPrinted(warned: WarnedSession, { times }: HostRecord): WarnedSession {
  const logonTime = printedTime(times, warned) ?? warned.logonTime;
  return logonTime === undefined ? warned : { ...warned, logonTime };
}

function isGone(outcome: SessionOutcome | undefined): boolean {
  return outcome !== undefined && ["logged-off", "left", "already-gone"].includes(outcome.outcome);
}

/** A session whose turn never came has the outcome of the error that stopped its host; a logoff that was sent may have worked. */
function outcomeOf(
  one: SessionWork,
  error: LogoffError | undefined,
  { label, readOnly, plan }: HostAtWork,
): SessionOutcome {
  if (one.outcome !== undefined && one.returned === undefined) return one.outcome;
  const session = one.returned ?? one.session;
  if (readOnly === "list") return { session, outcome: "listed" };
  if (readOnly === "dry-run")
    return { session, outcome: "would-log-off", ...(plan.atDeadline === "fail" ? { onlyWarned: true } : {}) };
  const sent =
    one.sentAtMs === undefined || one.returned !== undefined
      ? "it was not asked to go"
      : "the logoff was sent, its effect is not known";
  const because = error === undefined ? "" : `: ${error.message}`;
  return {
    session,
    outcome: "failed",
    code: error?.code ?? "command-failed",
    message: `Did not finish session ${describeSession(session)} on "${label}", ${sent}${because}`,
  };
}

/** A session that was kept, matched again and was logged off has two outcomes, of which the later one counts. */
function lastWordOnEach(
  kept: readonly SessionOutcome[],
  taken: readonly SessionOutcome[],
): readonly SessionOutcome[] {
  return [
    ...kept.filter(
      ({ session }) =>
        !taken.some(
          (later) =>
            isSamePerson(later.session, session) ||
            (session.user === undefined && session.id === later.session.id),
        ),
    ),
    ...taken.filter(
      ({ session }, index) => !taken.slice(index + 1).some((later) => isSameSession(later.session, session)),
    ),
  ];
}

/** Created once, because `localeCompare` with options creates one for every comparison. */
const byNumber = new Intl.Collator("en", { numeric: true });

function inOrderOfId(outcomes: readonly SessionOutcome[]): readonly SessionOutcome[] {
  return [...outcomes].sort((a, b) => byNumber.compare(a.session.id, b.session.id));
}
