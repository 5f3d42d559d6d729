import type { ClientChannel } from "ssh2";
import { Slots, type Clock, onAbort } from "../async";
import type { Exec, ExecOptions, ExecResult } from "../connection";
import { LogoffError } from "../errors";
import { manyListeners, withDeadline } from "./deadline";
import type { Link } from "./link";
import type { Quote } from "./redact";

/** No listing of sessions is near it; a host that sends more is not answering the question. */
const maxOutputBytes = 8 * 1024 * 1024;
/** sshd's MaxSessions is 10 by default, and others may use the machine; four keep independent questions in flight. */
const commandsAtOnce = 4;
/** Of those, how many may be of the kind that blocks: a host that is slow to log people off must still be listed. */
const blockingAtOnce = 2;
/** Pauses before a channel that the host had no room for is asked for again. */
const roomPausesMs = [100, 300, 900, 2700];

// RFC 4254 5.1. sshd answers CONNECT_FAILED when MaxSessions is reached.
const administrativelyProhibited = 1;
const connectFailed = 2;
const resourceShortage = 4;

export interface CommandOptions {
  readonly link: Link;
  readonly label: string;
  readonly clock: Clock;
  readonly quote: Quote;
}

/**
 * Runs commands over one connection: no terminal, no agent forwarding, standard input closed, at most four at once, of which two may
 * block; waiting for a turn is not part of the timeout.
 */
export function commandRunner(options: CommandOptions): Exec {
  const { label, clock } = options;
  const slots = new Slots(commandsAtOnce);
  const blocking = new Slots(blockingAtOnce);
  return (command, execOptions) => {
    const outer = manyListeners(execOptions.signal ?? new AbortController().signal);
    const expired = (): LogoffError =>
      new LogoffError(
        "timed-out",
        `Gave up a command on "${label}" after ${execOptions.timeoutMs / 1000} s without an end`,
      );
    const run = (signal: AbortSignal): Promise<ExecResult> =>
      runWithRoom(options, command, execOptions, signal);
    const inTurn = (): Promise<ExecResult> =>
      slots.run(() => withDeadline(clock, execOptions.timeoutMs, outer, expired, run), outer);
    return execOptions.mayBlock ? blocking.run(inTurn, outer) : inTurn();
  };
}

async function runWithRoom(
  options: CommandOptions,
  command: string,
  execOptions: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  for (let tries = 0; ; tries += 1) {
    // Whoever waited while the connection died was not sent, and must not be told that they were.
    const gone = options.link.lost();
    if (gone !== undefined) throw gone;
    execOptions.onTurn?.();
    const result = await runOnce(options, command, execOptions, signal);
    if (result !== "no room") return result;
    execOptions.onNoRoom?.();
    const pause = roomPausesMs[tries];
    if (pause === undefined) {
      const reason = `the host has no room for another session (MaxSessions), ${tries + 1} times in a row`;
      throw new LogoffError("command-failed", `Cannot start a command on "${options.label}": ${reason}`);
    }
    await options.clock.sleep(pause, signal);
  }
}

/** The result of the command, unless the host had no room for it. */
function runOnce(
  options: CommandOptions,
  command: string,
  execOptions: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult | "no room"> {
  const { link, label, quote } = options;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, (error) => {
      // ssh2 would send the command whenever the host opens the channel at last, long after we have given up.
      link.destroy(error);
      reject(error);
    });
    try {
      link.loggedIn.client.exec(command, (error: (Error & { reason?: number }) | undefined, channel) => {
        stopListening();
        // ssh2 reports a dead connection in the same words as a refusal; the link knows.
        const lost = link.lost();
        // Listening must begin here and now: a quick command's whole life can be in the packet that told us of its start.
        if (error === undefined) collect(options, channel, execOptions, signal).then(resolve, reject);
        else if (lost !== undefined) reject(lost);
        else if (error.reason === connectFailed || error.reason === resourceShortage) resolve("no room");
        else reject(new LogoffError("command-failed", refusal(label, error, quote)));
      });
    } catch {
      stopListening();
      reject(link.lost() ?? new LogoffError("connection-lost", `Lost the connection to "${label}"`));
    }
  });
}

function refusal(label: string, error: Error & { reason?: number }, quote: Quote): string {
  const words = error.reason === undefined ? "" : `: ${quote(error.message)}`;
  const reason =
    error.reason === administrativelyProhibited ? "its configuration forbids it" : `the host refused${words}`;
  return `Cannot start a command on "${label}": ${reason}`;
}

/** What the command printed, once the channel is closed and both of its streams have ended. */
function collect(
  options: CommandOptions,
  channel: ClientChannel,
  execOptions: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { link, label } = options;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let end: { readonly code: number } | { readonly signal: string } | undefined;
    let open = 2;
    let whole = false;

    const stop = (error: LogoffError): void => {
      stopListening();
      bytes = Infinity; // what still comes is read and dropped, so that the connection stays usable
      stdout.length = 0;
      stderr.length = 0;
      reject(error);
      closeChannel(channel);
    };
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      if (bytes > maxOutputBytes) return;
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxOutputBytes) {
        const message = `Cannot use the output of a command on "${label}": it is longer than ${maxOutputBytes / 1024 / 1024} MiB`;
        stop(new LogoffError("output-unrecognised", message));
      }
    };
    const onClosed = (): void => {
      open -= 1;
      if (open > 0) return;
      stopListening();
      if (end !== undefined && whole)
        resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...end });
      else {
        const unknown = `Lost a command on "${label}": the host closed it without saying how it ended`;
        reject(link.lost() ?? new LogoffError("connection-lost", unknown));
      }
    };
    const stopListening = onAbort(signal, (error) => queueMicrotask(() => stop(error)));

    channel.on("exit", (code: number | null, name?: string) => {
      end = code === null ? { signal: name ?? "unknown" } : { code };
    });
    channel.on("data", keep(stdout));
    channel.stderr.on("data", keep(stderr));
    // A host may say how a command ended before it has passed on all that was printed: only its end of output completes it.
    channel.once("end", () => (whole = link.lost() === undefined));
    channel.once("close", onClosed);
    channel.stderr.once("close", onClosed);
    // Their causes reach us as a closed channel or a lost link.
    channel.on("error", () => undefined);
    channel.stderr.on("error", () => undefined);
    channel.end(execOptions.stdin === undefined ? undefined : Buffer.from(execOptions.stdin));
    // ssh2 ends a channel once more when it is over, and Node makes an error with a stack of it that nobody hears.
    channel.end = () => channel;
  });
}

function closeChannel(channel: ClientChannel): void {
  try {
    channel.close();
  } catch {
    // ssh2 throws when its side of a dead connection is written to; then the channel is closed anyway
  }
}
