import type { Session, SessionList } from "./session";

/** The logon time of a session in the listings of a host so far. */
interface KnownTime {
  readonly id: string;
  readonly user: string;
  /** The text in the last listing. */
  readonly printed: string;
  /** The text in the first listing of this logon; {@link steadied} writes it into every later listing. */
  readonly steady: string;
}

/** The logon times in the listings of a host so far. Plain data. */
export type LogonTimes = readonly KnownTime[];

/** The logon times that a previous run recorded, to be compared with the first listing of this run. */
export function logonTimesOf(sessions: readonly Pick<Session, "id" | "user" | "logonTime">[]): LogonTimes {
  return sessions.flatMap(({ id, user, logonTime }) =>
    user === undefined || logonTime === undefined
      ? []
      : [{ id, user, printed: logonTime, steady: logonTime }],
  );
}

/** A listing whose logon times can be compared with those of the previous listings. */
export interface Steadied {
  readonly list: SessionList;
  readonly times: LogonTimes;
  /** Whether all times changed at once, which means that the host's clock, time zone or date format changed. */
  readonly clockChanged: boolean;
}

/**
 * Gives each session in a listing the logon time with which it was first seen. Hosts print local time in their own format, so daylight
 * saving time or another time zone changes the text without a new logon: if at least two sessions are in both listings and all their times
 * changed, they are the same logons. Otherwise a changed time is a new logon.
 */
export function steadied(known: LogonTimes, list: SessionList): Steadied {
  const byUser = new Map(known.map((time) => [userKey(time.id, time.user), time]));
  const knownOf = ({ id, user }: Session): KnownTime | undefined =>
    user === undefined ? undefined : byUser.get(userKey(id, user));
  const changes = list.flatMap((session) => {
    const before = knownOf(session);
    return before === undefined || session.logonTime === undefined
      ? []
      : [session.logonTime !== before.printed];
  });
  const clockChanged = changes.length >= 2 && changes.every((isChanged) => isChanged);
  const steadyTime = (session: Session): string | undefined => {
    const before = knownOf(session);
    const isSame =
      before !== undefined &&
      (session.logonTime === undefined || session.logonTime === before.printed || clockChanged);
    return isSame ? before.steady : session.logonTime;
  };
  const nameless = new Set(list.flatMap(({ id, user }) => (user === undefined ? [id] : [])));
  return {
    clockChanged,
    list: list.map((session) => {
      const logonTime = steadyTime(session);
      return logonTime === undefined ? session : { ...session, logonTime };
    }),
    times: [
      ...list.flatMap((session) => {
        const { id, user } = session;
        const steady = steadyTime(session);
        const printed = session.logonTime ?? knownOf(session)?.printed;
        return user === undefined || steady === undefined || printed === undefined
          ? []
          : [{ id, user, printed, steady }];
      }),
      // A session with a blank row is closing, and may reappear.
      ...known.filter(({ id }) => nameless.has(id)),
    ],
  };
}

/** The logon time of a session as the last listing printed it; undefined if it is unknown. */
export function printedTime(
  times: LogonTimes,
  { id, user = "" }: Pick<Session, "id" | "user">,
): string | undefined {
  return times.find((time) => userKey(time.id, time.user) === userKey(id, user))?.printed;
}

function userKey(id: string, user: string): string {
  return `${id} ${user.toLowerCase()}`;
}
