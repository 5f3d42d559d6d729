import { printable } from "../base/text";

/**
 * What a row of a listing is. Only `user` rows and the console can hold a person; the other kinds exist so that
 * nobody ever acts on them. `leftover`: the person is logged out, and processes of the session live on (Linux).
 */
export type SessionKind = "user" | "console" | "services" | "listener" | "leftover";

/** `active`: somebody is connected; `disconnected`: the session lives on without a client; `other`: neither. */
export type SessionState = "active" | "disconnected" | "other";

/** One logon session of a host, as one listing showed it. Plain data: it is kept between the phases of a run. */
export interface Session {
  /** As the host prints it: digits on Windows, also `c1` on Linux. */
  readonly id: string;
  /** The session name (`rdp-tcp#3`) or terminal (`pts/0`); a disconnected session has none. */
  readonly name?: string;
  /** Linux: where a text can be shown, such as `pts/0`; a graphical session has none. */
  readonly terminal?: string;
  /** As printed, without a domain. Absent: nobody is logged on, or the session is still closing. */
  readonly user?: string;
  /** False when the name may be cut or could not be decoded: then it matches every `except` and no `users`. */
  readonly userCertain: boolean;
  readonly kind: SessionKind;
  readonly state: SessionState;
  /** The state as the host printed it, for people only: it is localized and sometimes mistranslated. */
  readonly stateText: string;
  /** As printed, in the host's locale: good for comparing, never parsed. */
  readonly logonTime?: string;
  /** Milliseconds without input; absent when unknown. */
  readonly idleMs?: number;
  /** The session that our own connection runs in. */
  readonly own: boolean;
}

/** The sessions of one host, from a listing that is known to be complete. */
export type SessionList = readonly Session[];

/** Whether two rows are the same person under the same ID, in the same logon or in two. */
export function isSamePerson(a: Session, b: Session): boolean {
  return a.id === b.id && a.user?.toLowerCase() === b.user?.toLowerCase();
}

/**
 * Whether two rows are the same person's same logon: ID, user without regard to case, and logon time where both know
 * it. Name and state may differ, since people disconnect and come back. Rows of different listings are compared after
 * `steadied` has taken out what a change of the host's clock does to their times.
 */
export function isSameSession(a: Session, b: Session): boolean {
  return (
    isSamePerson(a, b) &&
    (a.logonTime === undefined || b.logonTime === undefined || a.logonTime === b.logonTime)
  );
}

/** How a session stands in a later listing. */
export type Whereabouts =
  /** The ID is absent, or somebody else's by now. */
  | {
      readonly is: "gone";
      readonly reusedBy?: Session;
      /** The person is out, but processes of this session live on: a reset would end them. */
      readonly leftover?: Session;
    }
  /** The row is there with a blank user: the host has not finished yet. */
  | { readonly is: "closing" }
  | { readonly is: "present"; readonly session: Session }
  /** The same person is there under the same ID with a different logon time: a new logon, and nobody is gone. */
  | { readonly is: "returned"; readonly session: Session };

/** Looks for `session` in a later, complete listing of the same host. The list is the truth, not an exit code. */
export function whereabouts(session: Session, later: SessionList): Whereabouts {
  const row = later.find((candidate) => candidate.id === session.id);
  if (row === undefined) return { is: "gone" };
  if (row.kind === "leftover") return { is: "gone", leftover: row };
  if (row.user === undefined) return { is: "closing" };
  if (isSameSession(session, row)) return { is: "present", session: row };
  return isSamePerson(session, row) ? { is: "returned", session: row } : { is: "gone", reusedBy: row };
}

/** A session in words, safe to print: `7 (alice)`. */
export function describeSession(session: Session): string {
  return session.user === undefined
    ? printable(session.id)
    : `${printable(session.id)} (${printable(session.user)})`;
}

/** The user of `DOMAIN\\user`. Most listings print no domain, so selections and comparisons leave it out. */
export function withoutDomain(user: string): string {
  return user.slice(user.lastIndexOf("\\") + 1);
}
