import { printable } from "../base/text";

/**
 * The kind of a row of a listing. Users can be logged on only to `user` rows and the console; rows of the other kinds are never logged
 * off. `leftover`: the user is logged out, but processes of the session remain (Linux).
 */
export type SessionKind = "user" | "console" | "services" | "listener" | "leftover";

/** `active`: a client is connected; `disconnected`: the session runs without a client; `other`: neither. */
export type SessionState = "active" | "disconnected" | "other";

/** A logon session of a host, as a listing shows it. Plain data, kept between the visits of a run. */
export interface Session {
  /** The ID as the host prints it: a number, or on Linux also `c1`. */
  readonly id: string;
  /** The session name (`rdp-tcp#3`) or terminal (`pts/0`); absent for a disconnected session. */
  readonly name?: string;
  /** The terminal that can show a message, such as `pts/0` (Linux); absent for a graphical session. */
  readonly terminal?: string;
  /** The user as printed, usually without a domain. Absent: nobody is logged on, or the session is closing. */
  readonly user?: string;
  /** False if the name may be truncated or could not be decoded; it then matches every user in `except` and none in `users`. */
  readonly userCertain: boolean;
  readonly kind: SessionKind;
  readonly state: SessionState;
  /** The state as the host printed it, for display only: it is localized and sometimes mistranslated. */
  readonly stateText: string;
  /** The logon time as printed, in the host's locale; compared but never parsed. */
  readonly logonTime?: string;
  /** Milliseconds without input; absent if unknown. */
  readonly idleMs?: number;
  /** Whether our own connection runs in this session. */
  readonly own: boolean;
}

/** The sessions of a host, from a listing that is known to be complete. */
export type SessionList = readonly Session[];

/** What tells a logon from others, in a listing or in a note. */
type Logon = Pick<Session, "id" | "user" | "logonTime">;

/** Whether two rows have the same ID and the same user, whether or not it is the same logon. */
export function isSamePerson(a: Pick<Logon, "id" | "user">, b: Pick<Logon, "id" | "user">): boolean {
  return a.id === b.id && a.user?.toLowerCase() === b.user?.toLowerCase();
}

/**
 * Whether two rows are the same logon: same ID, same user ignoring case, and same logon time if both have one. Name and state may differ,
 * because users disconnect and reconnect. Rows of different listings must have passed through `steadied`, which undoes the effect of
 * a change of the host's clock on their times.
 */
export function isSameSession(a: Logon, b: Logon): boolean {
  return (
    isSamePerson(a, b) &&
    (a.logonTime === undefined || b.logonTime === undefined || a.logonTime === b.logonTime)
  );
}

/** What a later listing shows about a session. */
export type Whereabouts =
  /** The ID does not exist, or belongs to another user now. */
  | {
      readonly is: "gone";
      readonly reusedBy?: Session;
      /** The user is logged out, but processes of the session remain, which a reset would end. */
      readonly leftover?: Session;
    }
  /** The row exists without a user: the host has not finished the logoff. */
  | { readonly is: "closing" }
  | { readonly is: "present"; readonly session: Session }
  /** The same user has logged on again under the same ID, with another logon time. */
  | { readonly is: "returned"; readonly session: Session };

/** Finds `session` in a later, complete listing of the same host. The listing decides, not the exit code of a command. */
export function whereabouts(session: Session, later: SessionList): Whereabouts {
  const row = later.find((candidate) => candidate.id === session.id);
  if (row === undefined) return { is: "gone" };
  if (row.kind === "leftover") return { is: "gone", leftover: row };
  if (row.user === undefined) return { is: "closing" };
  if (isSameSession(session, row)) return { is: "present", session: row };
  return isSamePerson(session, row) ? { is: "returned", session: row } : { is: "gone", reusedBy: row };
}

/** A session for messages, safe to print: `7 (alice)`. */
export function describeSession(session: Session): string {
  return session.user === undefined
    ? printable(session.id)
    : `${printable(session.id)} (${printable(session.user)})`;
}

/** The user of `DOMAIN\\user`. Most listings print no domain, so selections and comparisons leave it out. */
export function withoutDomain(user: string): string {
  return user.slice(user.lastIndexOf("\\") + 1);
}
