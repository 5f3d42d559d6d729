import type { Query } from "../../backend/backend";
import type { BootId } from "../../backend/boot-id";
import type { Detected } from "../../backend/detect";
import { firstContact, together } from "../../backend/first-contact";
import { aborted } from "../../base/abort";
import { LogoffError } from "../../base/errors";
import type { Plan, WarnPlan } from "../../plan/plan";
import type { SessionOutcome } from "../../report/report";
import { isOneByOne } from "../../session/recheck";
import { select, selected, type Selection } from "../../session/select";
import type { Selector } from "../../session/selector";
import {
  describeSession,
  isSamePerson,
  isSameSession,
  type Session,
  type SessionList,
} from "../../session/session";
import { reasonToStop, type RunContext } from "../context";
import { detectedHost, readListing, type DetectedHost } from "./detected-host";
import { drain } from "./drain";
import { namelessIn, type HostRecord } from "./record";
import {
  finishedBefore,
  isDrainedByUs,
  sessionWork,
  settle,
  type PreviousRun,
  type SessionWork,
} from "./state";
import { adoptWarnings } from "./warn";

/**
 * Detects, lists and selects; then drains and lists again. A host that must be refused is refused before anything is changed on it. The
 * selected sessions are in the record afterwards.
 * @throws LogoffError `session-protected`, `limit-exceeded`, `drain-failed`, and all errors of a query
 */
export async function prepare(run: RunContext, record: HostRecord): Promise<DetectedHost> {
  const { clock, stop, readOnly } = run;
  if (stop.aborted) throw aborted(stop);
  const reason = readOnly === undefined ? reasonToStop(run) : undefined;
  // Outside the window a host that has not started is not even contacted.
  if (reason !== undefined) throw reason;
  record.begin();
  run.onProgress({ type: "host-started", host: record.label });
  const startedAtMs = clock.now();
  return selectAndDrain(run, record).finally(() => record.spent("connected", startedAtMs));
}

/** How long the first listing may take the place of the second, in milliseconds from when it was asked for. */
const recentForMs = 2_000;

/**
 * Whether later listings are read as the first one was. A text before each answer may change, and a host whose sessions cannot be listed any more must
 * be refused before anybody is logged off.
 */
function isSilent({ greeting, errorGreeting }: Detected): boolean {
  return greeting === undefined && errorGreeting === undefined;
}

async function selectAndDrain(run: RunContext, record: HostRecord): Promise<DetectedHost> {
  const { plan, readOnly, onProgress } = run;
  const { state, label, plan: hostPlan, connection } = record;
  await connection.open();
  const listedAtMs = run.clock.now();
  const asksBootId = readOnly === undefined && hostPlan.host.server === undefined;
  const { detected, sessions, bootId } = await connection.ask(
    firstContact(hostPlan.host, hostPlan.host.platform, { bootId: asksBootId }),
  );
  state.detected = detected;
  onProgress({ type: "host-connected", host: label, platform: detected.platform });
  const host = detectedHost(run, record);
  const { backend } = host;
  for (const caveat of backend.caveats({ states: hostPlan.selector.states, drain: plan.drain }))
    record.warn(caveat);
  const isBootIdOpen = asksBootId && bootId === undefined;
  const [listed, readLater] =
    sessions !== undefined && !isBootIdOpen
      ? [readListing(run, record, sessions), null]
      : await connection.ask(
          together<SessionList, BootId | null | undefined>(
            backend.list(),
            isBootIdOpen ? backend.bootId() : nothing,
          ),
        );
  if (asksBootId) noteBootId(bootId ?? readLater ?? null, record);
  selectFrom(listed, run, host, record);
  if (readOnly !== undefined) {
    state.commands = commandsFor(run, host, state.work);
  } else if (plan.drain !== "none" && (await drain(run, host, record, plan.drain))) {
    selectFrom(await connection.ask(backend.list()), run, host, record);
  } else if (plan.warn === null && isSilent(detected)) {
    record.recent = { list: listed, untilMs: listedAtMs + recentForMs };
  }
  if (plan.warn !== null) adoptWarnings(run, record, plan.warn, state.work);
  state.isSelected = true;
  if (readOnly !== undefined) return host;
  settleGone(record, plan.warn);
  noteSelected(run, record);
  return host;
}

