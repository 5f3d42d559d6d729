import { printable } from "../base/text";

/**
 * The kind of a row. Only `user` rows and the console can hold a person; the other kinds exist so that no command is ever sent for
 * them. `leftover`: the user is logged out, but processes of the session are still running (Linux).
 */
export type SessionKind = "user" | "console" | "services" | "listener" | "leftover";

/** `active`: a client is connected; `disconnected`: the session runs without a client; `other`: neither. */
export type SessionState = "active" | "disconnected" | "other";

/** A logon session of a host in one listing. Plain data, kept between the phases of a run. */
export interface Session {
  /** As the host prints it: digits on Windows, also `c1` on Linux. */
  readonly id: string;
  /** The session name (`rdp-tcp#3`) or terminal (`pts/0`); a disconnected session has none. */
  readonly name?: string;
  /** Linux: the terminal that messages are written to, such as `pts/0`; a graphical session has none. */
  readonly terminal?: string;
  /** As printed, without a domain. Absent if nobody is logged on or the session is still closing. */
  readonly user?: string;
  /** False if the name may be cut or could not be decoded: then it matches every `except` and no `users`. */
  readonly userCertain: boolean;
  readonly kind: SessionKind;
  readonly state: SessionState;
  /** The state as printed, only for display: it is localized and sometimes mistranslated. */
  readonly stateText: string;
  /** As printed in the host's locale: compared, but never parsed. */
  readonly logonTime?: string;
  /** Milliseconds without input; absent when unknown. */
  readonly idleMs?: number;
  /** The session that our own connection runs in. */
  readonly own: boolean;
}

/** The sessions of a host, from a listing that is known to be complete. */
export type SessionList = readonly Session[];

/** Whether two rows show the same user under the same ID, in one logon or in two. */
export function isSamePerson(a: Session, b: Session): boolean {
  return a.id === b.id && a.user?.toLowerCase() === b.user?.toLowerCase();
}

/**
 * Whether two rows show the same logon: the same ID, the same user without regard to case, and the same logon time if both have one.
 * Name and state may differ, because users disconnect and reconnect. Rows of different listings are compared after `steadied` has
 * removed the effect of a changed clock.
 */
export function isSameSession(a: Session, b: Session): boolean {
  return (
    isSamePerson(a, b) &&
    (a.logonTime === undefined || b.logonTime === undefined || a.logonTime === b.logonTime)
  );
}

/** The state of a session in a later listing. */
export type Whereabouts =
  /** The ID does not exist, or belongs to another user. */
  | {
      readonly is: "gone";
      readonly reusedBy?: Session;
      /** The user is logged out, but processes of the session are still running; a reset would end them. */
      readonly leftover?: Session;
    }
  /** The row has a blank user: the host has not finished closing the session. */
  | { readonly is: "closing" }
  | { readonly is: "present"; readonly session: Session }
  /** The same user has the same ID with another logon time: a new logon. */
  | { readonly is: "returned"; readonly session: Session };

/** Finds `session` in a later, complete listing of the same host. The listing decides, not an exit code. */
export function whereabouts(session: Session, later: SessionList): Whereabouts {
  const row = later.find((candidate) => candidate.id === session.id);
  if (row === undefined) return { is: "gone" };
  if (row.kind === "leftover") return { is: "gone", leftover: row };
  if (row.user === undefined) return { is: "closing" };
  if (isSameSession(session, row)) return { is: "present", session: row };
  return isSamePerson(session, row) ? { is: "returned", session: row } : { is: "gone", reusedBy: row };
}

/** A session in words, safe to print, such as `7 (alice)`. */
export function describeSession(session: Session): string {
  return session.user === undefined
    ? printable(session.id)
    : `${printable(session.id)} (${printable(session.user)})`;
}

/** The user of `DOMAIN\\user`. Most listings print no domain, so selections and comparisons leave it out. */
export function withoutDomain(user: string): string {
  return user.slice(user.lastIndexOf("\\") + 1);
}
