import type { Action, Query } from "../../backend/backend";
import { throwIfAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { asLogoffError, type LogoffError } from "../../base/errors";
import type { Connect, Connection, ExecOptions, ExecResult, Host } from "../../connection";

/**
 * One host, as long as somebody talks to it: connected when first needed, connected again when the connection was
 * lost, never both at once.
 */
export interface HostConnection {
  /** Performs a query, whose commands run side by side. It changes nothing, so it is repeated when an answer was lost. */
  ask<T>(query: Query<T>): Promise<T>;
  /** Performs an action once. When its answer is lost it rejects: whether it took effect only a listing can tell. */
  perform<T>(
    action: Action<T>,
    timeoutMs: number,
    options?: Pick<ExecOptions, "mayBlock" | "onTurn" | "onNoRoom">,
  ): Promise<T>;
  /** Closes what is open; the next use connects again. Never rejects. */
  release(): Promise<void>;
  /** Everything the connections so far had to say, without repetition. */
  warnings(): readonly string[];
  /** Whether a connection was ever tried. */
  contacted(): boolean;
  /** How many connections were opened so far. */
  connections(): number;
}

interface HostConnectionOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Waits before the second and third try of a query, in milliseconds. */
const retryDelaysMs = [250, 1000] as const;
/** Waits before repeating a query whose answers contradict each other: somebody may be logging on or off at that moment. */
const contradictionDelaysMs = [1000, 1000, 1000] as const;

export function hostConnection(
  host: Host,
  { connect, clock, commandTimeoutMs, signal }: HostConnectionOptions,
): HostConnection {
  let current: Promise<Connection> | undefined;
  let contacted = false;
  let connections = 0;
  /** The warnings of each connection, which grow while it is used. */
  const warnings: (readonly string[])[] = [];

  const open = async (): Promise<Connection> => {
    contacted = true;
    const connection = await connect(host, signal);
    connections += 1;
    warnings.push(connection.warnings);
    return connection;
  };
  /** Whoever comes while a connection is being opened shares it. One that failed is forgotten: connect did its retries. */
  const connected = async (): Promise<Connection> => {
    throwIfAborted(signal);
    const opening = (current ??= open());
    try {
      return await opening;
    } catch (thrown) {
      if (current === opening) current = undefined;
      throw thrown;
    }
  };
  const runAll = async (
    connection: Connection,
    commands: readonly string[],
  ): Promise<readonly ExecResult[]> => {
    const runs = commands.map((command) => connection.exec(command, { timeoutMs: commandTimeoutMs, signal }));
    // Settled first: a run that is left behind would reject with nobody listening.
    await Promise.allSettled(runs);
    return Promise.all(runs);
  };
  const drop = async (broken: Connection): Promise<void> => {
    const opened = current;
    const isBroken = opened !== undefined && (await opened.catch(() => undefined)) === broken;
    // Meanwhile somebody may have connected again.
    if (isBroken && current === opened) current = undefined;
    await broken.close();
  };

  return {
    ask: async (query) => {
      const delaysMs = retryDelaysMs.map((ms) => ms * (0.5 + Math.random() / 2));
      const contradictionsMs = [...contradictionDelaysMs];
      for (;;) {
        const connection = await connected();
        try {
          return query.parse(await runAll(connection, query.commands));
        } catch (thrown) {
          const error = asLogoffError(thrown, "command-failed", `Cannot ask "${host.label}"`);
          if (isAnswerLost(error)) await drop(connection);
          // What could not be read may have been garbled in passing.
          const mayPass = isAnswerLost(error) || error.code === "output-unrecognised";
          const delayMs = (error.isContradiction ? contradictionsMs : delaysMs).shift();
          if (delayMs === undefined || !mayPass) throw error;
          await clock.sleep(delayMs, signal);
        }
      }
    },
    perform: async ({ command, stdin, parse }, timeoutMs, options = {}) => {
      const connection = await connected();
      const input = stdin === undefined ? {} : { stdin };
      try {
        return parse(await connection.exec(command, { ...options, timeoutMs, signal, ...input }));
      } catch (thrown) {
        const error = asLogoffError(thrown, "command-failed", `Cannot run a command on "${host.label}"`);
        // A command that takes too long may just be waiting for the session to end: the connection serves on.
        if (error.code === "connection-lost") await drop(connection);
        throw error;
      }
    },
    release: async () => {
      const last = current;
      current = undefined;
      await last?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
    warnings: () => [...new Set(warnings.flat())],
    contacted: () => contacted,
    connections: () => connections,
  };
}

/** The answer never came, which says nothing about the command. */
export function isAnswerLost({ code }: LogoffError): boolean {
  return code === "connection-lost" || code === "timed-out";
}
