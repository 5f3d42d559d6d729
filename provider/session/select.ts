import { isPattern, matchesGlob } from "../base/wildcard";
import type { Selector } from "./selector";
import { withoutDomain } from "./session";
import type { Session, SessionList } from "./session";

/** Why a session is kept. A closed set, because reports contain these words. */
export type KeepReason =
  | "own-session"
  | "no-user"
  | "not-selected"
  | "excepted"
  | "console"
  | "idle-unknown"
  | "no-longer-matches"
  | "arrived-later"
  | "not-warned";

export type Decision =
  | { readonly session: Session; readonly action: "logoff" }
  | { readonly session: Session; readonly action: "keep"; readonly reason: KeepReason };

/** The result of a selector on one listing of a host. */
export interface Selection {
  /** A decision for every session that may hold a person; `services` and listeners have none. */
  readonly decisions: readonly Decision[];
  /** IDs and names that were selected individually and do not exist; `current` if no session is our own. */
  readonly missing: readonly string[];
  /** Those of `missing` whose session is closing: its user is logged out, but some of its processes are still running (Linux). */
  readonly closing: readonly string[];
  /** Individually selected sessions that must not be touched, with the reason. */
  readonly protected: readonly { readonly session: Session; readonly reason: string }[];
  /** Values of `except` that matched a session, such as `users svc-*`. A value that matches nowhere in a run is a warning. */
  readonly usedExceptions: readonly string[];
}

/** Decides for every session of a complete listing whether it is logged off or kept, and why. Pure. */
export function select(listed: SessionList, selector: Selector): Selection {
  // A leftover is nobody's session any more, so one that is named is missing.
  const sessions = listed.filter(({ kind }) => kind !== "leftover");
  const leftovers = listed.filter(({ kind }) => kind === "leftover");
  const decisions = sessions
    .filter((session) => session.kind !== "services" && session.kind !== "listener")
    .map((session) => decide(session, selector));
  const current = selector.current ? currentOf(sessions) : undefined;
  const named = [
    ...namedOneByOne(selector).map((wanted) => ({
      text: wanted.text,
      hits: sessions.filter((session) => isNamedBy(session, wanted)),
      isClosing: leftovers.some((leftover) => isNamedBy(leftover, wanted)),
    })),
    ...(selector.current
      ? [{ text: "current", hits: current === undefined ? [] : [current], isClosing: false }]
      : []),
  ];
  const shielded = sessions.flatMap((session) => {
    const reason = protection(session, selector, session === current);
    return reason !== undefined && named.some(({ hits }) => hits.includes(session))
      ? [{ session, reason }]
      : [];
  });
  return {
    decisions,
    missing: named.flatMap(({ text, hits }) => (hits.length === 0 ? [text] : [])),
    closing: named.flatMap(({ text, hits, isClosing }) => (hits.length === 0 && isClosing ? [text] : [])),
    protected: shielded,
    usedExceptions: usedExceptions(sessions, selector),
  };
}

/** The sessions that a selection would log off. */
export function selected(selection: Selection): readonly Session[] {
  return selection.decisions.flatMap((decision) => (decision.action === "logoff" ? [decision.session] : []));
}

function decide(session: Session, selector: Selector): Decision {
  const keep = (reason: KeepReason): Decision => ({ session, action: "keep", reason });
  if (session.user === undefined) return keep("no-user");
  if (session.own && !selector.current) return keep("own-session");
  const mismatch = firstMismatch(session, selector);
  if (mismatch !== undefined) return keep(mismatch);
  if (exceptionsFor(session, selector).length > 0) return keep("excepted");
  if (session.kind === "console" && !selector.console) return keep("console");
  return { session, action: "logoff" };
}

/** Each field is a filter. The first filter that a session does not pass gives the reason. */
function firstMismatch(session: Session, selector: Selector): KeepReason | undefined {
  const { operands, ids, names, users, states, idleForMs, current } = selector;
  const isCurrent = current && session.own;
  if (operands && !isCurrent && !operands.some((operand) => isNamedBy(session, operandTarget(operand)))) {
    return "not-selected";
  }
  if (operands === undefined && current && !selector.all && !isCurrent) return "not-selected";
  if (ids && !ids.some((id) => isNamedBy(session, { by: "id", text: id }))) return "not-selected";
  if (names && !names.some((glob) => nameMatches(glob, session))) return "not-selected";
  if (users && !users.some((glob) => userMatches(glob, session))) return "not-selected";
  if (states && !states.some((state) => state === session.state)) return "not-selected";
  if (idleForMs !== undefined) {
    if (session.idleMs === undefined) return "idle-unknown";
    if (session.idleMs < idleForMs) return "not-selected";
  }
  return undefined;
}