/** Notes whose sessions a run that goes on with this one has to give an account of. */
export function noteSelected({ journal }: RunContext, { label, state }: HostRecord): void {
  journal.add({ note: "selected", host: label, sessions: state.work.map(({ session }) => session) });
}

/** Sessions of the interrupted run that are gone now: they are not listed, and belong to the report all the same. */
function settleGone({ state }: HostRecord, warn: WarnPlan | null): void {
  const { selected: before = [], warned, asked = [] } = state.previous;
  for (const session of before) {
    const isListed = [...state.work, ...state.kept].some((one) => isSamePerson(one.session, session));
    if (isListed) continue;
    const askedBefore = asked.some((one) => isSamePerson(one, session));
    const wasWarned = warn !== null && warned.some((one) => isSamePerson(one, session));
    const outcome = askedBefore ? "logged-off" : wasWarned ? "left" : "already-gone";
    const one: SessionWork = { ...sessionWork(session), place: { is: "gone" }, askedBefore };
    settle(one, finishedBefore(state.previous, session) ?? { session, outcome });
    state.work.push(one);
  }
}

/** With `ifArrived: ignore`, sessions that arrived after the first selection of the interrupted run are kept. */
function arrivedSince(
  session: Session,
  { selected: before }: PreviousRun,
  { ifArrived }: Plan,
  selector: Selector,
): boolean {
  if (before === undefined || ifArrived === "include" || isOneByOne(selector)) return false;
  return !before.some((one) => isSameSession(one, session));
}

const nothing: Query<null> = { commands: [], parse: () => null };

function noteBootId(bootId: BootId | null, record: HostRecord): void {
  record.state.bootId = bootId;
  if (bootId === null)
    record.warn("Its boot ID cannot be read, so nothing will tell whether it has restarted after this run");
}

/** Puts the selected sessions of a listing into the record. Refuses the host if one of them is protected or there are too many. */
function selectFrom(
  sessions: SessionList,
  { plan, readOnly, onProgress }: RunContext,
  host: DetectedHost,
  record: HostRecord,
): void {
  const { label, state } = record;
  const { selector } = host.plan;
  const selection = select(sessions, selector);
  const wanted = selected(selection);
  onProgress({
    type: "host-listed",
    host: label,
    sessions: selection.decisions.length,
    selected: wanted.length,
  });
  note(selection, plan.ifMissing, record);
  if (readOnly !== "list") warnOfConsole(selection, record);
  const arrived = wanted.filter((session) => arrivedSince(session, state.previous, plan, selector));
  state.work = wanted.filter((session) => !arrived.includes(session)).map(sessionWork);
  state.kept = [
    ...state.kept,
    ...arrived.map((session) => ({ session, outcome: "kept", reason: "arrived-later" }) as const),
  ];
  if (readOnly === undefined) adoptLogoffs(sessions, host, record);
  const awaited = state.work.map(({ session }) => session.id);
  state.nameless = namelessIn(sessions, state.work);
  // A mere list may name any session.
  if (readOnly === "list") return;
  const soFar = isDrainedByUs(state.drained)
    ? "nobody was logged off on this host"
    : "nothing was changed on this host";
  // A session that is closing because of a previous run is no error.
  const refused = selection.protected.find(
    ({ session: { id, user } }) => user !== undefined || !awaited.includes(id),
  );
  if (refused !== undefined) throw protectedError(label, refused, soFar);
  const limit = plan.limits.sessionsPerHost;
  if (limit !== null && wanted.length > limit) {
    throw new LogoffError(
      "limit-exceeded",
      `Cannot log off ${wanted.length} sessions on "${label}": \`limits.sessionsPerHost\` allows ${limit}; ${soFar}`,
    );
  }
}

