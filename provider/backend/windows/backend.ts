import type { ExecResult } from "../../connection";
import { LogoffError, printable } from "../../errors";
import type { Session, SessionList } from "../../session/session";
import type {
  Action,
  Backend,
  DrainMode,
  LogoffAnswer,
  Query,
  Target,
  WarnAnswer,
  Warning,
} from "../backend";
import { decodeConsole } from "./code-page";
import { drainModeCommands, readDrainMode } from "./drain";
import { errorMeaning } from "./error-numbers";
import { encodeMessage } from "./message";
import { readSessionTable, readUserTimes } from "./sessions";

/**
 * Windows through its own console tools, named with their extension so that they mean the same in cmd and PowerShell.
 * `qwinsta` and `quser` instead of `query`, which exits 1 on success; even so, output decides and not the exit code.
 */
export function windowsBackend(target: Target, codePage: number | undefined): Backend {
  const onServer = target.server === undefined ? "" : ` /server:${target.server}`;
  const [sessions, times] = [`qwinsta.exe${onServer}`, `quser.exe${onServer}`];
  const parse: Query<SessionList>["parse"] = ([qwinsta, quser]) => readList(target, codePage, qwinsta, quser);
  return {
    platform: "windows",
    list: () => ({ commands: [sessions, times], parse }),
    listLeft: () => ({
      commands: [sessions],
      more: ([qwinsta]) => (holdsPeople(qwinsta, codePage) ? [times] : []),
      parse,
    }),
    caveats: () => [],
    logOff: (session): Action<LogoffAnswer> => ({
      command: `logoff.exe ${userSessionId(target, session)}${onServer}`,
      parse: (result) => readAnswer(target, codePage, result),
    }),
    reset: (session): Action<LogoffAnswer> => ({
      command: `rwinsta.exe ${userSessionId(target, session)}${onServer}`,
      parse: (result) => readAnswer(target, codePage, result),
    }),
    warn: (session, text, seconds): Warning => {
      const { bytes, cut, replaced } = encodeMessage(text, codePage);
      const command = `msg.exe ${userSessionId(target, session)}${onServer} /time:${Math.max(1, Math.floor(seconds))}`;
      const parse = (result: ExecResult): WarnAnswer => readWarnAnswer(readAnswer(target, codePage, result));
      return { action: { command, stdin: bytes, parse }, cut, replaced };
    },
    drainMode: (): Query<DrainMode> => ({
      commands: drainModeCommands,
      parse: ([terminalServer, winlogon]) =>
        readDrainMode(target.label, textOf(terminalServer, codePage), textOf(winlogon, codePage)),
    }),
    drain: (mode) =>
      changeLogon(target, codePage, mode === "until-restart" ? "/drainuntilrestart" : "/drain"),
    undrain: () => changeLogon(target, codePage, "/enable"),
  };
}

/** `change logon` has no `/server:`. Its exit code is not looked at: reading the mode again tells. */
function changeLogon(target: Target, codePage: number | undefined, mode: string): Action<void> {
  return {
    command: `chglogon.exe ${mode}`,
    parse: (result) => {
      const answer = readAnswer(target, codePage, { ...result, code: 0, signal: undefined } as ExecResult);
      if (answer.kind === "denied") {
        throw new LogoffError(
          "permission-denied",
          `Cannot change the logon mode of "${target.label}": ${answer.detail}`,
        );
      }
    },
  };
}

function readWarnAnswer(answer: LogoffAnswer): WarnAnswer {
  switch (answer.kind) {
    case "accepted":
      return { kind: "delivered" };
    case "absent":
      return { kind: "absent" };
    case "busy":
      return { kind: "undelivered", detail: "the session is closing" };
    case "denied":
    case "refused":
      return { kind: "undelivered", detail: answer.detail };
  }
}

function textOf(result: ExecResult | undefined, codePage: number | undefined): string {
  return decodeConsole(result?.stdout ?? new Uint8Array(), codePage).text;
}

