import { isPattern, matchesGlob } from "../base/wildcard";
import type { Selector } from "./selector";
import { withoutDomain } from "./session";
import type { Session, SessionList } from "./session";

/** The reason why a session is kept. Reports contain these values, so they must not change. */
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

/** Whether a session is logged off or kept. */
export type Decision =
  | { readonly session: Session; readonly action: "logoff" }
  | { readonly session: Session; readonly action: "keep"; readonly reason: KeepReason };

/** The result of applying a selector to a listing. */
export interface Selection {
  /** One decision per session that a user can be logged on to; services and listeners have none. */
  readonly decisions: readonly Decision[];
  /** IDs and names selected individually that do not exist; `current` if no session is our own. */
  readonly missing: readonly string[];
  /** Those of `missing` whose session is closing: the user is logged out, but processes of the session remain (Linux). */
  readonly closing: readonly string[];
  /** Individually selected sessions that must not be logged off, with the reason. */
  readonly protected: readonly { readonly session: Session; readonly reason: string }[];
  /** Values of `except` that matched a session, such as `users svc-*`; a value that matches on no host of a run causes a warning. */
  readonly usedExceptions: readonly string[];
}

/** Decides for every session of a complete listing whether it is logged off or kept, and why. */
export function select(listed: SessionList, selector: Selector): Selection {
  // Leftovers are no longer sessions of a user, so selecting one by ID or name reports it as missing.
  const sessions = listed.filter(({ kind }) => kind !== "leftover");
  const leftovers = listed.filter(({ kind }) => kind === "leftover");
  const decisions = sessions
    .filter((session) => session.kind !== "services" && session.kind !== "listener")
    .map((session) => decide(session, selector));
  const current = selector.current ? currentOf(sessions) : undefined;
  const named = [
    ...individualTargets(selector).map((wanted) => ({
      text: wanted.text,
      hits: sessions.filter((session) => isNamedBy(session, wanted)),
      isClosing: leftovers.some((leftover) => isNamedBy(leftover, wanted)),
    })),
    ...(selector.current
      ? [{ text: "current", hits: current === undefined ? [] : [current], isClosing: false }]
      : []),
  ];
  const protectedSessions = sessions.flatMap((session) => {
    const reason = protection(session, selector, session === current);
    return reason !== undefined && named.some(({ hits }) => hits.includes(session))
      ? [{ session, reason }]
      : [];
  });
  return {
    decisions,
    missing: named.flatMap(({ text, hits }) => (hits.length === 0 ? [text] : [])),
    closing: named.flatMap(({ text, hits, isClosing }) => (hits.length === 0 && isClosing ? [text] : [])),
    protected: protectedSessions,
    usedExceptions: usedExceptions(sessions, selector),
  };
}

/** The sessions that the selection logs off. */
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

/** The reason of the first field that does not match; undefined if all match. */
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

/** A user name that may be truncated could be anybody's, so no pattern matches it, not even `*`. */
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
      .filter((glob) => (isNameTruncated(session) ? mayMatchName(glob, session) : nameMatches(glob, session)))
      .map((glob) => `names ${glob}`),
    ...except.users
      .filter((glob) => session.user !== undefined && isProtectedBy(glob, session, session.user))
      .map((glob) => `users ${glob}`),
  ];
}

/** Windows' classic layout prints only thirteen characters of a longer name. */
function isNameTruncated({ name }: Session): boolean {
  return name?.endsWith("...") ?? false;
}

/** Whether a glob may match a truncated name, judging by the parts of both before the first unknown character. */
function mayMatchName(glob: string, { name = "" }: Session): boolean {
  const known = name.slice(0, -"...".length).toLowerCase();
  const beginning = /^[^*?]*/u.exec(glob.toLowerCase())?.[0] ?? "";
  return beginning.startsWith(known) || (isPattern(glob) && known.startsWith(beginning));
}

/**
 * An exception for `user` also protects `DOMAIN\user` and sssd's `user@domain`. An exception for `user@domain` also protects a `user`
 * without a domain, unless the part before the `@` consists of wildcards only.
 */
function isProtectedBy(glob: string, session: Session, user: string): boolean {
  const wanted = withoutDomain(glob);
  const name = withoutDomain(user);
  const account = accountOf(wanted);
  const matchesAccount = /[^*?]/u.test(account) && !name.includes("@") && matchesGlob(account, name);
  const spellings = [user, name, accountOf(name)];
  return (
    !session.userCertain || spellings.some((spelling) => matchesGlob(wanted, spelling)) || matchesAccount
  );
}

function accountOf(user: string): string {
  return user.replace(/@.*$/su, "");
}

/** Names that are not known completely are left out: they do not show that an exception is spelled correctly. */
function usedExceptions(sessions: SessionList, selector: Selector): string[] {
  const certain = sessions.filter(
    (session) => session.userCertain && !isNameTruncated(session) && session.kind !== "listener",
  );
  return [...new Set(certain.flatMap((session) => exceptionsFor(session, selector)))];
}

type Target = { readonly by: "id" | "name" | "either"; readonly text: string };

function operandTarget(operand: string): Target {
  return { by: /^[0-9]+$/u.test(operand) ? "id" : "either", text: operand };
}

function individualTargets({ operands, ids, names }: Selector): Target[] {
  return [
    ...(operands ?? []).map(operandTarget),
    ...(ids ?? []).map((text): Target => ({ by: "id", text })),
    ...(names ?? []).filter((name) => !isPattern(name)).map((text): Target => ({ by: "name", text })),
  ];
}

/** An operand that is not a number is a session name or a Linux ID such as `c1`; no terminal has such a name. */
function isNamedBy(session: Session, { by, text }: Target): boolean {
  const isId = session.id.toLowerCase() === text.toLowerCase();
  const isName = session.name?.toLowerCase() === text.toLowerCase();
  return by === "id" ? isId : by === "name" ? isName : isId || isName;
}

/**
 * The session that "current" selects: the one marked as our own, otherwise session 0 of Windows. The SSH server runs in session 0, as
 * does a scheduled task on the local machine, and the listing may leave it unmarked. Linux has no session 0.
 */
function currentOf(sessions: SessionList): Session | undefined {
  const own = sessions.find((session) => session.own);
  return own ?? sessions.find(({ id, kind }) => kind === "services" && id === "0");
}

function protection(session: Session, selector: Selector, isCurrent: boolean): string | undefined {
  if (session.kind === "services")
    return isCurrent
      ? '"current" is the session of the SSH server itself or of another service here; name the session by its ID instead'
      : "it is the services session, which is never logged off";
  if (session.kind === "listener") return "it is a listener, not a session of a user";
  if (session.own && !selector.current) return 'it is our own session; use "current" to select it';
  if (session.user === undefined) return "nobody is logged on to it";
  if (session.kind === "console" && !selector.console)
    return "it is the console; use `sessions.console: true` to log it off";
  return undefined;
}
