import type { ExecResult } from "../../connection";
import { printable } from "../../errors";
import type { Session, SessionList } from "../../session/session";
import type { Target } from "../backend";
import type { ConsoleText } from "./code-page";
import { errorMeaning, errorNumbers } from "./error-numbers";
import { contradictory, denied, deniedDetail, endOf, unreachableServer, unreadable } from "./failures";
import { firstListenerId, toSession } from "./sessions";
import { readTable, type SessionTable } from "./table";
import { compare, readUsers, type Comparison } from "./users";

/** A row has about 80 bytes: no host has three thousand sessions. */
const longestListing = 256 * 1024;
/** No error message is nearly as long. */
const longestComplaint = 10_000;

/** A host whose console output can be read. */
export interface ReadableHost extends Target {
  /** Output as text, without the host's greeting. */
  readonly read: (output: Uint8Array) => ConsoleText;
}

/**
 * The sessions of a host from what `qwinsta` and `quser` printed at about the same time. A list that may be incomplete, or that can be
 * read in two ways, is an error and never a shorter list.
 * @throws LogoffError `permission-denied`, `output-unrecognised`, `command-failed` (the server behind the host cannot be reached)
 */
export function readList(host: ReadableHost, qwinsta: ExecResult, quser: ExecResult): SessionList {
  refuseLong(host, "qwinsta.exe", qwinsta);
  refuseLong(host, "quser.exe", quser);
  const printed = host.read(qwinsta.stdout);
  const table = readTable(printed);
  const complaints = `${complaintsOf(host, qwinsta)}\n${table.unread.join("\n")}`.trim();
  const meaning = errorMeaning(complaints);
  if (meaning === "denied") throw denied(host, "list the sessions", deniedDetail(host, complaints));
  if (meaning === "server-unreachable" && host.server !== undefined)
    throw unreachableServer(host, host.server, complaints);
  if (qwinsta.code !== 0 && qwinsta.code !== 1)
    throw unreadable(host, `qwinsta.exe ended with ${endOf(qwinsta)}`);
  refuseIncomplete(host, table, complaints, printed.text);
  const sessions = table.rows.map((row) => toSession(row, printed.certain, table.classic));
  refuseImpossible(host, sessions);
  const { times, contradiction } = comparison(host, sessions, quser);
  if (contradiction !== undefined) throw contradictory(host, contradiction);
  return sessions.map((session) => withTimes(session, times));
}

function complaintsOf(host: ReadableHost, { stderr }: ExecResult): string {
  return host.read(stderr.subarray(0, longestComplaint)).text;
}

function refuseLong(host: ReadableHost, program: string, { stdout }: ExecResult): void {
  if (stdout.length > longestListing)
    throw unreadable(host, `${program} printed ${stdout.length} bytes, more than any session table`);
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
  if (!rows.some(({ id }) => id === "0"))
    throw denied(
      host,
      "list the sessions",
      "the login is not an administrator's: session 0 is not among the sessions that it sees, so others may be missing too",
    );
}

const noTableHint = "Home editions of Windows lack it; nobody was taken to be absent";
const oddTableHint =
  "text that cmd's AutoRun registry value or a PowerShell profile prints before every command may be in it; nobody was taken to be absent";

/** IDs that no user's session can have, and IDs that stand twice. The console of very old systems has ID 0. */
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
function comparison(host: ReadableHost, sessions: readonly Session[], quser: ExecResult): Comparison {
  const users = readUsers(host.read(quser.stdout));
  // An error with its number is no row that could not be read.
  const unread = users.unread.filter((line) => errorNumbers(line).length === 0);
  const found = compare(sessions, { ...users, unread });
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
