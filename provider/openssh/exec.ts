import { throwIfAborted } from "../base/abort";
import type { Clock } from "../base/clock";
import { Semaphore } from "../base/concurrency";
import { asLogoffError, LogoffError, notSent } from "../base/errors";
import type { Exec, ExecOptions, ExecResult } from "../connection";
import type { Quote } from "../ssh/login/redact";
import { withDeadline } from "../ssh/transport/deadline";
import type { Lost, Refused } from "./command";

/** Concurrent commands per connection: well below sshd's default MaxSessions of 10. */
const commandsAtOnce = 4;
/** Concurrent commands that may block: a host that is slow to log users off can still be listed. */
const blockingAtOnce = 2;
/** Pauses before retrying to open a channel that the host refused. */
const retryPausesMs = [100, 300, 900, 2700];

/** A way to run commands on one host. */
export interface CommandLink {
  /** The error for any further use; undefined while commands can be sent. */
  readonly lost: () => LogoffError | undefined;
  /** Sends one command. @param warn receives warnings about the connection */
  readonly run: (
    command: string,
    stdin: Uint8Array | undefined,
    signal: AbortSignal,
    warn: (text: string) => void,
  ) => Promise<ExecResult | Refused | Lost>;
}

export interface RunnerOptions {
  readonly link: CommandLink;
  readonly label: string;
  readonly clock: Clock;
  readonly quote: Quote;
  /** Receives warnings about the connection. */
  readonly warn: (text: string) => void;
}

/**
 * Runs commands over one link: at most four at once, two of which may block. If a host refuses a channel while others are open, their number
 * becomes the limit. Waiting for a slot is not part of the timeout.
 */
export function commandRunner(options: RunnerOptions): Exec {
  const { label, clock } = options;
  const slots = { all: new Semaphore(commandsAtOnce), blocking: new Semaphore(blockingAtOnce), running: 0 };
  return async (command, execOptions) => {
    const outer = execOptions.signal ?? new AbortController().signal;
    const expired = (): LogoffError =>
      new LogoffError(
        "timed-out",
        `Timed out running a command on "${label}": it did not end within ${execOptions.timeoutMs / 1000} s`,
      );
    const attempt = { maySend: false };
    const once = (): Promise<ExecResult | "retry"> =>
      withDeadline(clock, execOptions.timeoutMs, outer, expired, (signal) =>
        runOnceChannelOpens(options, slots, { ...execOptions, command, attempt }, signal),
      );
    const inSlot = (): Promise<ExecResult | "retry"> => slots.all.run(once, outer);
    try {
      for (;;) {
        const result = await (execOptions.mayBlock ? slots.blocking.run(inSlot, outer) : inSlot());
        if (result !== "retry") return result;
      }
    } catch (thrown) {
      const error = asLogoffError(thrown, "command-failed", `Cannot run a command on "${label}"`);
      throw attempt.maySend ? error : notSent(error);
    }
  };
}

/** Limits concurrent commands to the number of channels that the host is known to allow. */
interface Slots {
  readonly all: Semaphore;
  readonly blocking: Semaphore;
  /** Commands whose process runs. */
  running: number;
}

/** The sending of one command. */
interface Attempt {
  /** Whether the host may have received the command. */
  maySend: boolean;
}

async function runOnceChannelOpens(
  options: RunnerOptions,
  slots: Slots,
  {
    command,
    stdin,
    beforeSend,
    attempt,
  }: ExecOptions & { readonly command: string; readonly attempt: Attempt },
  signal: AbortSignal,
): Promise<ExecResult | "retry"> {
  const { link, label, clock, quote, warn } = options;
  for (let tries = 0; ; tries += 1) {
    throwIfAborted(signal);
    const lost = link.lost();
    if (lost !== undefined) throw lost;
    await beforeSend?.();
    throwIfAborted(signal);
    attempt.maySend = true;
    slots.running += 1;
    const result = await link.run(command, stdin, signal, warn).finally(() => (slots.running -= 1));
    if (!("kind" in result)) return result;
    attempt.maySend = false;
    if (result.kind === "lost") throw result.error;
    const others = slots.running;
    const pause = retryPausesMs[tries];
    if (others > 0) {
      slots.all.limitTo(others);
      slots.blocking.limitTo(Math.min(blockingAtOnce, Math.max(1, others - 1)));
      return "retry";
    }
    if (pause === undefined) {
      const reason = `the host refused another session ${tries + 1} times in a row (MaxSessions): ${quote(result.words)}`;
      throw new LogoffError("command-failed", `Cannot start a command on "${label}": ${reason}`);
    }
    await clock.sleep(pause, signal);
  }
}
