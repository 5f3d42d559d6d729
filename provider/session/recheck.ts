import { isPattern } from "../base/wildcard";
import { select, selected, type KeepReason } from "./select";
import type { Selector } from "./selector";
import { isSameSession, whereabouts, type Session, type SessionList } from "./session";

/** How a session that was selected earlier stands now. */
export type Rechecked = { readonly session: Session } & (
  | { readonly now: "gone" }
  /** On its way out: nothing to send, wait for it. */
  | { readonly now: "closing" }
  | { readonly now: "selected" }
  /** Its person has logged on again under the same ID and is selected: that logon is among the arrived. */
  | { readonly now: "returned" }
  | { readonly now: "kept"; readonly reason: KeepReason }
);

/** A later listing in the light of an earlier selection. */
export interface Recheck {
  /** One for each session selected earlier, in its order; `session` is today's row where there is one. */
  readonly before: readonly Rechecked[];
  /** Sessions that match now and were not selected earlier. Where sessions are chosen one by one: only those that returned. */
  readonly arrived: readonly Session[];
}

/**
 * Looks at a host again before anybody is logged off. Who was chosen by ID or name is held by identity: a new name
 * does not save them, and somebody else under their ID is not touched. Users, states, idle time and exceptions are
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
