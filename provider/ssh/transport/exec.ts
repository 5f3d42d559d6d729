import { throwIfAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { Semaphore } from "../../base/concurrency";
import { asLogoffError, LogoffError, notSent } from "../../base/errors";
import type { Exec, ExecOptions, ExecResult } from "../../connection";
import type { Quote } from "../login/redact";
import { channelsOpen, runCommand, type Refused } from "./command-channel";
import { withDeadline } from "./deadline";
import type { LinkChain, UsedLink } from "./link-chain";

/** Concurrent commands per connection: well below sshd's default MaxSessions of 10. */
const commandsAtOnce = 4;
/** Concurrent commands that may block: a host that is slow to log users off can still be listed. */
const blockingAtOnce = 2;
/** Pauses before retrying to open a channel that the host refused. */
const retryPausesMs = [100, 300, 900, 2700];
/** No host restarts within this time, so a new connection reaches the same host in the same state. */
const sameHostMs = 5000;

// RFC 4254 5.1. sshd answers CONNECT_FAILED when MaxSessions is reached.
const administrativelyProhibited = 1;
const connectFailed = 2;
const resourceShortage = 4;

export interface RunnerOptions {
  readonly links: LinkChain;
  readonly label: string;
  readonly clock: Clock;
  readonly quote: Quote;
  /** Receives warnings about the connection. */
  readonly warn: (text: string) => void;
}

/**
 * Runs commands over one connection, without a terminal or agent forwarding: at most four at once, two of which may block. If a host
 * refuses a channel while others are open, their number becomes the limit. A host that allows one command per connection gets a
 * connection for each command. Waiting for a slot is not part of the timeout.
 */
export function commandRunner(options: RunnerOptions): Exec {
  const { label, clock } = options;
  const slots = new CommandSlots();
  return async (command, execOptions) => {
    const outer = execOptions.signal ?? new AbortController().signal;
    const expired = (): LogoffError =>
      new LogoffError(
        "timed-out",
        `Timed out running a command on "${label}": it did not end within ${execOptions.timeoutMs / 1000} s`,
      );
    const attempt: Attempt = { maySend: false };
    const inSlot = async (): Promise<ExecResult | "retry"> => {
      const used = await linkForNextCommand(options, slots, outer);
      return withDeadline(clock, execOptions.timeoutMs, outer, expired, (signal) =>
        runOnceChannelOpens(options, slots, used, { ...execOptions, command, attempt }, signal),
      );
    };
    try {
      for (;;) {
        const result = await slots.take(execOptions.mayBlock ?? false, inSlot, outer);
        if (result !== "retry") return result;
      }
    } catch (thrown) {
      const error = asLogoffError(thrown, "command-failed", `Cannot run a command on "${label}"`);
      throw attempt.maySend ? error : notSent(error);
    }
  };
}

/** The sending of one command. */
interface Attempt {
  /** Whether the host may have received the command. */
  maySend: boolean;
}

/** Limits concurrent commands to the number of channels that the host is known to allow. */
class CommandSlots {
  readonly #all = new Semaphore(commandsAtOnce);
  readonly #blocking = new Semaphore(blockingAtOnce);
  /** Number of channels that the host allows; undefined until it refuses one. */
  limit: number | undefined;
  oneCommandPerConnection = false;

  take<T>(mayBlock: boolean, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const inSlot = (): Promise<T> => this.#all.run(work, signal);
    return mayBlock ? this.#blocking.run(inSlot, signal) : inSlot();
  }

  limitTo(channels: number): void {
    this.limit = channels;
    this.#all.limitTo(channels);
    this.#blocking.limitTo(Math.min(blockingAtOnce, Math.max(1, channels - 1)));
  }
}

/** The connection for the next command: the current one, or its replacement if it accepts no more commands. */
async function linkForNextCommand(
  { links, clock }: RunnerOptions,
  slots: CommandSlots,
  signal: AbortSignal,
): Promise<UsedLink> {
  const used = links.current();
  if (!canReplace(used, slots, clock)) return used;
  if (isLostAfterOneCommand(used)) {
    slots.oneCommandPerConnection = true;
    slots.limitTo(1);
  }
  return links.replace(used, signal);
}

/** Whether the connection accepts no further commands and a new one is certain to reach the same host. */
function canReplace(used: UsedLink, slots: CommandSlots, clock: Clock): boolean {
  const isLost = used.link.lost() !== undefined;
  const acceptsNoMore =
    used.isExhausted || isLostAfterOneCommand(used) || (slots.oneCommandPerConnection && used.completed > 0);
  return acceptsNoMore && (!isLost || clock.now() - used.endedMs < sameHostMs);
}

/** tinysshd ends a connection with its only command. A host that fails at that moment looks the same and costs one useless connection. */
function isLostAfterOneCommand({ link, inProgress, opened, completed }: UsedLink): boolean {
  return opened === 1 && completed === 1 && inProgress.size === 0 && link.lost() !== undefined;
}

async function runOnceChannelOpens(
  options: RunnerOptions,
  slots: CommandSlots,
  used: UsedLink,
  {
    command,
    stdin,
    beforeSend,
    attempt,
  }: ExecOptions & { readonly command: string; readonly attempt: Attempt },
  signal: AbortSignal,
): Promise<ExecResult | "retry"> {
  const { label, clock, quote, warn } = options;
  for (let tries = 0; ; tries += 1) {
    throwIfAborted(signal);
    // A command whose connection was lost while it waited must not count as sent.
    const lost = used.link.lost();
    if (lost !== undefined) return retryOrThrow(lost, canReplace(used, slots, clock));
    await beforeSend?.();
    throwIfAborted(signal);
    attempt.maySend = true;
    const result = await runCommand({ used, label, clock, warn }, command, stdin, signal);
    if (!("kind" in result)) return result;
    attempt.maySend = false;
    if (result.kind === "lost") return retryOrThrow(result.error, canReplace(used, slots, clock));

    const open = channelsOpen(used);
    const isFull = open > 0 && (slots.limit === undefined || open >= slots.limit);
    const pause = retryPausesMs[tries];
    // The host may still count a channel that was closed just now.
    if (!isFull && mayOpenLater(result, used) && pause !== undefined) {
      await clock.sleep(pause, signal);
      continue;
    }
    if (open > 0) slots.limitTo(open);
    else if (used.opened > 0 && mayOpenLater(result, used)) used.isExhausted = true;
    else throw refused(label, result, tries + 1, quote);
    return "retry";
  }
}

function retryOrThrow(error: LogoffError, isReplaceable: boolean): "retry" {
  if (isReplaceable) return "retry";
  throw error;
}

/** Whether the host may open a channel later: its answer implies so, or it has opened others on this connection. */
function mayOpenLater({ error }: Refused, used: UsedLink): boolean {
  if (error.reason === connectFailed || error.reason === resourceShortage) return true;
  return error.reason !== undefined && used.opened > 0;
}

function refused(label: string, { error }: Refused, times: number, quote: Quote): LogoffError {
  const answer = error.reason === undefined ? "" : `: ${quote(error.message)}`;
  const reason =
    error.reason === administrativelyProhibited
      ? `its configuration forbids it${answer}`
      : error.reason === connectFailed || error.reason === resourceShortage
        ? `the host refused another session ${times} times in a row (MaxSessions)`
        : `the host refused${answer}`;
  return new LogoffError("command-failed", `Cannot start a command on "${label}": ${reason}`);
}
