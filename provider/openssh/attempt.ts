/** One attempt to log in with ssh, from the files that it reads to the error that its log explains. */
import { readFile } from "node:fs/promises";
import type { LogoffError } from "../base/errors";
import type { Quote } from "../ssh/login/redact";
import type { SshContext } from "../ssh/options";
import type { Deadline } from "../ssh/transport/deadline";
import type { ResolvedHost } from "./config/resolve";
import { removeFiles, startAgent, writeFiles, type FileOptions } from "./connection-files";
import { connectionFailure, type Failure } from "./failures";
import { behindJumpHost, type Route } from "./jump-hosts";
import { readConnectionLog, type ConnectionLog, type LogPhase } from "./log-lines";
import { startAskpass } from "./login/askpass";
import type { PasswordOffer } from "./login/password-offer";

export interface AttemptOptions {
  readonly files: FileOptions;
  readonly host: ResolvedHost["host"];
  readonly quote: Quote;
  readonly password: PasswordOffer;
  readonly route: Route | undefined;
  /** The error for a deadline in this phase; undefined if it was not the deadline that ended the attempt. */
  readonly timedOut: (phase: LogPhase) => LogoffError | undefined;
  /** Does not count the wait for a password's turn. */
  readonly pauseWhile: Deadline["pauseWhile"];
  readonly context: SshContext;
}

/** What an attempt led to: what `start` has returned, with the log up to then, or the failure. */
export type LoginAttempt<T> =
  { readonly ok: true; readonly value: T; readonly log: ConnectionLog } | (Failure & { readonly ok: false });

/**
 * Makes one attempt. What only the login needs is gone afterwards, and all of its files if it failed.
 * @param start runs ssh in this environment; undefined means that ssh has ended without a login
 * @throws LogoffError what `start` throws, or why the password must not be offered
 */
export async function attemptLogin<T>(
  options: AttemptOptions,
  signal: AbortSignal,
  start: (env: NodeJS.ProcessEnv) => Promise<T | undefined>,
): Promise<LoginAttempt<T>> {
  const { files, host, quote, password, route, context } = options;
  const { base, login } = files;
  const { acceptedKeys, passwordGuard, clock } = context;
  const readLog = async (): Promise<ConnectionLog> =>
    readConnectionLog(await readFile(`${base}.log`, "utf8").catch(() => ""));
  let isOpen = false;
  await writeFiles(files);
  const agent = await startAgent(files);
  const askpass =
    login.password === undefined
      ? undefined
      : await startAskpass(base, clock, (prompt) =>
          options.pauseWhile(() => password.answer(prompt, signal)),
        );
  try {
    const value = await start(askpass?.env ?? {});
    const log = await readLog();
    if (value !== undefined) {
      isOpen = true;
      password.settle("accepted");
      if (log.acceptedKey !== undefined) acceptedKeys.add(host.user, log.acceptedKey);
      return { ok: true, value, log };
    }
    const refusal = password.refusal();
    if (refusal !== undefined) throw refusal;
    const unansweredPrompt = password.unanswered();
    const isRejected = log.isPasswordRejected || unansweredPrompt !== undefined;
    password.settle(isRejected ? "rejected" : "unanswered");
    const failure = connectionFailure(log, {
      host,
      knownAs: files.name,
      quote,
      ...(files.unreadable !== undefined && { unreadable: files.unreadable }),
      isPasswordOffered: password.wasOffered(),
      ...(unansweredPrompt !== undefined && { unansweredPrompt }),
      hasPassword: () => login.password !== undefined && passwordGuard.isProven(host.user, login.password),
      hasKey: (print) => acceptedKeys.has(host.user, print),
    });
    return {
      ok: false,
      ...(route === undefined ? failure : await behindJumpHost(failure, route, host.label)),
    };
  } catch (thrown) {
    password.settle("unanswered");
    throw (signal.aborted ? options.timedOut((await readLog()).phase) : undefined) ?? thrown;
  } finally {
    await askpass?.close();
    await agent?.close();
    await removeFiles(files, isOpen);
  }
}