/**
 * Adopts the logoffs that a previous run sent. A row that has lost its user since then is closing and is waited for; another logoff is sent
 * only if the user reappears and is still selected.
 */
function adoptLogoffs(
  sessions: SessionList,
  { plan: { selector } }: DetectedHost,
  { state }: HostRecord,
): void {
  for (const { id, user, logonTime } of state.previous.asked ?? []) {
    const row = sessions.find((session) => session.id === id);
    if (row === undefined) continue;
    const session = { ...row, user, ...(logonTime === undefined ? {} : { logonTime }) };
    const known = state.work.find((one) => isSameSession(one.session, session));
    if (known !== undefined) known.askedBefore = true;
    if (row.user !== undefined || row.kind !== "user") continue;
    state.work.push({
      ...sessionWork(session),
      place: { is: "closing" },
      askedBefore: true,
      waitOnly: selected(select([session], selector)).length === 0,
    });
    state.kept = state.kept.filter((kept) => kept.session.id !== id);
  }
}

/** Records the sessions that are kept. A second selection replaces the first. */
function note(selection: Selection, ifMissing: "ignore" | "fail", record: HostRecord): void {
  const { state, label } = record;
  state.kept = selection.decisions.flatMap((decision): SessionOutcome[] =>
    decision.action === "keep"
      ? [{ session: decision.session, outcome: "kept", reason: decision.reason }]
      : [],
  );
  state.usedExceptions = selection.usedExceptions;
  state.missing = selection.missing;
  const { missing } = selection;
  const [first] = missing;
  if (ifMissing === "ignore")
    for (const name of missing) record.warn(`Session "${name}": ${whyMissing(name, selection)}`);
  else if (first !== undefined)
    state.notFound = `Cannot log off session "${first}" on "${label}": ${whyMissing(first, selection)}`;
}

/** Warns of users who are kept because of the console. A session that was named individually refuses the host instead. */
function warnOfConsole(selection: Selection, record: HostRecord): void {
  for (const decision of selection.decisions) {
    if (decision.action !== "keep" || decision.reason !== "console") continue;
    if (selection.protected.some(({ session }) => session === decision.session)) continue;
    const who = describeSession(decision.session);
    record.warn(`Kept session ${who}: it is the console; use \`sessions.console: true\` to log it off`);
  }
}

function whyMissing(name: string, { decisions, closing }: Selection): string {
  const present = decisions.flatMap(({ session }) =>
    session.user === undefined ? [] : [describeSession(session)],
  );
  const who = present.length === 0 ? "nobody is logged on" : `logged on: ${present.join(", ")}`;
  const what = closing.includes(name)
    ? "it is already closing, and its user is logged out"
    : "no such session";
  return `${what}; ${who}`;
}

function protectedError(
  label: string,
  { session, reason }: Selection["protected"][number],
  soFar: string,
): LogoffError {
  const what = `session ${describeSession(session)} on "${label}"`;
  return new LogoffError("session-protected", `Cannot log off ${what}: ${reason}; ${soFar}`);
}

/** The exact commands that a real run would send now, in order. A host is drained even if it has no sessions. */
function commandsFor(
  { plan }: RunContext,
  { backend }: DetectedHost,
  wanted: readonly SessionWork[],
): readonly string[] {
  const { warn } = plan;
  const sessions = wanted.map(({ session }) => session);
  return [
    ...(plan.drain === "none" ? [] : [backend.drain(plan.drain).command]),
    ...(warn === null
      ? []
      : sessions.flatMap(
          (session) => backend.warn(session, warn.message, warn.gracePeriodMs / 1000).action?.command ?? [],
        )),
    ...(plan.atDeadline === "fail" ? [] : sessions.map((session) => backend.logOff(session).command)),
  ];
}
