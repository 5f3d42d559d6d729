import type { Session, SessionKind, SessionState } from "../../session/session";
import type { ConsoleText } from "./code-page";

/** What one reading of `qwinsta` output found. */
export interface SessionTable {
  readonly sessions: readonly Session[];
  /** Lines that are neither the header nor a row: somebody may be hiding in them. */
  readonly unread: readonly string[];
  /** A `services` or `console` row was there, without which a table proves nothing about who is absent. */
  readonly complete: boolean;
}

/** IDs from here on are listeners. */
const firstListenerId = 65_536;
/** The classic layout prints at most so many characters of a user. */
const classicUserWidth = 20;
/** The last digit of an ID stands in column 46 of the classic layout and in column 54 of the wide one. */
const classicIdEndsBefore = 50;

interface Row {
  readonly own: boolean;
  readonly name: string | undefined;
  readonly user: string;
  readonly id: string;
  readonly idEnd: number;
  readonly stateText: string;
}

/**
 * Reads a `qwinsta` table by its rows. Headers and states are localized and columns move between versions of Windows
 * and with double-width letters, so that neither is looked at.
 */
export function readSessionTable({ text, certain }: ConsoleText): SessionTable {
  const lines = text.split(/\r?\n|\r/u).filter((line) => line.trim() !== "");
  const rows = lines.map(readRow);
  const found = rows.filter((row) => row !== undefined);
  const firstRow = rows.findIndex((row) => row !== undefined);
  // The one line above the first row is the header. An error may stand in its place or below.
  const unread = lines.filter((_, index) => rows[index] === undefined && index !== firstRow - 1);
  const classic = isClassic(found);
  const sessions = found.map((row) => toSession(row, certain, classic));
  return {
    sessions,
    unread,
    complete: sessions.some(({ kind }) => kind === "services" || kind === "console"),
  };
}

/** Letters that take two columns move the ID of their row: the rows without such tell the layout. If there is none, names are doubted. */
function isClassic(rows: readonly Row[]): boolean {
  const plain = rows.filter(({ user }) => /^[ -~]*$/u.test(user));
  return (plain.length > 0 ? plain : rows).some(({ idEnd }) => idEnd < classicIdEndsBefore);
}

/**
 * A row holds an integer, a blank before it, at least two blanks and a word behind it: ID and state. A user's name may
 * look like that too, but nothing behind the state does: the last such place counts.
 */
function readRow(line: string): Row | undefined {
  // Any non-ASCII character passes for a letter: a wrong code page may have swapped it.
  const places = [...line.matchAll(/(?<= )([0-9]{1,10}) {2,}(?=[A-Za-z\u0080-\u{10ffff}])/gu)];
  const place = places.at(-1);
  const id = place?.[1];
  if (place === undefined || id === undefined) return undefined;
  const left = line.slice(0, place.index);
  const named = /^[> ](\S+)(.*)$/u.exec(left);
  return {
    own: line.startsWith(">"),
    name: named?.[1],
    user: (named?.[2] ?? left.slice(1)).trim(),
    id: String(Number(id)),
    idEnd: place.index + id.length,
    stateText:
      line
        .slice(place.index + place[0].length)
        .split(/ {2,}/u)[0]
        ?.trim() ?? "",
  };
}

function toSession(row: Row, decoded: boolean, classic: boolean): Session {
  const user = row.user === "" ? undefined : row.user;
  return {
    id: row.id,
    ...(row.name === undefined ? {} : { name: row.name }),
    ...(user === undefined ? {} : { user }),
    userCertain: user === undefined || isCertain(user, decoded, classic),
    kind: kindOf(row, user),
    state: stateOf(row.name, user),
    stateText: row.stateText,
    own: row.own,
  };
}

/** `?` stands for a letter that the code page lacks: no account name can hold one itself. */
function isCertain(user: string, decoded: boolean, classic: boolean): boolean {
  const width = displayWidth(user);
  // A letter of two columns does not fit into the last one: a name that holds such may be cut one column earlier.
  const fits = width < classicUserWidth - (width > user.length ? 1 : 0);
  const cut = user.endsWith("...") || (classic && !fits);
  // eslint-disable-next-line no-control-regex
  const unreadable = /[?\ufffd\u0000-\u001f\u007f-\u009f]/u.test(user) || (!decoded && /[^ -~]/u.test(user));
  return !cut && !unreadable;
}

/** Console columns: East Asian wide characters take two. */
function displayWidth(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;
  return Array.from(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}

/** Names are ASCII and the same in every language. A user's session is numbered (`rdp-tcp#3`), a listener's is not. */
function kindOf({ id, name }: Row, user: string | undefined): SessionKind {
  const lowerName = name?.toLowerCase();
  if (id === "0" || lowerName === "services") return "services";
  if (Number(id) >= firstListenerId) return "listener";
  if (lowerName === "console") return "console";
  const numbered = lowerName === undefined || /#|\.\.\.$/u.test(lowerName);
  return user === undefined && !numbered ? "listener" : "user";
}

function stateOf(name: string | undefined, user: string | undefined): SessionState {
  if (user === undefined) return "other";
  return name === undefined ? "disconnected" : "active";
}

/** What `quser` adds to a session. */
export interface UserTimes {
  readonly logonTime: string;
  readonly idleMs?: number;
}

/** A date in any locale: three numbers between two separators. Idle times have none such. */
const dateAndTime = /[0-9]{1,4}[./-] ?[0-9]{1,2}[./-] ?[0-9]{1,4}.*$/u;

/**
 * Finds what a `quser` table says about one session of the `qwinsta` table of the same moment: its row holds the
 * session's user and ID. Undefined when there is no such row, or its times cannot be told apart.
 */
export function readUserTimes({ text }: ConsoleText, session: Session): UserTimes | undefined {
  if (session.user === undefined) return undefined;
  const user = session.user.replace(/\.\.\.$/u, "").toLowerCase();
  for (const line of text.split(/\r?\n|\r/u)) {
    const printed = line.slice(1).toLowerCase();
    if (!printed.startsWith(user) || !/^(?: |\.|$)/u.test(printed.slice(user.length))) continue;
    for (const place of line
      .slice(1 + user.length)
      .matchAll(/(?<= )([0-9]{1,10}) {2,}(?=[A-Za-z\u0080-\u{10ffff}])/gu)) {
      if (String(Number(place[1])) !== session.id) continue;
      const rest = line.slice(1 + user.length + place.index + place[0].length);
      const logonTime = dateAndTime.exec(rest)?.[0].trim();
      if (logonTime === undefined) return undefined;
      const idle = rest.slice(0, rest.search(dateAndTime)).trim().split(/ +/u).at(-1) ?? "";
      const idleMs = readIdle(idle);
      return { logonTime, ...(idleMs === undefined ? {} : { idleMs }) };
    }
  }
  return undefined;
}

/**
 * Milliseconds of an idle time: `5` minutes, `1:23` hours, `11+04:12` days; `.` and a word (`none`, `Kein`) mean less
 * than a minute. Undefined above a year: old clients print a bogus `24692+13:29`.
 */
export function readIdle(text: string): number | undefined {
  const parts = /^(?:([0-9]+)\+)?(?:([0-9]{1,2}):)?([0-9]{1,5})$/u.exec(text);
  if (parts === null) return /[0-9]/u.test(text) || text === "" ? undefined : 0;
  const [days, hours, minutes] = [parts[1], parts[2], parts[3]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const idleMinutes = (days * 24 + hours) * 60 + minutes;
  return idleMinutes > 365 * 24 * 60 ? undefined : idleMinutes * 60_000;
}
