/** One command: a process of ssh that hands its streams to the master and waits for the exit status. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { onAbort } from "../base/abort";
import type { Clock } from "../base/clock";
import { LogoffError } from "../base/errors";
import type { ExecResult } from "../connection";
import type { FileOptions } from "./connection-files";
import { readLogStart } from "./log-file";
import { readChannelEnd, readCommandLog, readDirectLog } from "./log-lines";
import type { Machine } from "./machine/machine";
import type { Master } from "./master";
import { killGroup, startSsh, type SshProgram } from "./machine/ssh-process";

/** Far more than any listing of sessions. */
const maxOutputBytes = 8 * 1024 * 1024;
/** The exit code with which ssh ends when it has failed; a remote command may end with it too. */
const failed = 255;
/** How long a host may be silent after the exit status before we stop waiting for the end of the output. */
const quietMs = 2000;

export const keptOpenWarning = `the host leaves command channels open: their output was taken as complete ${quietMs / 1000} s after the exit status (a program started at login may hold them open)`;

/** The host did not open a channel, so the command does not run. */
export interface Refused {
  readonly kind: "refused";
  readonly words: string;
}

/** The connection was lost before the command was sent. */
export interface Lost {
  readonly kind: "lost";
  readonly error: LogoffError;
}

export interface CommandOptions {
  readonly master: Master;
  readonly label: string;
  readonly clock: Clock;
  /** Receives warnings about the connection. */
  readonly warn: (text: string) => void;
}

/** The arguments of a command's process. No file is read, and nothing but the socket may reach a host. */
function commandArgs(socket: string, log: string, command: string): readonly string[] {
  const options = [
    // Without it, ssh would open a connection of its own when the master is gone or refuses.
    "ProxyCommand=false",
    "BatchMode=yes",
    "IdentityFile=none",
    "EscapeChar=none",
    "LogLevel=DEBUG2",
  ];
  return [
    ...["-F", "none", "-S", socket, "-E", log, "-T"],
    ...options.flatMap((option) => ["-o", option]),
    // The name is of no meaning to a master. After `--`, the command cannot be an option.
    ...["--", "host", command],
  ];
}

/**
 * The result of the command, or why it was not sent.
 * @throws LogoffError `connection-lost`, `output-unrecognised`, or the signal's reason
 */
