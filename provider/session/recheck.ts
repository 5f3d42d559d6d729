import { isPattern } from "../base/wildcard";
import { select, selected, type KeepReason } from "./select";
import type { Selector } from "./selector";
import { isSameSession, whereabouts, type Session, type SessionList } from "./session";

/** The state of a previously selected session in a later listing. */
export type Rechecked = { readonly session: Session } & (
  | { readonly now: "gone" }
  /** The session is ending: no command is sent, it is only waited for. */
  | { readonly now: "closing" }
  | { readonly now: "selected" }
  /** The user has logged on again under the same ID and is selected; `arrived` contains the new logon. */
  | { readonly now: "returned" }
  | { readonly now: "kept"; readonly reason: KeepReason }
);

/** A later listing compared with a previous selection. */
export interface Recheck {
  /** One entry per previously selected session, in the same order; `session` is its row in the later listing if there is one. */
  readonly before: readonly Rechecked[];
  /** Sessions that match now and were not selected before. If sessions are selected individually, only those that returned. */
  readonly arrived: readonly Session[];
}

/**
 * Compares a later listing with the sessions selected before. Sessions selected by ID or name are tracked by identity: a new name does
 * not exempt them, and another user under the same ID is not logged off. Users, states, idle time and exceptions are evaluated again.
 */
export function recheck(before: readonly Session[], later: SessionList, selector: Selector): Recheck {
  const decisions = select(later, {
    ...selector,
    ...(isOneByOne(selector) ? { all: true } : {}),
    ...anyName,
  }).decisions;
  const rechecked = before.map((session): Rechecked => {
    const where = whereabouts(session, later);
    if (where.is === "gone" || where.is === "closing") return { session, now: where.is };
    const decision = decisions.find((candidate) => candidate.session === where.session);
    if (decision?.action === "logoff")
      return { session: where.session, now: where.is === "present" ? "selected" : "returned" };
    return { session: where.session, now: "kept", reason: "no-longer-matches" };
  });
  const known = (session: Session): boolean => before.some((previous) => isSameSession(previous, session));
  const arrived = isOneByOne(selector)
    ? rechecked.flatMap(({ now, session }) => (now === "returned" ? [session] : []))
    : selected(select(later, selector)).filter((session) => !known(session));
  return { before: rechecked, arrived };
}

const anyName = { operands: undefined, ids: undefined, names: undefined } as const;

/** Whether sessions are selected individually, so that no other session can match later. */
export function isOneByOne({ operands, ids, names, current, all }: Selector): boolean {
  const exactNames = names !== undefined && !names.some(isPattern);
  return operands !== undefined || ids !== undefined || exactNames || (current && !all);
}
