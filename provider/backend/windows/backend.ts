import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { ExecResult } from "../../connection";
import type { Session, SessionList } from "../../session/session";
import type {
  Action,
  AskedRow,
  Backend,
  DrainMode,
  LogoffAnswer,
  Query,
  Target,
  WarnAnswer,
  Warning,
} from "../backend";
import { endOf } from "../replies";
import type { BootId } from "../boot-id";

import { decodeConsole, encodingOf } from "./code-page";
import { bootIdCommands, drainModeCommands, readBootId, readDrainMode } from "./registry";
import { errorMeaning, errorNumbers } from "./error-numbers";
import { denied, deniedDetail, unreadable } from "./failures";
import { withoutGreeting, type Greeting } from "./greeting";
import { readList } from "./list";
import { encodeMessage } from "./message";
import { oneLine, readOneLine, type WindowsShell } from "./one-line";
import { readProcesses } from "./processes";
import { wordsOf, type ReadableHost } from "./readable-host";

/**
 * Windows through its own console tools, named with their extension so that they mean the same in cmd and PowerShell.
 * `qwinsta` and `quser` instead of `query`, which exits 1 on success; even so, output decides and not the exit code.
 */
export function windowsBackend(
  target: Target,
  codePage: number | undefined,
  greeting: Greeting = [],
  errorGreeting: Greeting = [],
  shell?: WindowsShell,
): Backend {
  const host: ReadableHost = {
    ...target,
    read: (stdout) => decodeConsole(withoutGreeting(stdout, greeting), codePage),
    readErrors: (stderr) => decodeConsole(withoutGreeting(stderr, errorGreeting), codePage),
  };
  const onServer = serverSwitch(target);
  // Every list needs both: a session that only quser shows proves that the other list is incomplete.
  const listSeparately = (asked: readonly AskedRow[]): Query<SessionList> => ({
    commands: listPrograms(target),
    parse: ([qwinsta = nothing, quser = nothing]) => readList(host, qwinsta, quser, asked),
  });
  const list = (asked: readonly AskedRow[] = []): Query<SessionList> => {
    const separately = listSeparately(asked);
    if (shell === undefined || target.local === true) return separately;
    return {
      commands: [oneLine(separately.commands, shell)],
      parse: ([result = nothing]) => {
        const answers = readOneLine(result, separately.commands.length, shell, greeting);
        return separately.parse(withoutErrors(host, result, answers));
      },
      separately,
    };
  };
  return {
    platform: "windows",
    list,
    caveats: () => (encodingOf(codePage) === undefined ? [unknownCodePage] : []),
    logOff: (session): Action<LogoffAnswer> => ({
      command: `logoff.exe ${userSessionId(target, session)}${onServer}`,
      parse: (result) => readAnswer(host, result),
    }),
    reset: (session): Action<LogoffAnswer> => ({
      command: `rwinsta.exe ${userSessionId(target, session)}${onServer}`,
      parse: (result) => readAnswer(host, result),
    }),
    processes: (session): Query<readonly string[]> => {
      const id = userSessionId(target, session);
      return {
        commands: [`qprocess.exe /id:${id}${onServer}`],
        parse: ([result = nothing]) => readProcesses(host, id, result),
      };
    },
    warn: (session, text, seconds): Warning => {
      const { bytes, cut, replaced } = encodeMessage(text, codePage);
      const command = `msg.exe ${userSessionId(target, session)}${onServer} /time:${Math.max(1, Math.floor(seconds))}`;
      const parse = (result: ExecResult): WarnAnswer => readWarnAnswer(readAnswer(host, result));
      return { action: { command, stdin: bytes, parse }, cut, replaced };
    },
    drainMode: (): Query<DrainMode> => ({
      commands: drainModeCommands,
      parse: ([terminalServer, winlogon]) =>
        readDrainMode(target.label, textOf(host, terminalServer), textOf(host, winlogon)),
    }),
    drain: (mode) => changeLogon(host, mode === "until-restart" ? "/drainuntilrestart" : "/drain"),
    undrain: () => changeLogon(host, "/enable"),
    bootId: (): Query<BootId | undefined> => ({
      // The registry is this machine's, not that of a server behind it.
      commands: target.server === undefined ? bootIdCommands : [],
      parse: ([shutdownTime, boots]) => readBootId(textOf(host, shutdownTime), textOf(host, boots)),
    }),
  };
}

/** The programs that a list takes. */
export function listPrograms(target: Target): readonly [string, string] {
  const onServer = serverSwitch(target);
  return [`qwinsta.exe${onServer}`, `quser.exe${onServer}`];
}

function serverSwitch({ server }: Target): string {
  return server === undefined ? "" : ` /server:${server}`;
}

/**
 * The answers in one line, if no program complained: commands of their own tell who did, and how it ended.
 * @throws LogoffError `output-unrecognised`
 */
function withoutErrors(
  host: ReadableHost,
  line: ExecResult,
  answers: readonly ExecResult[] | undefined,
): readonly ExecResult[] {
  const isSilent =
    !hasErrorNumber(line.stderr, host.readErrors) &&
    answers?.every(({ stdout }) => !hasErrorNumber(stdout, host.read)) === true;
  if (isSilent) return answers;
  throw unreadable(host, "its programs cannot be asked in one command line");
}

function hasErrorNumber(output: Uint8Array, read: ReadableHost["read"]): boolean {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  // Every error number has one of these, and hardly any table has.
  return ["[", "0x", "0X"].some((part) => bytes.includes(part)) && errorNumbers(read(output).text).length > 0;
}

/** `change logon` has no `/server:`. Its exit code is ignored; the mode is read again instead. */
function changeLogon(host: ReadableHost, mode: string): Action<void> {
  return {
    command: `chglogon.exe ${mode}`,
    parse: (result) => {
      const answer = readAnswer(host, { ...result, code: 0, signal: undefined } as ExecResult);
      if (answer.kind === "denied") throw denied(host, "change the logon mode", answer.detail);
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

const nothing: ExecResult = { code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() };

const unknownCodePage =
  "The code page of the host is unknown, because chcp.com named none: a user with letters outside ASCII matches no `sessions.users`, and every exception";

function textOf(host: ReadableHost, { stdout }: ExecResult = nothing): string {
  return host.read(stdout).text;
}

/** The only text from a remote host that enters a command line. ID 0 is the services; IDs from 65536 on are listeners. */
function userSessionId(target: Target, { id }: Session): string {
  if (/^[0-9]{1,5}$/u.test(id) && Number(id) >= 1 && Number(id) <= 65_535) return id;
  throw new LogoffError(
    "output-unrecognised",
    `Cannot address session "${printable(id, 20)}" on "${target.label}": its ID must be a number from 1 to 65535`,
  );
}

/** Reads the answer to a logoff, which may be 0 without effect and an error after the effect. The list decides. */
function readAnswer(host: ReadableHost, result: ExecResult): LogoffAnswer {
  const said = wordsOf(host, result);
  switch (errorMeaning(said)) {
    case "denied":
      return { kind: "denied", detail: deniedDetail(host, said) };
    case "absent":
      return { kind: "absent" };
    case "busy":
      return { kind: "busy" };
    case "server-unreachable":
      return {
        kind: "refused",
        detail: `it cannot reach "${host.server ?? host.label}": "${printable(said)}"`,
      };
    case undefined:
      if (result.code === 0) return { kind: "accepted" };
      return { kind: "refused", detail: `the command ended with ${endOf(result)}: "${printable(said)}"` };
  }
}
