import type { Session, SessionList } from "./session";

/** The logon time of a session in the listings so far. */
interface KnownTime {
  readonly id: string;
  readonly user: string;
  /** The text in the last listing. */
  readonly printed: string;
  /** The text in the first listing of this logon, which {@link steadied} copies into every later one. */
  readonly steady: string;
}

/** The known logon times of a host, from its listings so far. Plain data. */
export type LogonTimes = readonly KnownTime[];

/** The logon times that a previous run recorded; the first listing of this run is compared with them. */
export function logonTimesOf(sessions: readonly Pick<Session, "id" | "user" | "logonTime">[]): LogonTimes {
  return sessions.flatMap(({ id, user, logonTime }) =>
    user === undefined || logonTime === undefined
      ? []
      : [{ id, user, printed: logonTime, steady: logonTime }],
  );
}

/** A listing whose logon times can be compared with those of the listings before it. */
export interface Steadied {
  readonly list: SessionList;
  readonly times: LogonTimes;
  /** All times changed at once, which only a change of the host's clock, time zone or date format does. */
  readonly clockChanged: boolean;
}

/**
 * Gives each session the logon time of its first listing. Hosts print local time in their own format, so daylight saving time or
 * another time zone changes the text although nobody has logged on again. If at least two sessions are in both listings and all their
 * times changed, they are the same logons; otherwise a changed time is a new logon.
 */
export function steadied(known: LogonTimes, list: SessionList): Steadied {
  const byPerson = new Map(known.map((one) => [personKey(one.id, one.user), one]));
  const knownOf = ({ id, user }: Session): KnownTime | undefined =>
    user === undefined ? undefined : byPerson.get(personKey(id, user));
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

/** The text that the last listing printed for a session; undefined when it is not known. */
export function printedTime(
  times: LogonTimes,
  { id, user = "" }: Pick<Session, "id" | "user">,
): string | undefined {
  return times.find((one) => personKey(one.id, one.user) === personKey(id, user))?.printed;
}

function personKey(id: string, user: string): string {
  return `${id} ${user.toLowerCase()}`;
}