/** The only thing from a remote host that ever enters a command line. 0 is the services, from 65536 on listeners. */
function userSessionId(target: Target, { id }: Session): string {
  if (/^[0-9]{1,5}$/u.test(id) && Number(id) >= 1 && Number(id) <= 65_535) return id;
  throw new LogoffError(
    "output-unrecognised",
    `Cannot address session "${printable(id, 20)}" on "${target.label}": its ID must be a number from 1 to 65535`,
  );
}

/** Whether a table of `qwinsta` names a user, whose times are then worth asking for. */
function holdsPeople(qwinsta: ExecResult | undefined, codePage: number | undefined): boolean {
  const printed = decodeConsole(qwinsta?.stdout ?? new Uint8Array(), codePage);
  return readSessionTable(printed).sessions.some(({ user }) => user !== undefined);
}

/** `quser` only adds times: it exits 1 with "No User exists for *" on an empty host, and may fail where rights lack. */
function readList(
  target: Target,
  codePage: number | undefined,
  qwinsta: ExecResult | undefined,
  quser: ExecResult | undefined,
): SessionList {
  const printed = decodeConsole(qwinsta?.stdout ?? new Uint8Array(), codePage);
  const table = readSessionTable(printed);
  const complaints = `${decodeConsole(qwinsta?.stderr ?? new Uint8Array(), codePage).text}\n${table.unread.join("\n")}`;
  const meaning = errorMeaning(complaints);
  if (meaning === "denied") throw deniedError(target, "list the sessions", complaints);
  if (meaning === "server-unreachable" && target.server !== undefined)
    throw unreachableServer(target, target.server, complaints);
  if (!table.complete || table.unread.length > 0) throw unreadable(target, complaints);
  const ids = new Set(table.sessions.map(({ id }) => id));
  if (ids.size !== table.sessions.length) throw unreadable(target, "an ID stands in two rows");
  const users = decodeConsole(quser?.stdout ?? new Uint8Array(), codePage);
  return table.sessions.map((session) => ({ ...session, ...readUserTimes(users, session) }));
}

function unreadable(target: Target, complaints: string): LogoffError {
  const said = printable(complaints);
  return new LogoffError(
    "output-unrecognised",
    `Cannot read the sessions of "${target.label}": qwinsta.exe printed no complete session table${said === "" ? "" : ` but "${said}"`} (Home editions of Windows lack it; nobody was taken to be absent)`,
  );
}

function unreachableServer(target: Target, server: string, complaints: string): LogoffError {
  return new LogoffError(
    "command-failed",
    `Cannot list the sessions of "${target.label}": the host before the ">" cannot reach "${server}" by remote procedure call: "${printable(complaints)}"; check its name and the firewall, on a client edition of Windows set AllowRemoteRPC to 1, and log in with a password (a login by public key carries no credentials on)`,
  );
}

function deniedError(target: Target, action: string, complaints: string): LogoffError {
  return new LogoffError(
    "permission-denied",
    `Cannot ${action} on "${target.label}": ${deniedDetail(target, complaints)}`,
  );
}

function deniedDetail(target: Target, complaints: string): string {
  const relayed =
    target.server === undefined
      ? ""
      : ` (a login by public key carries no credentials to "${target.server}": log in with a password)`;
  return `the login lacks Full Control over other users' sessions${relayed}: "${printable(complaints)}"`;
}

/** `logoff` may return 0 without having done anything, and fail after it has: whatever this says, the list decides. */
function readAnswer(target: Target, codePage: number | undefined, result: ExecResult): LogoffAnswer {
  const said = [result.stderr, result.stdout].map((bytes) => decodeConsole(bytes, codePage).text).join("\n");
  switch (errorMeaning(said)) {
    case "denied":
      return { kind: "denied", detail: deniedDetail(target, said) };
    case "absent":
      return { kind: "absent" };
    case "busy":
      return { kind: "busy" };
    case "server-unreachable":
      return {
        kind: "refused",
        detail: `it cannot reach "${target.server ?? target.label}": "${printable(said)}"`,
      };
    case undefined:
      if (result.code === 0) return { kind: "accepted" };
      return { kind: "refused", detail: `the command ended with ${endOf(result)}: "${printable(said)}"` };
  }
}

function endOf(result: ExecResult): string {
  return result.code === undefined ? `signal ${printable(result.signal, 20)}` : `exit code ${result.code}`;
}
