import { type Session, withoutDomain } from "../../session/session";
import type { AskedRow } from "../backend";
import { consoleWidth, type ConsoleText } from "./code-page";
import { hasControls, withoutBidirectionalMarks } from "../../base/text";
import { longestRow, paddedName, resemblesIdAndState } from "./table";

/** One row of a `quser` table. */
export interface UserRow {
  readonly id: string;
  /** What is printed before the ID: the user, which may be cut, and the name of the session. Empty: nobody is logged on. */
  readonly userAndName: string;
  /** In milliseconds; absent when it cannot be read. */
  readonly idleMs?: number;
  /** In whatever format the host is set to, without bidirectional marks. */
  readonly logonTime?: string;
}

/** The result of reading `quser` output. */
export interface UserTable {
  readonly rows: readonly UserRow[];
  /** Lines with a digit that are not rows: they may hide a session. A header, in any language, holds no digit. */
  readonly unread: readonly string[];
}

/** The width of the USERNAME column, which never holds an ID. */
const userWidth = 22;
/** Far longer than a date of any region. */
const longestLogonTime = 64;

/** Reads a `quser` table by its rows, in any layout and language. */
export function readUsers({ text, certain }: ConsoleText): UserTable {
  const lines = text.split(/\r\n|\n|\r/u).filter((line) => /[0-9]/u.test(line));
  // A row without its end may have lost the end of its logon time, too.
  const cut = /[\r\n]$/u.test(text) ? undefined : lines.at(-1);
  const read = lines.map((line) => readUserRow(line, certain));
  return {
    rows: read.flatMap((row, index) =>
      row === undefined ? [] : lines[index] === cut ? { id: row.id, userAndName: row.userAndName } : row,
    ),
    unread: lines.filter((_, index) => read[index] === undefined),
  };
}

/** The ID is the first number after the user's column that is followed by at least two blanks and a word without digits, the state. */
function readUserRow(line: string, certain: boolean): UserRow | undefined {
  if (line.length > longestRow) return undefined;
  // Without the first column, which marks the caller's own row, a line begins with the user.
  const userAt = /^[ >]/u.test(line) ? 1 : 0;
  const places = line.matchAll(/(?<= )([0-9]{1,10}) {2,}[^ 0-9]+(?= |$)/gu);
  const place = [...places].find(({ index }) => index >= userAt + userWidth);
  if (place === undefined) return undefined;
  const id = String(Number(place[1]));
  const userAndName = line.slice(userAt, place.index);
  const nobody = isNameWithoutUser(userAndName);
  const stateEnd = place.index + place[0].length;
  // Where somebody is logged on, times follow.
  if (!nobody && (userAndName.startsWith(" ") || stateEnd === line.length)) return undefined;
  const [blanksAndIdle = "", idle = ""] = /^ *([^ ]*)/u.exec(line.slice(stateEnd)) ?? [];
  const idleEnd = stateEnd + blanksAndIdle.length;
  // Hebrew and Arabic dates hold marks. Text that tells who somebody is holds none.
  const logonText = withoutBidirectionalMarks(line.slice(idleEnd));
  if (hasControls(line.slice(0, idleEnd) + logonText, certain)) return undefined;
  const logonTime = logonText.trim();
  if (logonTime.length > longestLogonTime || logonTime.includes("   ") || resemblesIdAndState(logonTime))
    return undefined;
  if (nobody) return { id, userAndName: "" };
  const idleMs = readIdle(idle);
  return {
    id,
    userAndName: userAndName.trimEnd(),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(logonTime === "" ? {} : { logonTime }),
  };
}

/** Whether the user's column is blank, and the name begins right behind it or is blank too. */
function isNameWithoutUser(userAndName: string): boolean {
  const [user, name] = [userAndName.slice(0, userWidth), userAndName.slice(userWidth)];
  return user.trim() === "" && paddedName.test(name);
}

/**
 * Milliseconds of an idle time: `5` minutes, `1:23` hours, `11+04:12` days; `.` and a word (`none`, `Kein`) mean less
 * than a minute. Undefined for everything else and above a year: old clients print a bogus `24692+13:29`.
 */
