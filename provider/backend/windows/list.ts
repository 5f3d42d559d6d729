import { printable } from "../../base/text";
import type { ExecResult } from "../../connection";
import type { Session, SessionList } from "../../session/session";
import type { AskedRow } from "../backend";
import { endOf, longestListing } from "../replies";
import { errorMeaning, errorNumbers } from "./error-numbers";
import { contradictory, denied, deniedDetail, unreachableServer, unreadable } from "./failures";
import { complaintsOf, type ReadableHost } from "./readable-host";
import { firstListenerId, toSession } from "./sessions";
import { readTable, type Row, type SessionTable } from "./table";
import { compare, readUsers, type Comparison } from "./users";

/** The number of unread lines that are searched for an error. */
const mostQuoted = 20;

/**
 * The sessions of a host from what `qwinsta` and `quser` printed at about the same time. A list that may be incomplete, or that can be
 * read in two ways, is an error and never a shorter list.
 * @param asked sessions whose logoff was sent: one without a user in `qwinsta` is closing, whatever `quser` shows
 * @throws LogoffError `permission-denied`, `output-unrecognised`, `command-failed` (the server behind the host cannot be reached)
 */
export function readList(
  host: ReadableHost,
  qwinsta: ExecResult,
  quser: ExecResult,
  asked: readonly AskedRow[],
): SessionList {
  refuseLong(host, "qwinsta.exe", qwinsta);
  refuseLong(host, "quser.exe", quser);
  const printed = host.read(qwinsta.stdout);
  const table = readTable(printed);
  const complaints = `${complaintsOf(host, qwinsta)}\n${table.unread.slice(0, mostQuoted).join("\n")}`.trim();
  // A profile may print other words with each command. Beside a complete table they mean nothing.
  const meaning = qwinsta.code === 0 && isComplete(table) ? undefined : errorMeaning(complaints);
  if (meaning === "denied") throw denied(host, "list the sessions", deniedDetail(host, complaints));
  if (meaning === "server-unreachable" && host.server !== undefined)
    throw unreachableServer(host, host.server, complaints);
  if (qwinsta.code !== 0 && qwinsta.code !== 1)
    throw unreadable(host, `qwinsta.exe ended with ${endOf(qwinsta)}`);
  refuseIncomplete(host, table, complaints, printed.text);
  const sessions = table.rows.map((row) => toSession(row, printed.certain, table.classic));
  refuseImpossible(host, sessions);
  const { times, contradiction } = comparison(host, sessions, quser, asked);
  if (contradiction !== undefined) throw contradictory(host, contradiction);
  return sessions.map((session) => withTimes(session, times));
}

function refuseLong(host: ReadableHost, program: string, { stdout }: ExecResult): void {
  if (stdout.length > longestListing)
    throw unreadable(host, `${program} printed ${stdout.length} bytes, more than any session table`);
}

/** Whether every line was read and session 0 is there, which only an administrator sees. */
function isComplete({ rows, unread }: SessionTable): boolean {
  return unread.length === 0 && rows.some(({ id }) => id === "0");
}

function refuseIncomplete(host: ReadableHost, table: SessionTable, complaints: string, text: string): void {
  const { rows, unread, unmarked } = table;
  if (unread.length > 0 || rows.length === 0) {
    const said = printable(complaints);
    const what = `qwinsta.exe printed no complete session table${said === "" ? "" : ` but "${said}"`}`;
    throw unreadable(host, `${what} (${text.trim() === "" ? noTableHint : oddTableHint})`);
  }
  if (unmarked && host.local === true)
    throw unreadable(host, "its session table lacks the first column, which marks our own session");
  const sessionZero = rows.find(({ id }) => id === "0");
  if (sessionZero === undefined)
    throw denied(
      host,
      "list the sessions",
      "the login is not an administrator's: session 0 is not among the sessions that it sees, so others may be missing too",
    );
  if (!isNamedAsItShould(sessionZero, rows))
    throw unreadable(
      host,
      `its session table names session 0 "${printable(sessionZero.name ?? "")}" and not "services"`,
    );
}

/** On very old systems session 0 is the console, or has no name if the console has another ID. */
function isNamedAsItShould({ name }: Row, rows: readonly Row[]): boolean {
  const names = name === undefined ? rows.map((row) => row.name) : [name];
  return names.some((one) => /^(?:services|console)$/iu.test(one ?? ""));
}

const noTableHint = "Home editions of Windows lack it; nobody was taken to be absent";
const oddTableHint =
  "text that cmd's AutoRun registry value or a PowerShell profile prints before every command may be in it; nobody was taken to be absent";

/** Refuses IDs that no user's session can have, and duplicate IDs. The console of very old systems has ID 0. */
function refuseImpossible(host: ReadableHost, sessions: readonly Session[]): void {
  const seen = new Set<string>();
  for (const { id, user, kind } of sessions) {
    if (seen.has(id)) throw unreadable(host, `two rows of its session table have the ID ${id}`);
    seen.add(id);
    const isPossible = Number(id) < firstListenerId && (id !== "0" || kind === "console");
    if (user !== undefined && !isPossible)
      throw unreadable(
        host,
        `its session table shows "${printable(user)}" with ID ${id}, which is no user's`,
      );
  }
}

/** Without rows, or where rights are missing, `quser` proves nothing. Its exit code says nothing either. */
function comparison(
  host: ReadableHost,
  sessions: readonly Session[],
  quser: ExecResult,
  asked: readonly AskedRow[],
): Comparison {
  const users = readUsers(host.read(quser.stdout));
  // An error with its number is not an unreadable row.
  const unread = users.unread.filter((line) => errorNumbers(line).length === 0);
  const found = compare(sessions, { ...users, unread }, asked);
  const isDenied = errorMeaning(complaintsOf(host, quser)) === "denied";
  return isDenied ? { times: found.times } : found;
}

function withTimes(session: Session, times: Comparison["times"]): Session {
  const { idleMs, logonTime } = times.get(session.id) ?? {};
  return {
    ...session,
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(logonTime === undefined ? {} : { logonTime }),
  };
}
