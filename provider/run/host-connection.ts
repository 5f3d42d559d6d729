import type { Action, Query } from "../backend/backend";
import { throwIfAborted } from "../base/abort";
import type { Clock } from "../base/clock";
import { asLogoffError, LogoffError, notSent } from "../base/errors";
import type { Connect, Connection, ExecOptions, ExecResult, Host } from "../connection";

interface HostConnectionOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The delays before the second and third attempt of a query, in milliseconds. */
const retryDelaysMs = [250, 1000] as const;
/** The delays before repeating a query whose answers contradict each other, because somebody may be logging on or off. */
const contradictionDelaysMs = [1000, 1000, 1000] as const;

/** The connection to a host, opened on first use and again after it was lost. There is never more than one at a time. */
export class HostConnection {
  readonly #host: Host;
  readonly #options: HostConnectionOptions;
  readonly #queryTimeoutMs: number;
  #current: Promise<Connection> | undefined;
  #contacted = false;
  #last: Pick<Connection, "usesProxyCommand" | "usesSecurityKey"> = {};
  /** The warnings of each connection so far, which grow while the connection is used. */
  readonly #warnings: (readonly string[])[] = [];

  /** @param queryTimeoutMs the timeout of each command of a query */
  constructor(host: Host, { connect, clock, signal }: HostConnectionOptions, queryTimeoutMs: number) {
    this.#host = host;
    this.#options = { connect, clock, signal };
    this.#queryTimeoutMs = queryTimeoutMs;
  }

  /** Whether a connection was attempted. */
  get contacted(): boolean {
    return this.#contacted;
  }

  /** Whether a proxy command carried the last connection. */
  get usesProxyCommand(): boolean {
    return this.#last.usesProxyCommand === true;
  }

  /** Whether the login of the last connection was made with a security key. */
  get usesSecurityKey(): boolean {
    return this.#last.usesSecurityKey === true;
  }

  /** The number of connections opened so far. */
  get connections(): number {
    return this.#warnings.length;
  }

  /** The warnings of all connections so far, without duplicates. */
  get warnings(): readonly string[] {
    return [...new Set(this.#warnings.flat())];
  }

  /** Connects, unless a connection is open. */
  async open(): Promise<void> {
    await this.#connected();
  }

  /**
   * Performs a query, whose commands run in parallel. A query changes nothing, so it is repeated if an answer was lost, and asked separately if its
   * answer cannot be read or takes too long.
   */
  async ask<T>(query: Query<T>): Promise<T> {
    const { clock, signal } = this.#options;
    const delaysMs = retryDelaysMs.map((ms) => ms * (0.5 + Math.random() / 2));
    const contradictionsMs = [...contradictionDelaysMs];
    for (;;) {
      const connection = await this.#connected();
      try {
        return query.parse(await this.#runAll(connection, query.commands, signal));
      } catch (thrown) {
        const error = asLogoffError(thrown, "command-failed", `Cannot ask "${this.#host.label}"`);
        if (isAnswerLost(error)) await this.#drop(connection);
        if (query.separately !== undefined && error.code !== "connection-lost")
          return await this.ask(query.separately);
        const mayPass = isAnswerLost(error) || isUnreadable(error);
        const delayMs = (error.isContradiction ? contradictionsMs : delaysMs).shift();
        if (delayMs === undefined || !mayPass) throw error;
        await clock.sleep(delayMs, signal);
      }
    }
  }

  /** Performs a query once, for what nothing depends on. @returns undefined if no connection is open */
  async askOnce<T>(query: Query<T>, signal: AbortSignal): Promise<T | undefined> {
    const connection = await this.#current?.catch(() => undefined);
    if (connection === undefined) return undefined;
    try {
      return query.parse(await this.#runAll(connection, query.commands, signal));
    } catch (thrown) {
      if (thrown instanceof LogoffError && thrown.code === "connection-lost") await this.#drop(connection);
      throw thrown;
    }
  }

  /**
   * Performs an action once. Rejects if its answer is lost; only a listing then tells whether it took effect.
   * @throws LogoffError whose `sent` is false where the command was certainly not sent
   */
  async perform<T>(
    { command, stdin, parse }: Action<T>,
    timeoutMs: number,
    options: Pick<ExecOptions, "mayBlock" | "beforeSend"> = {},
  ): Promise<T> {
    const { signal } = this.#options;
    const wrapped = (thrown: unknown): LogoffError =>
      asLogoffError(thrown, "command-failed", `Cannot run a command on "${this.#host.label}"`);
    const connection = await this.#connected().catch((thrown: unknown) => {
      throw notSent(wrapped(thrown));
    });
    const input = stdin === undefined ? {} : { stdin };
    try {
      return parse(await connection.exec(command, { ...options, timeoutMs, signal, ...input }));
    } catch (thrown) {
      const error = wrapped(thrown);
      // A command that takes too long may be waiting for the session to end, so the connection stays in use.
      if (error.code === "connection-lost") await this.#drop(connection);
      throw error;
    }
  }

  /** Closes the connection; the next use connects again. Never rejects. */
  async release(): Promise<void> {
    const last = this.#current;
    this.#current = undefined;
    await last?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  /** Concurrent callers share a connection that is being opened. A failed one is forgotten, because connect has done its retries. */
  async #connected(): Promise<Connection> {
    throwIfAborted(this.#options.signal);
    const opening = (this.#current ??= this.#open());
    try {
      return await opening;
    } catch (thrown) {
      if (this.#current === opening) this.#current = undefined;
      throw thrown;
    }
  }

  async #open(): Promise<Connection> {
    this.#contacted = true;
    const connection = await this.#options.connect(this.#host, this.#options.signal);
    this.#warnings.push(connection.warnings);
    const { usesProxyCommand = false, usesSecurityKey = false } = connection;
    this.#last = { usesProxyCommand, usesSecurityKey };
    return connection;
  }

  async #runAll(
    connection: Connection,
    commands: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ExecResult[]> {
    const timeoutMs = this.#queryTimeoutMs;
    const runs = commands.map((command) => connection.exec(command, { timeoutMs, signal }));
    // All commands settle first, because a command left behind would cause an unhandled rejection.
    await Promise.allSettled(runs);
    return Promise.all(runs);
  }

  async #drop(broken: Connection): Promise<void> {
    const opened = this.#current;
    const isBroken = opened !== undefined && (await opened.catch(() => undefined)) === broken;
    // Another caller may have connected again.
    if (isBroken && this.#current === opened) this.#current = undefined;
    await broken.close();
  }
}

/** Whether the answer to a query could not be read: it may have been garbled in transit, or the program could not do its work that once. */
function isUnreadable({ code }: LogoffError): boolean {
  return code === "output-unrecognised" || code === "drain-failed";
}

/** Whether the answer was lost, which says nothing about the effect of the command. */
export function isAnswerLost({ code }: LogoffError): boolean {
  return code === "connection-lost" || code === "timed-out";
}
