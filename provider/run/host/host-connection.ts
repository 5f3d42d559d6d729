import type { Action, Query } from "../../backend/backend";
import { throwIfAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { asLogoffError, type LogoffError } from "../../base/errors";
import type { Connect, Connection, ExecOptions, ExecResult, Host } from "../../connection";

/**
 * The connection to a host, opened when it is first needed and again after it was lost. There is never more than one at a time.
 */
export interface HostConnection {
  /** Performs a query, whose commands run in parallel. A query changes nothing, so it is repeated if an answer was lost. */
  ask<T>(query: Query<T>): Promise<T>;
  /** Performs an action once. Rejects if its answer is lost; then only a listing tells whether it took effect. */
  perform<T>(
    action: Action<T>,
    timeoutMs: number,
    options?: Pick<ExecOptions, "mayBlock" | "onTurn" | "onNoRoom">,
  ): Promise<T>;
  /** Closes the connection; the next use connects again. Never rejects. */
  release(): Promise<void>;
  /** The warnings of all connections so far, without duplicates. */
  warnings(): readonly string[];
  /** Whether a connection was attempted. */
  contacted(): boolean;
  /** The number of connections opened so far. */
  connections(): number;
}

interface HostConnectionOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** The waits before the second and third attempt of a query, in milliseconds. */
const retryDelaysMs = [250, 1000] as const;
/** The waits before repeating a query whose answers contradict each other, because somebody may be logging on or off. */
const contradictionDelaysMs = [1000, 1000, 1000] as const;

export function hostConnection(
  host: Host,
  { connect, clock, commandTimeoutMs, signal }: HostConnectionOptions,
): HostConnection {
  let current: Promise<Connection> | undefined;
  let contacted = false;
  let connections = 0;
  /** The warnings of each connection, which grow while the connection is used. */
  const warnings: (readonly string[])[] = [];

  const open = async (): Promise<Connection> => {
    contacted = true;
    const connection = await connect(host, signal);
    connections += 1;
    warnings.push(connection.warnings);
    return connection;
  };
  /** Concurrent users share a connection that is being opened. A failed one is forgotten, because connect has done its retries. */
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
    // All commands settle first: a command that is left behind would reject without a listener.
    await Promise.allSettled(runs);
    return Promise.all(runs);
  };
  const drop = async (broken: Connection): Promise<void> => {
    const opened = current;
    const isBroken = opened !== undefined && (await opened.catch(() => undefined)) === broken;
    // Another user may have connected again.
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
          // Output that could not be read may have been garbled in transit.
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
        // A command that takes too long may be waiting for the session to end, so the connection stays in use.
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

/** Whether the answer was lost, which says nothing about the effect of the command. */
export function isAnswerLost({ code }: LogoffError): boolean {
  return code === "connection-lost" || code === "timed-out";
}
