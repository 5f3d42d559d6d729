import type { Backend, Query } from "../backend/backend";
import { isSameSession, type Session, type SessionList } from "../session/session";

/** Marks as own, in a listing of the host, the sessions of all connections of a run. */
export type MarkOwn = (list: SessionList) => SessionList;

/**
 * Remembers from listing to listing which sessions are those of our connections. A listing tells that of the connection that asks; of
 * one that was lost sshd may keep the session for hours, and without memory it would be somebody who came meanwhile.
 * @param connections how many connections to the host have been opened so far
 */
export function ownSessions(connections: () => number): MarkOwn {
  const ours: Session[] = [];
  let before: SessionList = [];
  return (list) => {
    const current = list.find(({ own }) => own);
    if (current !== undefined && !holds(ours, current)) ours.push(current);
    // One that was lost before its first listing has told nobody its session: it is known by its looks.
    if (current !== undefined && connections() > ours.length)
      ours.push(...list.filter((session) => !holds(before, session) && looksLike(current, session)));
    before = list;
    return list.map((session) => (holds(ours, session) ? { ...session, own: true } : session));
  };
}

/** A backend whose listings are marked. */
export function withOwnMarked(backend: Backend, mark: MarkOwn): Backend {
  const marked = (query: Query<SessionList>): Query<SessionList> => ({
    ...query,
    parse: (results) => mark(query.parse(results)),
  });
  return { ...backend, list: () => marked(backend.list()), listLeft: () => marked(backend.listLeft()) };
}

function holds(sessions: SessionList, session: Session): boolean {
  return sessions.some((one) => isSameSession(one, session));
}

/** A login of the same user without a terminal, as a program makes it. People have a terminal or a screen. */
function looksLike(ours: Session, session: Session): boolean {
  return (
    !session.own &&
    session.kind === "user" &&
    session.name === undefined &&
    session.user !== undefined &&
    session.user.toLowerCase() === ours.user?.toLowerCase()
  );
}