export async function runCommand(
  options: CommandOptions,
  command: string,
  stdin: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<ExecResult | Refused | Lost> {
  const { master, label } = options;
  const log = `${master.machine.folder.next()}.log`;
  try {
    const { code, stdout, stderr, keptOpen } = await collect(
      {
        ...options,
        program: master.machine.program,
        args: commandArgs(master.path, log, command),
        endSoFar: () => endSoFar(master, log),
      },
      stdin,
      signal,
    );
    if (keptOpen !== undefined) return { stdout, stderr, code: keptOpen };
    const { channel, exitStatus, refusal, isWithoutMaster } = readCommandLog(await readLogStart(log));
    if (exitStatus !== undefined) return { stdout, stderr, code: exitStatus };
    if (code !== undefined && code !== failed) return { stdout, stderr, code };
    if (refusal !== undefined && master.lost() === undefined) return { kind: "refused", words: refusal };
    if (isWithoutMaster)
      return {
        kind: "lost",
        error: master.lost() ?? new LogoffError("connection-lost", `Lost the connection to "${label}"`),
      };
    if (channel === undefined) throw (await lostSoon(options)) ?? withoutLog(label, log);
    // The master writes before it closes the sockets of commands.
    const { isBySignal, isRefused } = readChannelEnd(await master.log(), channel);
    if (isBySignal) return { stdout, stderr, signal: "unknown" };
    if (isRefused) throw notStarted(label);
    throw (await lostSoon(options)) ?? unanswered(label);
  } catch (thrown) {
    // Without an open channel when the time is up, the connection is taken as dead; otherwise the command could still start.
    if (thrown instanceof LogoffError && thrown.code === "timed-out") {
      const { channel } = readCommandLog(await readLogStart(log));
      if (channel === undefined) master.destroy(thrown);
    }
    throw thrown;
  } finally {
    await rm(log, { force: true });
  }
}

/** A command with a connection of its own. */
export interface DirectOptions extends Omit<CommandOptions, "master"> {
  readonly files: Pick<FileOptions, "base" | "givenName">;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

/**
 * The result of a command on a connection of its own, over which it is the only one; undefined if ssh ended before it was sent.
 * @throws LogoffError `connection-lost`, `output-unrecognised`, or the signal's reason
 */
export async function runDirectly(
  options: DirectOptions,
  command: string,
  stdin: Uint8Array | undefined,
): Promise<ExecResult | undefined> {
  const { files, machine, label, signal } = options;
  const { base, givenName } = files;
  const args = ["-F", `${base}.conf`, "-S", "none", "-E", `${base}.log`, "-T", "--", givenName, command];
  const { code, stdout, stderr, keptOpen } = await collect(
    {
      ...options,
      program: machine.program,
      args,
      endSoFar: () => Promise.resolve(undefined),
    },
    stdin,
    signal,
  );
  if (keptOpen !== undefined) return { stdout, stderr, code: keptOpen };
  const text = await readLogStart(`${base}.log`);
  const log = readDirectLog(text);
  // The log tells more than the eight bits of the exit code, but only where both agree: anybody on the way can write into it.
  const agrees = log.exitStatus !== undefined && (log.exitStatus & 0xff) === code && !log.hasCertificate;
  if (agrees) return { stdout, stderr, code: log.exitStatus };
  if (code !== undefined && code !== failed) return { stdout, stderr, code };
  if (text === "") throw withoutLog(label, base);
  if (!log.isSent) return undefined;
  if (log.hasCertificate) throw unanswered(label);
  if (log.isRefused) throw notStarted(label);
  if (log.isBySignal) return { stdout, stderr, signal: "unknown" };
  throw unanswered(label);
}

/** The error of a connection that is lost, or is found to be lost within a moment. */
async function lostSoon({ master, clock }: CommandOptions): Promise<LogoffError | undefined> {
  await Promise.race([master.ended, new Promise<void>((resolve) => clock.after(200, resolve))]);
  return master.lost();
}

function unanswered(label: string): LogoffError {
  const message = `Lost a command on "${label}": the host closed its channel without an exit status`;
  return new LogoffError("connection-lost", message);
}

/** The end of a command whose process still runs here, because its channel stays open: its exit status, or that the host did not start it. */
async function endSoFar(master: Master, log: string): Promise<number | "refused" | undefined> {
  const { channel } = readCommandLog(await readLogStart(log));
  if (channel === undefined) return undefined;
  const { isRefused, exitStatus } = readChannelEnd(await master.log(), channel);
  return isRefused ? "refused" : exitStatus;
}

/** The host may have run the command: nothing tells. */
function withoutLog(label: string, path: string): LogoffError {
  const message = `Lost a command on "${label}": ssh could not log how it ended; see whether the file system of "${dirname(path)}" is full`;
  return new LogoffError("connection-lost", message);
}

function notStarted(label: string): LogoffError {
  return new LogoffError(
    "command-failed",
    `Cannot run a command on "${label}": the host refused to start it`,
  );
}

interface Collected {
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** The exit status of a command whose channel stays open. */
  readonly keptOpen?: number;
}

interface Collecting extends Omit<CommandOptions, "master"> {
  readonly program: SshProgram;
  readonly args: readonly string[];
  /** The end of the command although its channel is open. */
  readonly endSoFar: () => Promise<number | "refused" | undefined>;
}

/** The output of a command's process, once both streams are closed. @throws LogoffError `command-failed` if it does not start */
function collect(
  { program, args, label, clock, warn, endSoFar }: Collecting,
  stdin: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Collected> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      onAbort(signal, reject);
      return;
    }
    const child = startSsh(program, args, "pipe");
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let settled = false;
    let stopTimer = (): void => undefined;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      stopListening();
      stopTimer();
      finish();
    };
    const drop = (): void => {
      killGroup(child, program.platform, "SIGKILL");
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    };
    const fail = (error: LogoffError): void =>
      settle(() => {
        drop();
        reject(error);
      });
    const succeed = (end: Pick<Collected, "code" | "keptOpen">): void =>
      settle(() => resolve({ ...end, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }));
    const stopListening = onAbort(signal, fail);
    /** Some hosts never report the end of the output: after a silence, the logs tell whether the command has exited. */
    const waitForQuiet = (): void => {
      const bytesBefore = bytes;
      stopTimer = clock.after(quietMs, () => {
        void endSoFar().then((end) => {
          if (settled) return;
          if (end === "refused") fail(notStarted(label));
          else if (bytes !== bytesBefore || end === undefined) waitForQuiet();
          else {
            warn(keptOpenWarning);
            succeed({ code: undefined, keptOpen: end });
            drop();
          }
        });
      });
    };
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) chunks.push(chunk);
      else {
        const message = `Cannot use the output of a command on "${label}": it is longer than ${maxOutputBytes / 1024 / 1024} MiB`;
        fail(new LogoffError("output-unrecognised", message));
      }
    };
    child.stdout?.on("data", keep(stdout)).on("error", () => undefined);
    child.stderr?.on("data", keep(stderr)).on("error", () => undefined);
    // A command need not read its input.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin === undefined ? undefined : Buffer.from(stdin));
    child.once("close", (code) => succeed({ code: code ?? undefined }));
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? cause.message;
      const message = `Cannot start a command on "${label}": ${reason}`;
      fail(new LogoffError("command-failed", message, { sent: false }));
    });
    waitForQuiet();
  });
}
