import { isSameSession, type Session, type SessionList } from "./session";

/**
 * What is known about the sessions of our connections to a host. A listing marks only the session of the current connection; sshd may keep
 * the session of a lost one for hours, and without this memory it would look like a new user. Plain data.
 */
export interface OwnSessions {
  readonly ours: readonly Session[];
  /** The rows of the last listing that could be our logins. */
  readonly before: readonly Session[];
  /** The number of connections whose sessions are known, as far as possible. There is only one connection at a time. */
  readonly known: number;
}

export const noOwnSessions: OwnSessions = { ours: [], before: [], known: 0 };

/**
 * Marks the sessions of all our connections in a listing as our own.
 * @param connections the number of connections to the host so far
 */
export function withOwnMarked(
  { ours, before, known }: OwnSessions,
  list: SessionList,
  connections: number,
): { readonly list: SessionList; readonly own: OwnSessions } {
  const current = list.find(({ own }) => own);
  // On the local machine, all connections run in one session.
  const isShared = current !== undefined && connections > known && holds(ours, current);
  const withCurrent = current === undefined || holds(ours, current) ? ours : [...ours, current];
  // The session of a connection that was lost before its first listing is recognized by its properties.
  const candidates =
    current === undefined || isShared
      ? []
      : list.filter((session) => !holds([...before, ...withCurrent], session) && looksLike(current, session));
  // At most as many as lost connections: other such sessions may have been there for weeks.
  const all = [...withCurrent, ...newestOf(candidates, connections - known - 1)];
  return {
    list: list.map((session) => (holds(all, session) ? { ...session, own: true } : session)),
    own: {
      ours: all,
      before: list.filter(isProgramsLogin),
      known: current === undefined ? known : connections,
    },
  };
}

/** The newest sessions, which have the highest IDs: logind numbers its sessions in ascending order. */
function newestOf(sessions: SessionList, count: number): SessionList {
  return [...sessions].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, Math.max(0, count));
}

function holds(sessions: SessionList, session: Session): boolean {
  return sessions.some((one) => isSameSession(one, session));
}

/** Whether a session is a program's login: people have a terminal or a screen. */
function isProgramsLogin({ kind, name, user }: Session): boolean {
  return kind === "user" && name === undefined && user !== undefined;
}

/** Whether a session is a program's login of the same user. */
function looksLike(ours: Session, session: Session): boolean {
  return !session.own && isProgramsLogin(session) && session.user?.toLowerCase() === ours.user?.toLowerCase();
}