function nameMatches(glob: string, session: Session): boolean {
  return session.name !== undefined && matchesGlob(glob, session.name);
}

/** A name that may be cut could be anybody's, so no pattern matches it, not even `*`. */
function userMatches(glob: string, session: Session): boolean {
  const { user, userCertain } = session;
  return (
    user !== undefined && userCertain && (matchesGlob(glob, user) || matchesGlob(glob, withoutDomain(user)))
  );
}

function exceptionsFor(session: Session, { except }: Selector): string[] {
  return [
    ...except.ids.filter((id) => isNamedBy(session, { by: "id", text: id })).map((id) => `ids ${id}`),
    ...except.names
      .filter((glob) => (isNameCut(session) ? mayBeNamed(glob, session) : nameMatches(glob, session)))
      .map((glob) => `names ${glob}`),
    ...except.users
      .filter((glob) => session.user !== undefined && isShieldedBy(glob, session, session.user))
      .map((glob) => `users ${glob}`),
  ];
}

/** The classic layout of Windows cuts names at thirteen characters. */
function isNameCut({ name }: Session): boolean {
  return name?.endsWith("...") ?? false;
}

/** Whether a name of which the beginning is known may be meant, as far as the beginnings of both tell. */
function mayBeNamed(glob: string, { name = "" }: Session): boolean {
  const known = name.slice(0, -"...".length).toLowerCase();
  const beginning = /^[^*?]*/u.exec(glob.toLowerCase())?.[0] ?? "";
  return beginning.startsWith(known) || (isPattern(glob) && known.startsWith(beginning));
}

/**
 * An exception for `user` protects `DOMAIN\user` and sssd's `user@domain` as well. One for `user@domain` also protects a
 * `user` without a domain behind the `@`, unless nothing but wildcards stands before its own `@`.
 */
function isShieldedBy(glob: string, session: Session, user: string): boolean {
  const wanted = withoutDomain(glob);
  const name = withoutDomain(user);
  const account = accountOf(wanted);
  const accountMeant = /[^*?]/u.test(account) && !name.includes("@") && matchesGlob(account, name);
  const spellings = [user, name, accountOf(name)];
  return !session.userCertain || spellings.some((spelling) => matchesGlob(wanted, spelling)) || accountMeant;
}

function accountOf(user: string): string {
  return user.replace(/@.*$/su, "");
}

/** A name that cannot be read in full protects its owner, but does not prove that the exception is spelled correctly. */
function usedExceptions(sessions: SessionList, selector: Selector): string[] {
  const certain = sessions.filter(
    (session) => session.userCertain && !isNameCut(session) && session.kind !== "listener",
  );
  return [...new Set(certain.flatMap((session) => exceptionsFor(session, selector)))];
}

type Target = { readonly by: "id" | "name" | "either"; readonly text: string };

function operandTarget(operand: string): Target {
  return { by: /^[0-9]+$/u.test(operand) ? "id" : "either", text: operand };
}

function namedOneByOne({ operands, ids, names }: Selector): Target[] {
  return [
    ...(operands ?? []).map(operandTarget),
    ...(ids ?? []).map((text): Target => ({ by: "id", text })),
    ...(names ?? []).filter((name) => !isPattern(name)).map((text): Target => ({ by: "name", text })),
  ];
}

/** Text that is not digits only is a name, but Linux has IDs such as `c1`, which no terminal is called. */
function isNamedBy(session: Session, { by, text }: Target): boolean {
  const isId = session.id.toLowerCase() === text.toLowerCase();
  const isName = session.name?.toLowerCase() === text.toLowerCase();
  return by === "id" ? isId : by === "name" ? isName : isId || isName;
}

/**
 * What "current" means. On Windows over SSH that is session 0, in which the SSH server runs, as a scheduled task does on
 * this machine: the marker of the caller's own row stands there or is absent. Linux has no session of that ID.
 */
function currentOf(sessions: SessionList): Session | undefined {
  const own = sessions.find((session) => session.own);
  return own ?? sessions.find(({ id, kind }) => kind === "services" && id === "0");
}

function protection(session: Session, selector: Selector, isCurrent: boolean): string | undefined {
  if (session.kind === "services")
    return isCurrent
      ? '"current" is here the session of the SSH server itself or of another service; name the session by its ID instead'
      : "it is the services session";
  if (session.kind === "listener") return "it is a listener, not a session of a user";
  if (session.own && !selector.current) return 'it is our own session (say "current" to mean it)';
  if (session.user === undefined) return "nobody is logged on there";
  if (session.kind === "console" && !selector.console)
    return "it is the console (set console: true to allow it)";
  return undefined;
}
