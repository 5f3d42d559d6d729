import { isPattern } from "../base/wildcard";
import { select, selected, type KeepReason } from "./select";
import type { Selector } from "./selector";
import { isSameSession, whereabouts, type Session, type SessionList } from "./session";

/** The present state of a session that was selected before. */
export type Rechecked = { readonly session: Session } & (
  | { readonly now: "gone" }
  /** The session is closing: nothing is sent, only waited for. */
  | { readonly now: "closing" }
  | { readonly now: "selected" }
  /** Its user has logged on again under the same ID and is selected: the new logon is in `arrived`. */
  | { readonly now: "returned" }
  | { readonly now: "kept"; readonly reason: KeepReason }
);

/** A later listing compared with a previous selection. */
export interface Recheck {
  /** One entry for each session selected before, in the same order; `session` is its present row if there is one. */
  readonly before: readonly Rechecked[];
  /** Sessions that match now and were not selected before. If sessions are selected individually, only those that returned. */
  readonly arrived: readonly Session[];
}

/**
 * Selects again, from a new listing, before anybody is logged off. A session that was selected by ID or name is compared by identity:
 * a new session name does not keep it, and another user under its ID is not touched. Users, states, idle time and exceptions are
 * evaluated again.
 */
export function recheck(before: readonly Session[], later: SessionList, selector: Selector): Recheck {
  const held = select(later, {
    ...selector,
    ...(isOneByOne(selector) ? { all: true } : {}),
    ...anyName,
  }).decisions;
  const seconds = before.map((session): Rechecked => {
    const where = whereabouts(session, later);
    if (where.is === "gone" || where.is === "closing") return { session, now: where.is };
    const decision = held.find((candidate) => candidate.session === where.session);
    if (decision?.action === "logoff")
      return { session: where.session, now: where.is === "present" ? "selected" : "returned" };
    return { session: where.session, now: "kept", reason: "no-longer-matches" };
  });
  const known = (session: Session): boolean => before.some((earlier) => isSameSession(earlier, session));
  const arrived = isOneByOne(selector)
    ? seconds.flatMap(({ now, session }) => (now === "returned" ? [session] : []))
    : selected(select(later, selector)).filter((session) => !known(session));
  return { before: seconds, arrived };
}

const anyName = { operands: undefined, ids: undefined, names: undefined } as const;

/** Whether every session was selected individually, so that no other session can match later. */
export function isOneByOne({ operands, ids, names, current, all }: Selector): boolean {
  const exactNames = names !== undefined && !names.some(isPattern);
  return operands !== undefined || ids !== undefined || exactNames || (current && !all);
}
