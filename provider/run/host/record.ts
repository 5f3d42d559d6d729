import type { LogoffError } from "../../base/errors";
import { upTo } from "../../base/text";
import type { HostPlan } from "../../plan/plan";
import type { AskedSession, HostPhase, HostReport, SessionOutcome, WarnedSession } from "../../report/report";
import { printedTime } from "../../session/logon-times";
import {
  describeSession,
  isSamePerson,
  isSameSession,
  type Session,
  type SessionList,
} from "../../session/session";
import { reasonToStop, type RunContext, type RunningHost } from "../context";
import { HostConnection } from "../host-connection";
import type { NotedSession } from "../journal";
import {
  isGone,
  outcomeOf,
  sentTo,
  type Failure,
  type HostState,
  type SessionWork,
  type Step,
} from "./state";

/** A listing that is as good as another one until `untilMs` on the monotonic clock of the visit. */
export interface RecentListing {
  readonly list: SessionList;
  readonly untilMs: number;
}

/**
 * What has happened on a host so far. Each step writes to the state as it goes, so that nothing is lost however the host's run ends, and
 * the host can be reported at any moment.
 */
export class HostRecord implements RunningHost {
  readonly state: HostState;
  readonly label: string;
  readonly plan: HostPlan;
  /** The connection of this visit. */
  readonly connection: HostConnection;
  readonly #run: RunContext;
  /** The listing that the sessions were selected from, if nothing was changed and nothing waited for since. */
  recent: RecentListing | undefined;
  /** The end of the grace period on the monotonic clock of this visit. */
  #graceEndsAtMs: number;

  constructor(run: RunContext, plan: HostPlan, state: HostState) {
    this.#run = run;
    this.label = plan.host.label;
    this.plan = plan;
    this.connection = new HostConnection(plan.host, run, run.plan.timeouts.commandMs);
    this.state = state;
    this.#graceEndsAtMs = run.clock.now() + (state.grace?.leftMs ?? 0) - state.waitedMs;
  }

  get graceEndsAtMs(): number {
    return this.#graceEndsAtMs;
  }

  /** Whether a connection was attempted. */
  get contacted(): boolean {
    return this.state.contacted || this.connection.contacted;
  }

  /** The number of connections so far. */
  get connections(): number {
    return this.state.connections + this.connection.connections;
  }

  /** Adds a warning to the host's report. */
  warn(text: string): void {
    this.state.warnings.push(text);
  }

  /** A session as the next run needs it. */
  identityOf(session: Session): NotedSession {
    return identityOf(session, this.state.times);
  }

  begin(): void {
    const { clock, startedAtMs } = this.#run;
    this.state.startedMs = clock.now() - startedAtMs;
    this.spent("waited", startedAtMs);
  }

  /** Records how a part of the host's time was spent. */
  spent(phase: HostPhase["phase"], fromMs: number, toMs = this.#run.clock.now()): void {
    const { startedAtMs } = this.#run;
    this.state.phases.push({
      phase,
      fromMs: Math.round(fromMs - startedAtMs),
      toMs: Math.round(toMs - startedAtMs),
    });
  }

