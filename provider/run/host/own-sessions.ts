import type { AskedRow, Backend, Query } from "../../backend/backend";
import { isSameSession, type Session, type SessionList } from "../../session/session";

/** Marks the sessions of all connections of the run as own in a listing. */
export type MarkOwn = (list: SessionList) => SessionList;

/**
 * Remembers which sessions belong to our connections. A listing marks the session of the present connection only; sshd may keep the session of
 * a lost one for hours, and without this memory it would be a new user.
 * @param connections the number of connections to the host so far
 */
export function ownSessions(connections: () => number): MarkOwn {
  const ours: Session[] = [];
  let before: SessionList = [];
  /** The number of connections whose sessions are known, as far as possible. There is only one connection at a time. */
  let told = 0;
  return (list) => {
    const current = list.find(({ own }) => own);
    const opened = connections();
    // On this machine all connections are in one session.
    const isShared = current !== undefined && opened > told && holds(ours, current);
    if (current !== undefined && !holds(ours, current)) ours.push(current);
    // The session of a connection that was lost before its first listing is recognized by its properties.
    if (current !== undefined && !isShared) {
      const known = [...before, ...ours];
      const candidates = list.filter((session) => !holds(known, session) && looksLike(current, session));
      // At most as many as connections were lost: other such sessions may have been there for weeks.
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

/** logind numbers its sessions in ascending order. */
function newestOf(sessions: SessionList, count: number): SessionList {
  return [...sessions].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, Math.max(0, count));
}

function holds(sessions: SessionList, session: Session): boolean {
  return sessions.some((one) => isSameSession(one, session));
}

/** Whether a session is a program's login of the same user: people have a terminal or a screen. */
function looksLike(ours: Session, session: Session): boolean {
  return (
    !session.own &&
    session.kind === "user" &&
    session.name === undefined &&
    session.user !== undefined &&
    session.user.toLowerCase() === ours.user?.toLowerCase()
  );
}
