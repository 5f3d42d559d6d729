/** One command on one channel: requests the channel, sends the command, and collects its output. */
import type { ClientChannel } from "ssh2";
import { onAbort } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";
import type { ExecResult } from "../../connection";
import {
  discard,
  isAnswerToCommand,
  ping,
  requestCommand,
  type CommandRequest,
  type NotStarted,
} from "../ssh2-quirks";
import type { UsedLink } from "./link-chain";

/** Far more than any listing of sessions. */
const maxOutputBytes = 8 * 1024 * 1024;
/** How long a host may be silent after the exit status before we stop waiting for the end of the output. */
const quietMs = 2000;

export const keptOpenWarning = `the host leaves command channels open: their output was taken as complete ${quietMs / 1000} s after the exit status (a program started at login may hold them open)`;

/** The host did not open a channel, or refused the command, so the command does not run. */
export interface Refused {
  readonly kind: "refused";
  readonly error: NotStarted;
}

/** The connection was lost before the command was sent. */
interface Lost {
  readonly kind: "lost";
  readonly error: LogoffError;
}

export interface CommandOptions {
  readonly used: UsedLink;
  readonly label: string;
  readonly clock: Clock;
  /** Receives warnings about the connection. */
  readonly warn: (text: string) => void;
}

/**
 * The result of the command, or why it was not sent. Nothing is sent after the signal fires.
 * @throws LogoffError `connection-lost`, `output-unrecognised`, or the signal's reason
 */
export function runCommand(
  options: CommandOptions,
  command: string,
  stdin: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<ExecResult | Refused | Lost> {
  const { used, label, clock } = options;
  const { link, inProgress } = used;
  return new Promise((resolve, reject) => {
    let request: CommandRequest | undefined;
    const cleanUp = (): void => {
      stopListening();
      if (request !== undefined) inProgress.delete(request);
    };
    const stopListening = onAbort(signal, (error) => {
      // Without an open channel when the time is up, the connection is taken as dead; otherwise the command could still start.
      if (error.code === "timed-out" && channelsOpen(used) === 0) link.destroy(error);
      cleanUp();
      request?.abandon();
      reject(error);
    });
    const started = (channel: ClientChannel): void => {
      used.opened += 1;
      const result = collect(options, channel, stdin, signal).finally(() => {
        cleanUp();
        used.endedMs = clock.now();
      });
      result.then((ended) => {
        used.completed += 1;
        resolve(ended);
      }, reject);
    };
    const notStarted = (error: NotStarted): void => {
      const wasSent = isAnswerToCommand(error);
      const isRefusal = !wasSent || request?.isOpen() === true;
      request?.abandon();
      cleanUp();
      // ssh2 reports a dead connection with the same message as a refusal.
      const lost = link.lost();
      if (lost !== undefined && !wasSent) resolve({ kind: "lost", error: lost });
      else if (isRefusal && lost === undefined) resolve({ kind: "refused", error });
      else reject(lost ?? unanswered(label));
    };
    try {
      request = requestCommand(link.loggedIn.client, command, (error, channel) => {
        stopListening();
        if (signal.aborted) {
          if (error === undefined) discard(channel);
        }
        // Listeners must be added synchronously: the packet that reports the start of a quick command may also contain its end.
        else if (error === undefined) started(channel);
        else notStarted(error);
      });
      inProgress.add(request);
    } catch {
      cleanUp();
      resolve({
        kind: "lost",
        error: link.lost() ?? new LogoffError("connection-lost", `Lost the connection to "${label}"`),
      });
    }
  });
}

/** How many commands have an open channel on the host. */
export function channelsOpen({ inProgress }: UsedLink): number {
  return [...inProgress].filter((request) => request.isOpen()).length;
}

function unanswered(label: string): LogoffError {
  return new LogoffError(
    "connection-lost",
    `Lost a command on "${label}": the host closed its channel without an exit status`,
  );
}

/** The output of the command, once the channel is closed and both of its streams have ended. */
function collect(
  options: CommandOptions,
  channel: ClientChannel,
  stdin: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { used, label, clock } = options;
  const { link } = used;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let end: { readonly code: number } | { readonly signal: string } | undefined;
    let openStreams = 2;
    let isOutputComplete = false;
    let stopTimer = (): void => undefined;

    const stopWaiting = (): void => {
      stopListening();
      stopTimer();
    };
    const abandon = (): void => {
      stopWaiting();
      bytes = Infinity; // further output is read and dropped, so that the connection stays usable
      stdout.length = 0;
      stderr.length = 0;
      discard(channel);
    };
    const fail = (error: LogoffError): void => {
      abandon();
      reject(error);
    };
    const succeed = (how: NonNullable<typeof end>): void =>
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...how });
    /** Some hosts never report the end of the output. After a silence, the answer to a ping proves that no output is in transit. */
    const waitForQuiet = (): void => {
      stopTimer();
      if (end !== undefined && bytes !== Infinity) stopTimer = clock.after(quietMs, confirmComplete);
    };
    const confirmComplete = (): void => {
      const bytesBefore = bytes;
      ping(link.loggedIn.client, () => {
        if (end === undefined || openStreams === 0 || bytes !== bytesBefore || link.lost() !== undefined)
          return;
        succeed(end);
        abandon();
        options.warn(keptOpenWarning);
      });
    };
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      if (bytes > maxOutputBytes) return;
      bytes += chunk.length;
      chunks.push(chunk);
      waitForQuiet();
      if (bytes > maxOutputBytes) {
        const message = `Cannot use the output of a command on "${label}": it is longer than ${maxOutputBytes / 1024 / 1024} MiB`;
        fail(new LogoffError("output-unrecognised", message));
      }
    };
    const onClosed = (): void => {
      openStreams -= 1;
      if (openStreams > 0) return;
      stopWaiting();
      if (end !== undefined && isOutputComplete) succeed(end);
      else reject(link.lost() ?? unanswered(label));
    };
    const stopListening = onAbort(signal, (error) => queueMicrotask(() => fail(error)));

    channel.on("exit", (code: number | null, name?: string) => {
      end = code === null ? { signal: name ?? "unknown" } : { code };
      waitForQuiet();
    });
    channel.on("data", keep(stdout));
    channel.stderr.on("data", keep(stderr));
    // A host may report the exit status before it has sent all output, so only the end of the output completes it.
    channel.once("end", () => (isOutputComplete = link.lost() === undefined));
    channel.once("close", onClosed);
    channel.stderr.once("close", onClosed);
    // The cause also closes the channel or the link, which is handled there.
    channel.on("error", () => undefined);
    channel.stderr.on("error", () => undefined);
    channel.end(stdin === undefined ? undefined : Buffer.from(stdin));
    // ssh2 ends a finished channel again, for which Node would create an error, with a stack, that is then discarded.
    channel.end = () => channel;
  });
}
