import type { AskedRow, Backend, Query } from "../../backend/backend";
import { isSameSession, type Session, type SessionList } from "../../session/session";

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
  /** Up to which connection every session is known, as far as it can be. Connections follow one another. */
  let told = 0;
  return (list) => {
    const current = list.find(({ own }) => own);
    const opened = connections();
    // On this machine all "connections" are in one session.
    const isShared = current !== undefined && opened > told && holds(ours, current);
    if (current !== undefined && !holds(ours, current)) ours.push(current);
    // One that was lost before its first listing has told nobody its session: it is known by its looks.
    if (current !== undefined && !isShared) {
      const known = [...before, ...ours];
      const candidates = list.filter((session) => !holds(known, session) && looksLike(current, session));
      // No more than were lost: before the first listing others may have been there for weeks.
      ours.push(...newestOf(candidates, opened - told - 1));
    }
    if (current !== undefined) told = opened;
    before = list;
    return list.map((session) => (holds(ours, session) ? { ...session, own: true } : session));
  };
}

/**
 * A backend whose listings are marked.
 * @param asked the sessions whose logoff was sent so far
 */
export function withListsMarked(backend: Backend, mark: MarkOwn, asked: () => readonly AskedRow[]): Backend {
  const marked = (query: Query<SessionList>): Query<SessionList> => ({
    ...query,
    parse: (results) => mark(query.parse(results)),
  });
  return { ...backend, list: () => marked(backend.list(asked())) };
}

/** logind counts its sessions up. */
function newestOf(sessions: SessionList, count: number): SessionList {
  return [...sessions].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, Math.max(0, count));
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