export function readIdle(text: string): number | undefined {
  if (/^[^0-9]+$/u.test(text)) return 0;
  const parts = /^(?:(?:([0-9]{1,3})\+)?([01]?[0-9]|2[0-3]):(?=[0-9]{2}$))?([0-5]?[0-9])$/u.exec(text);
  if (parts === null) return undefined;
  const [days, hours, minutes] = [parts[1], parts[2], parts[3]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const idleMinutes = (days * 24 + hours) * 60 + minutes;
  return idleMinutes > 365 * 24 * 60 ? undefined : idleMinutes * 60_000;
}

/** How two listings taken at the same moment compare. */
export interface Comparison {
  /** The row of each session that has one, by ID. */
  readonly times: ReadonlyMap<string, UserRow>;
  /** Why the list of sessions cannot be complete; absent when it may be complete. */
  readonly contradiction?: string;
}

/**
 * Looks for each row of `quser` among the sessions, by ID and the beginning of the user. A row without its session means that
 * a list is incomplete or that somebody logged on or off just then, and so does a user that only one of them shows in a session of both.
 * What only `qwinsta` shows is no contradiction.
 * @param asked sessions whose logoff was sent: while they close, one of the lists may still show their user
 */
export function compare(
  sessions: readonly Session[],
  { rows, unread }: UserTable,
  asked: readonly AskedRow[] = [],
): Comparison {
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const times = new Map<string, UserRow>();
  const shownIds = new Set<string>();
  const contradictions = unread.map((line) => `quser.exe printed "${line}"`);
  for (const row of rows) {
    const shown = `quser.exe shows session ${row.id} of ${row.userAndName === "" ? "nobody" : `"${row.userAndName}"`}`;
    const isTwice = shownIds.has(row.id);
    shownIds.add(row.id);
    const session = byId.get(row.id);
    if (!isTwice && session !== undefined && isClosing(session, row, asked)) continue;
    const difference = isTwice ? " and of somebody else" : differenceOf(session, row);
    if (difference !== undefined) contradictions.push(shown + difference);
    else if (row.userAndName !== "") times.set(row.id, row);
  }
  const [contradiction] = contradictions;
  return { times, ...(contradiction === undefined ? {} : { contradiction }) };
}

/** Whether a session whose logoff was sent has lost its user in one of the lists only. */
function isClosing({ user }: Session, { id, userAndName }: UserRow, asked: readonly AskedRow[]): boolean {
  if ((user === undefined) === (userAndName === "")) return false;
  const shown = user ?? userAndName;
  return asked.some((one) => one.id === id && one.user !== undefined && isSameUser(one.user, shown));
}

/** What `qwinsta` says about the session of a row, if that is something else; absent when both agree. */
function differenceOf(session: Session | undefined, { userAndName }: UserRow): string | undefined {
  if (session === undefined) return ", qwinsta.exe does not";
  const { user, kind } = session;
  if (user === undefined) return userAndName === "" ? undefined : ", qwinsta.exe shows it without a user";
  if (userAndName === "" || !isSameUser(user, userAndName))
    return `, qwinsta.exe shows it as that of "${user}"`;
  return / {2}console$/iu.test(userAndName) && kind !== "console"
    ? ", qwinsta.exe does not show it at the console"
    : undefined;
}

/** A table cuts users at 20 columns; a letter of two columns may not fit into the last one. */
const leastCutWidth = 19;

/** Whether a user of `qwinsta` begins a row of `quser`. Each of the tools may cut the user; one alone may print a domain. */
function isSameUser(user: string, userAndName: string): boolean {
  const [inQwinsta, inQuser] = [user.toLowerCase(), userAndName.toLowerCase()];
  return inQwinsta.includes("\\") === inQuser.includes("\\")
    ? begins(inQwinsta, inQuser)
    : begins(withoutDomain(inQwinsta), withoutDomain(inQuser));
}

function begins(user: string, userAndName: string): boolean {
  const whole = user.replace(/\.\.\.$/u, "");
  const shared = sharedBeginning(whole, userAndName);
  const behind = userAndName.slice(shared.length);
  const endsThere = /^(?: {2}|$)/u.test(behind);
  const mayBeCut = consoleWidth(shared) >= leastCutWidth;
  if (shared === whole) return endsThere || mayBeCut || whole !== user;
  return behind.startsWith("...") || (endsThere && mayBeCut);
}

function sharedBeginning(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
