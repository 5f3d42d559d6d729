import { throwIfAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { Semaphore } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import type { Exec, ExecOptions, ExecResult } from "../../connection";
import type { Quote } from "../login/redact";
import { channelsOpen, runCommand, type Refused } from "./command-channel";
import { withDeadline } from "./deadline";
import type { LinkChain, UsedLink } from "./link-chain";

/** sshd's MaxSessions is 10 by default, and others may use the machine; four keep independent questions in flight. */
const commandsAtOnce = 4;
/** Of those, how many may be of the kind that blocks: a host that is slow to log people off must still be listed. */
const blockingAtOnce = 2;
/** Pauses before a channel that the host had no room for is asked for again. */
const roomPausesMs = [100, 300, 900, 2700];
/** A host cannot restart within this time, so a new connection reaches the same host. */
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
  /** Receives what the operator should know about the connection. */
  readonly warn: (text: string) => void;
}

/**
 * Runs commands over one connection: no terminal, no agent forwarding, standard input closed, at most four at once, of which two may
 * block. If a host refuses a channel while others are open, their number is its limit: from then on commands wait for each other. A
 * host that allows one command per connection gets a connection for each. Waiting for a turn is not part of the timeout.
 */
export function commandRunner(options: RunnerOptions): Exec {
  const { label, clock } = options;
  const turns = new CommandTurns();
  return async (command, execOptions) => {
    const outer = execOptions.signal ?? new AbortController().signal;
    const expired = (): LogoffError =>
      new LogoffError(
        "timed-out",
        `Gave up a command on "${label}" after ${execOptions.timeoutMs / 1000} s without an end`,
      );
    const inTurn = async (): Promise<ExecResult | "not yet"> => {
      const used = await usable(options, turns, outer);
      return withDeadline(clock, execOptions.timeoutMs, outer, expired, (signal) =>
        runWithRoom(options, turns, used, command, execOptions, signal),
      );
    };
    for (;;) {
      const result = await turns.take(execOptions.mayBlock ?? false, inTurn, outer);
      if (result !== "not yet") return result;
    }
  };
}

/** How many commands may run at once, as far as the host has shown. */
class CommandTurns {
  readonly #all = new Semaphore(commandsAtOnce);
  readonly #blocking = new Semaphore(blockingAtOnce);
  /** How many channels the host allows; undefined while it has refused none. */
  limit: number | undefined;
  oneForEachConnection = false;

  take<T>(mayBlock: boolean, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const inTurn = (): Promise<T> => this.#all.run(work, signal);
    return mayBlock ? this.#blocking.run(inTurn, signal) : inTurn();
  }

  limitTo(channels: number): void {
    this.limit = channels;
    this.#all.limitTo(channels);
    this.#blocking.limitTo(Math.min(blockingAtOnce, Math.max(1, channels - 1)));
  }
}

/** The connection for the next command: the current one, or a new one if that is used up. */
async function usable(
  { links, clock }: RunnerOptions,
  turns: CommandTurns,
  signal: AbortSignal,
): Promise<UsedLink> {
  const used = links.current();
  if (!isUsedUp(used, turns, clock)) return used;
  if (isLostAfterOneCommand(used)) {
    turns.oneForEachConnection = true;
    turns.limitTo(1);
  }
  return links.replace(used, signal);
}

/** Whether the host allows no further command on the connection and a new connection is known to reach the same host. */
function isUsedUp(used: UsedLink, turns: CommandTurns, clock: Clock): boolean {
  const isLost = used.link.lost() !== undefined;
  const grantsNoMore =
    used.refusesMore || isLostAfterOneCommand(used) || (turns.oneForEachConnection && used.completed > 0);
  return grantsNoMore && (!isLost || clock.now() - used.endedMs < sameHostMs);
}

/** tinysshd ends a connection with its only command. A host that fails at that moment looks the same and costs one useless connection. */
function isLostAfterOneCommand({ link, underWay, opened, completed }: UsedLink): boolean {
  return opened === 1 && completed === 1 && underWay.size === 0 && link.lost() !== undefined;
}

async function runWithRoom(
  options: RunnerOptions,
  turns: CommandTurns,
  used: UsedLink,
  command: string,
  execOptions: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult | "not yet"> {
  const { label, clock, quote, warn } = options;
  for (let tries = 0; ; tries += 1) {
    throwIfAborted(signal);
    // A command that waited while the connection was lost was not sent and must not count as sent.
    const gone = used.link.lost();
    if (gone !== undefined) return notYetOr(gone, isUsedUp(used, turns, clock));
    execOptions.onTurn?.();
    const result = await runCommand({ used, label, clock, warn }, command, execOptions.stdin, signal);
    if (!("kind" in result)) return result;
    execOptions.onNoRoom?.();
    if (result.kind === "lost") return notYetOr(result.error, isUsedUp(used, turns, clock));

    const open = channelsOpen(used);
    const isFull = open > 0 && (turns.limit === undefined || open >= turns.limit);
    const pause = roomPausesMs[tries];
    // The host may still count a channel that has just been closed.
    if (!isFull && mayPass(result, used) && pause !== undefined) {
      await clock.sleep(pause, signal);
      continue;
    }
    if (open > 0) turns.limitTo(open);
    else if (used.opened > 0 && mayPass(result, used)) used.refusesMore = true;
    else throw refused(label, result, tries + 1, quote);
    return "not yet";
  }
}

function notYetOr(error: LogoffError, isUsedUpNow: boolean): "not yet" {
  if (isUsedUpNow) return "not yet";
  throw error;
}

/** Whether the host may open a channel later: it says so, or it has opened others on this connection before. */
function mayPass({ error }: Refused, used: UsedLink): boolean {
  if (error.reason === connectFailed || error.reason === resourceShortage) return true;
  return error.reason !== undefined && used.opened > 0;
}

function refused(label: string, { error }: Refused, times: number, quote: Quote): LogoffError {
  const words = error.reason === undefined ? "" : `: ${quote(error.message)}`;
  const reason =
    error.reason === administrativelyProhibited
      ? `its configuration forbids it${words}`
      : error.reason === connectFailed || error.reason === resourceShortage
        ? `the host has no room for another session (MaxSessions), ${times} times in a row`
        : `the host refused${words}`;
  return new LogoffError("command-failed", `Cannot start a command on "${label}": ${reason}`);
}