  beginGracePeriod(endsAtMs: number, remindersMs: readonly number[]): void {
    const nowMs = this.#run.clock.now();
    this.#graceEndsAtMs = endsAtMs;
    this.state.grace = { leftMs: endsAtMs - nowMs, remindersMs, sinceMs: nowMs - this.#run.startedAtMs };
  }

  /** Records which reminders are still due. */
  keepReminders(remindersMs: readonly number[]): void {
    const { grace } = this.state;
    if (grace !== null) this.state.grace = { ...grace, remindersMs };
  }

  /** Ends the grace period, if there is one, because its time is over, everybody has left, or the run is stopped. */
  endGracePeriod(): void {
    const { grace } = this.state;
    if (grace === null) return;
    const { clock, startedAtMs } = this.#run;
    this.spent("warned", startedAtMs + grace.sinceMs, Math.min(clock.now(), this.#graceEndsAtMs));
    this.state.grace = null;
  }

  /** The state for the next visit. */
  stateFor(step: Step): HostState {
    const { grace } = this.state;
    const leftMs = this.#graceEndsAtMs - this.#run.clock.now();
    return {
      ...this.state,
      step,
      waitedMs: 0,
      contacted: this.contacted,
      connections: this.connections,
      connectionWarnings: this.#connectionWarnings(),
      grace: grace === null ? null : { ...grace, leftMs },
    };
  }

  /** Records why the host failed. The first failure counts. */
  fail(error: LogoffError): void {
    this.endGracePeriod();
    this.state.failure ??= this.#failureBy(error);
  }

  snapshot(error: LogoffError): HostReport {
    const { code, message } = error;
    const isCancelled = reasonToStop(this.#run) !== undefined;
    return this.#report(
      this.state.failure ?? { error: { code, message }, isSkipped: !this.contacted, isCancelled },
    );
  }

  /** The report of a host whose run has ended. */
  report(): HostReport {
    return this.#report(this.state.failure);
  }

  #report(failure: Failure | null): HostReport {
    const { state, label } = this;
    const { clock, startedAtMs } = this.#run;
    const taken = state.work.map((one) => reportedOutcome(one, failure, this, this.#run));
    const outcomes = [...finishedAndNotBack(state, taken), ...taken];
    const warnings = [...this.#connectionWarnings(), ...state.warnings, ...namelessWarning(state.nameless)];
    return {
      host: label,
      platform: state.detected?.platform ?? null,
      status: failure === null ? "ok" : failure.isSkipped ? "skipped" : "failed",
      ...(failure === null ? {} : { error: failure.error }),
      drained: state.drained,
      durationMs: state.startedMs === null ? 0 : Math.round(clock.now() - startedAtMs - state.startedMs),
      warnings: [...new Set(warnings)],
      sessions: inOrderOfId(lastWordOnEach(state.kept, outcomes)),
      notFound: state.missing,
      contacted: this.contacted,
      phases: [...state.phases],
      warned: failure === null ? [] : warnedIn(state),
      ...(state.bootId === null ? {} : { bootId: state.bootId }),
      ...(failure === null ? {} : askedIn(state)),
      ...(state.commands === null ? {} : { commands: state.commands }),
    };
  }

  #connectionWarnings(): readonly string[] {
    return [...new Set([...this.state.connectionWarnings, ...this.connection.warnings])];
  }

  #failureBy({ code, message, untried }: LogoffError): Failure {
    const reason = reasonToStop(this.#run);
    const isSettling = this.state.step === "settle";
    const isUnsent = this.state.work.every((one) => sentTo(one) === "nothing");
    return {
      error: { code, message },
      isSkipped: untried || !this.contacted || (code === reason?.code && (isUnsent || isSettling)),
      isCancelled: reason !== undefined,
    };
  }
}

/** What the interrupted run reported of people who have gone, unless this run has seen the same person again. */
function finishedAndNotBack(
  { previous: { finished = [] }, kept }: HostState,
  taken: readonly SessionOutcome[],
): readonly SessionOutcome[] {
  return finished.filter(
    ({ session }) => ![...kept, ...taken].some((later) => isSamePerson(later.session, session)),
  );
}

/** Sessions that were warned and may still be there. */
function warnedIn({ isSelected, previous, work, times }: HostState): readonly WarnedSession[] {
  if (!isSelected) return previous.warned;
  return work.flatMap((one): WarnedSession[] => {
    const { warning, session } = one;
    if (warning.is !== "sent" || isGone(one)) return [];
    const { at: warnedAt, remindersMs } = warning;
    return [{ ...identityOf(session, times), warnedAt, remindersMs }];
  });
}

/** Sessions that may be closing because this run sent a logoff, or a previous one did. */
function askedIn({ isSelected, previous, work, times }: HostState): Pick<HostReport, "asked"> {
  if (!isSelected) return previous.asked === undefined ? {} : { asked: previous.asked };
  const asked = work.flatMap((one): AskedSession[] => {
    const outcome = outcomeOf(one)?.outcome;
    const mayBeClosing = outcome === undefined || outcome === "still-present" || outcome === "failed";
    if ((sentTo(one) === "nothing" && !one.askedBefore) || !mayBeClosing) return [];
    return [{ ...identityOf(one.session, times), logoffSent: true }];
  });
  return asked.length === 0 ? {} : { asked };
}

/** The next run compares the logon time with what the host prints then, so it needs the time as last printed. */
function identityOf(session: Session, times: HostState["times"]): NotedSession {
  const { id, user = "" } = session;
  const logonTime = printedTime(times, session) ?? session.logonTime;
  return { id, user, ...(logonTime === undefined ? {} : { logonTime }) };
}

/** The rows without a user that may belong to somebody. Rows that are worked on are closing and left out. */
export function namelessIn(list: SessionList, work: readonly SessionWork[]): readonly string[] {
  const tracked = new Set(work.map(({ session }) => session.id));
  return list.flatMap(({ id, user, kind }) =>
    user === undefined && kind === "user" && !tracked.has(id) ? [id] : [],
  );
}

/** The maximum number of IDs that a warning names; the rest are counted. */
const namedIds = 10;

function namelessWarning(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return [];
  return [
    `Kept the ${ids.length === 1 ? "session" : "sessions"} without a user (ID ${upTo(namedIds, ids)}): nothing tells whose ${ids.length === 1 ? "it is" : "they are"}`,
  ];
}

/** A session without an outcome reports the error that stopped its host, and whether a logoff was sent, which may have worked. */
function reportedOutcome(
  one: SessionWork,
  failure: Failure | null,
  { label }: HostRecord,
  { readOnly, plan }: RunContext,
): SessionOutcome {
  const outcome = outcomeOf(one);
  const isBack = one.place.is === "returned";
  if (outcome !== undefined && !isBack) return outcome;
  const session = one.place.is === "returned" ? one.place.session : one.session;
  if (readOnly === "list") return { session, outcome: "listed" };
  if (readOnly === "dry-run")
    return { session, outcome: "would-log-off", ...(plan.atDeadline === "fail" ? { onlyWarned: true } : {}) };
  const sent =
    (sentTo(one) === "nothing" && !one.askedBefore) || isBack
      ? "no logoff was sent"
      : "the logoff was sent, but its effect is unknown";
  const because = failure === null ? "" : `: ${failure.error.message}`;
  return {
    session,
    outcome: "failed",
    code: failure?.error.code ?? "command-failed",
    message: `Cannot finish session ${describeSession(session)} on "${label}" (${sent})${because}`,
  };
}

/** A session that was kept, matched again and was logged off has two outcomes, and the later one counts. */
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
