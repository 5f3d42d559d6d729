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

/** One session on its way out. */
export interface SessionWork {
  session: Session;
  /** Where the last listing saw it. */
  where: Whereabouts["is"];
  warned?: WarnedSession;
  /** The warning did not reach them: they do not count as warned for the run that goes on with the host. */
  untold?: true;
  /** The same person was warned in a logon before this one. */
  warnedBefore?: true;
  /** A previous run sent its logoff. */
  sentBefore?: true;
  /** This run does not select it: it is waited for because of the logoff that a previous run sent, and is never asked. */
  waitOnly?: true;
  /** When it was asked to go, on the monotonic clock. */
  sentAtMs?: number;
  /** The same for the step that runs: a logoff, or the reset that follows it. */
  askedAtMs?: number;
  answer?:
    LogoffAnswer | { readonly kind: "lost" } | { readonly kind: "withheld"; readonly error: LogoffError };
  outcome?: SessionOutcome;
  /** Its logoff did not end it in time, and it is to be reset. */
  isReset?: true;
  /** Processes of it live on although the person is out (Linux), as the last listing saw them. */
  leftover?: Session;
  /** The same person has logged on again under its ID, as the last listing showed: `outcome` is that of the old logon. */
  returned?: Session;
}

export function sessionWork(session: Session): SessionWork {
  return { session, where: "present" };
}

/** What has happened on a host so far. Steps write into it, so that nothing is lost however they end. */
export interface HostRecord {
  detected?: Detected;
  /** How the host is asked, once that is known. Its listings remember the sessions and times of those before. */
  backend?: Backend;
  /** The logon times of the listings so far. */
  times: LogonTimes;
  readonly work: SessionWork[];
  /** Who is to go is known; before that what an earlier run knew of warnings still holds. */
  opened: boolean;
  readonly kept: SessionOutcome[];
  /** IDs of rows without a user that nobody asked to go, in the last listing that was searched for them. */
  nameless: readonly string[];
  missing: readonly string[];
  usedExceptions: readonly string[];
  drained: DrainOutcome;
  commands: readonly string[] | undefined;
  /** Somebody was named who is not there, and that fails the host after the rest is done. */
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

/** Whether our own drain is in force on the host, as far as we know. */
export function isDrainedByUs(drained: DrainOutcome): drained is "until-restart" | "until-destroy" {
  return drained === "until-restart" || drained === "until-destroy";
}

/** One host's report from its record. */
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

/** Not the host's fault: the run ended before anybody was asked to go here, or before it was spoken to at all. */
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

/** Rows without a user that may belong to somebody. Tracked rows are closing. */
export function namelessIn(list: SessionList, work: readonly SessionWork[]): readonly string[] {
  const tracked = new Set(work.map(({ session }) => session.id));
  return list.flatMap(({ id, user, kind }) =>
    user === undefined && kind === "user" && !tracked.has(id) ? [id] : [],
  );
}

/** How many IDs are named; the others are counted. */
const namedIds = 10;

function namelessWarning(ids: readonly string[], label: string): readonly string[] {
  const [first] = ids;
  if (first === undefined) return [];
  return [
    `"${label}" lists ${ids.length === 1 ? "a session" : "sessions"} without a user (ID ${upTo(namedIds, ids)}): left alone, since the user is unknown`,
  ];
}

/** The outcome of a session that is gone and that this run did not ask to go: a user who was warned has followed the warning. */
export function goneByItself({ session, warned, sentBefore }: SessionWork): SessionOutcome {
  if (warned !== undefined) return { session, outcome: "left" };
  return { session, outcome: sentBefore === true ? "logged-off" : "already-gone" };
}

/** The next run compares times with those that the host prints then, so it needs the time that the host printed last. */
function asPrinted(warned: WarnedSession, { times }: HostRecord): WarnedSession {
  const logonTime = printedTime(times, warned) ?? warned.logonTime;
  return logonTime === undefined ? warned : { ...warned, logonTime };
}

function isGone(outcome: SessionOutcome | undefined): boolean {
  return outcome !== undefined && ["logged-off", "left", "already-gone"].includes(outcome.outcome);
}

/** A session whose turn never came has the outcome of what stopped its host; one that was sent may have worked. */
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

/** Who was kept, matched again and was taken after all has two outcomes: the later one counts. */
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

/** Made once: `localeCompare` with options makes one for every comparison. */
const byNumber = new Intl.Collator("en", { numeric: true });

function inOrderOfId(outcomes: readonly SessionOutcome[]): readonly SessionOutcome[] {
  return [...outcomes].sort((a, b) => byNumber.compare(a.session.id, b.session.id));
}
