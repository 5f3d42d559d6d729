import { backendFor, firstContact } from "../../backend/detect";
import { LogoffError } from "../../base/errors";
import type { SessionOutcome } from "../../report/report";
import { steadied } from "../../session/logon-times";
import { select, selected, type Selection } from "../../session/select";
import { describeSession, isSameSession, type Session, type SessionList } from "../../session/session";
import type { DetectedHost, HostAtWork } from "./context";
import { drain } from "./drain";
import { ownSessions, withListsMarked, type MarkOwn } from "./own-sessions";
import { isDrainedByUs, namelessIn, sentIn, sessionWork, type HostRecord } from "./record";
import { adoptWarnings } from "./warn";

/**
 * First phase: detects, lists and selects, and refuses the host before anything is changed on it; then drains and lists again. The selected
 * sessions are in the record afterwards.
 * @throws LogoffError `session-protected`, `limit-exceeded`, `drain-failed`, and all errors of a query
 */
export async function prepare(host: HostAtWork, record: HostRecord): Promise<DetectedHost> {
  const { connection, label, hostPlan, plan, readOnly, onProgress } = host;
  const { detected, sessions } = await connection.ask(firstContact(hostPlan.host, hostPlan.host.platform));
  record.detected = detected;
  onProgress({ type: "host-connected", host: label, platform: detected.platform });
  // With "current" only the session of the connection itself is our own; the others are ordinary sessions.
  const markOwn: MarkOwn = hostPlan.selector.current
    ? (list) => list
    : ownSessions(() => connection.connections());
  const mark: MarkOwn = (list) => markOwn(withSteadyTimes(list, host, record));
  const backend = withListsMarked(backendFor(detected, hostPlan.host), mark, () => sentIn(record, host));
  record.backend = backend;
  const known: DetectedHost = { ...host, backend };
  known.backend.caveats({ states: hostPlan.selector.states, drain: plan.drain }).forEach(host.warn);
  chooseFrom(sessions ? mark(sessions) : await connection.ask(known.backend.list()), known, record);
  if (readOnly !== undefined) {
    record.commands = commandsFor(
      known,
      record.work.map(({ session }) => session),
    );
  } else if (plan.drain !== "none" && (await drain(known, record, plan.drain))) {
    chooseFrom(await connection.ask(known.backend.list()), known, record);
  }
  if (plan.warn !== null) adoptWarnings(record.work, plan.warn, known);
  record.opened = true;
  return known;
}

/** Compares every listing of the host with the one before it, and the first one with the record of a previous run. */
function withSteadyTimes(list: SessionList, host: HostAtWork, record: HostRecord): SessionList {
  const steady = steadied(record.times, list);
  record.times = steady.times;
  if (steady.clockChanged) host.onProgress({ type: "clock-changed", host: host.label, sessions: list });
  return steady.list;
}

/** Puts the selected sessions of a listing into the record. Refuses the host if one of them is protected or there are too many. */
function chooseFrom(sessions: SessionList, host: DetectedHost, record: HostRecord): void {
  const { label, plan, hostPlan } = host;
  const selection = select(sessions, hostPlan.selector);
  const wanted = selected(selection);
  host.onProgress({
    type: "host-listed",
    host: label,
    sessions: selection.decisions.length,
    selected: wanted.length,
  });
  note(host, record, selection);
  record.work.splice(0, record.work.length, ...wanted.map(sessionWork));
  if (host.readOnly === undefined) rememberAsked(sessions, host, record);
  const awaited = record.work.map(({ session }) => session.id);
  record.nameless = namelessIn(sessions, record.work);
  // A mere list may name any session.
  if (host.readOnly === "list") return;
  const soFar = isDrainedByUs(record.drained)
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
      `Cannot log off ${wanted.length} sessions on "${label}": limits.sessionsPerHost allows ${limit}; ${soFar}`,
    );
  }
}

/**
 * Takes over the logoffs that a previous run sent. A row that has lost its user since then is closing and is waited for; it is
 * asked again only if its user reappears and is selected now.
 */
function rememberAsked(
  sessions: SessionList,
  { previous, hostPlan }: DetectedHost,
  record: HostRecord,
): void {
  for (const { id, user, logonTime } of previous?.asked ?? []) {
    const row = sessions.find((session) => session.id === id);
    if (row === undefined) continue;
    const session = { ...row, user, ...(logonTime === undefined ? {} : { logonTime }) };
    const known = record.work.find((one) => isSameSession(one.session, session));
    if (known !== undefined) known.sentBefore = true;
    if (row.user !== undefined || row.kind !== "user") continue;
    const isSelected = selected(select([session], hostPlan.selector)).length > 0;
    record.work.push({
      ...sessionWork(session),
      where: "closing",
      sentBefore: true,
      ...(isSelected ? {} : { waitOnly: true }),
    });
    record.kept.splice(0, record.kept.length, ...record.kept.filter((kept) => kept.session.id !== id));
  }
}

/** Records the sessions that are kept. A second selection replaces the first. */
function note(host: HostAtWork, record: HostRecord, selection: Selection): void {
  const kept = selection.decisions.flatMap((decision): SessionOutcome[] =>
    decision.action === "keep"
      ? [{ session: decision.session, outcome: "kept", reason: decision.reason }]
      : [],
  );
  record.kept.splice(0, record.kept.length, ...kept);
  record.usedExceptions = selection.usedExceptions;
  record.missing = selection.missing;
  for (const one of kept) {
    if (one.outcome === "kept" && one.reason === "console") {
      const who = describeSession(one.session);
      host.warn(`Kept session ${who} on "${host.label}": it is the console; set console: true to log it off`);
    }
  }
  const missing = selection.missing.map((name) => notFound(host.label, name, selection));
  if (host.plan.ifMissing === "fail") record.notFound = missing[0];
  else missing.forEach(({ message }) => host.warn(message));
}

function notFound(label: string, name: string, { decisions, closing }: Selection): LogoffError {
  const present = decisions.flatMap(({ session }) =>
    session.user === undefined ? [] : [describeSession(session)],
  );
  const who = present.length === 0 ? "nobody is logged on" : `sessions present are ${present.join(", ")}`;
  const what = closing.includes(name) ? "it is closing already, its user is logged out" : "no such session";
  return new LogoffError(
    "session-not-found",
    `Cannot log off session "${name}" on "${label}": ${what}; ${who}`,
  );
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
function commandsFor({ backend, plan }: DetectedHost, wanted: readonly Session[]): readonly string[] {
  const { warn } = plan;
  return [
    ...(plan.drain === "none" ? [] : [backend.drain(plan.drain).command]),
    ...(warn === null
      ? []
      : wanted.flatMap(
          (session) => backend.warn(session, warn.message, warn.gracePeriodMs / 1000).action?.command ?? [],
        )),
    ...(plan.atDeadline === "fail" ? [] : wanted.map((session) => backend.logOff(session).command)),
  ];
}
