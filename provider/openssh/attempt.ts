/** One attempt to log in with ssh, from the files that it reads to the error that its log explains. */
import type { LogoffError } from "../base/errors";
import type { Quote } from "../ssh/login/redact";
import type { SshContext } from "../ssh/options";
import type { Deadline } from "../ssh/transport/deadline";
import type { ResolvedHost } from "./config/resolve";
import { removeFiles, startAgent, writeFiles, type FileOptions } from "./connection-files";
import { connectionFailure, type Failure } from "./failures";
import { behindJumpHost, type Route } from "./jump-hosts";
import { limitLog, loginLogMs, logTooLong, readLogStart } from "./log-file";
import { questionsAsked, readConnectionLog, type ConnectionLog, type LogPhase } from "./log-lines";
import { startAskpass, type Askpass } from "./login/askpass";
import type { PasswordOffer } from "./login/password-offer";
import type { Machine } from "./machine/machine";
import type { Outcome } from "./machine/ssh-process";
import { clientProblem } from "./machine/version";

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

/** What `start` runs ssh with. */
export interface AttemptTools {
  readonly machine: Machine;
  /** Also ends an attempt whose log becomes too long. */
  readonly signal: AbortSignal;
}

/**
 * Makes one attempt. What only the login needs is gone afterwards, and all of its files if it failed.
 * @throws LogoffError what `start` throws, or why the password must not be offered
 */
export async function attemptLogin<T>(
  options: AttemptOptions,
  signal: AbortSignal,
  start: (tools: AttemptTools) => Promise<Outcome<T>>,
): Promise<LoginAttempt<T>> {
  const { files, host, quote, password, route, context } = options;
  const { base, login, machine } = files;
  const { acceptedKeys, passwordGuard, clock } = context;
  const logFile = `${base}.log`;
  let isOpen = false;
  await writeFiles(files);
  const agent = await startAgent(files);
  const flood = new AbortController();
  const stopLooking = limitLog(logFile, loginLogMs, clock, () => flood.abort(logTooLong(host.label)));
  let askpass: Askpass | undefined;
  try {
    if (login.password !== undefined)
      askpass = await startAskpass(host.label, base, clock, async (prompt) => {
        const questions = questionsAsked(await readLogStart(logFile)) ?? 1;
        return options.pauseWhile(() => password.answer(prompt, questions, signal));
      });
    const { program } = machine;
    const asking = askpass && { env: { ...program.env, ...askpass.env }, started: askpass.serve };
    const { value, proxyWords } = await start({
      machine: { ...machine, program: { ...program, ...asking } },
      signal: AbortSignal.any([signal, flood.signal]),
    });
    const text = await readLogStart(logFile);
    const log = readConnectionLog(text);
    if (value !== undefined) {
      isOpen = true;
      password.settle("accepted");
      if (log.acceptedKey !== undefined) acceptedKeys.add(host.user, log.acceptedKey);
      return { ok: true, value, log };
    }
    const refusal = password.refusal();
    if (refusal !== undefined) throw refusal;
    const isAnswered = log.methods.includes("password") || (questionsAsked(text) ?? 0) > 0;
    if (askpass !== undefined && isAnswered && log.isPasswordRejected && !password.wasAsked()) {
      await password.countEmpty(signal);
      const message = "it could not run our program that answers its questions, and sent an empty password";
      throw clientProblem(host.label, message);
    }
    const unansweredPrompt = password.unanswered();
    const isRejected = log.isPasswordRejected || unansweredPrompt !== undefined;
    password.settle(log.isPasswordAccepted ? "accepted" : isRejected ? "rejected" : "unanswered");
    const failure = connectionFailure(log, {
      host,
      knownAs: files.name,
      quote,
      proxyWords,
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
    throw (
      (signal.aborted ? options.timedOut(readConnectionLog(await readLogStart(logFile)).phase) : undefined) ??
      thrown
    );
  } finally {
    stopLooking();
    await askpass?.close();
    await agent?.close();
    await removeFiles(files, isOpen);
  }
}
