/** Connections over the machine's own ssh: one master per host, and a process per command over it. */
import { readFile } from "node:fs/promises";
import { orAborted } from "../base/abort";
import { Semaphore } from "../base/concurrency";
import type { LogoffError } from "../base/errors";
import type { Connect, Connection, FindJumpHosts, Host, Reach } from "../connection";
import { jumpHostFinder, type ResolveRoute } from "../ssh/config/jump-host-routes";
import { privateKeyParser } from "../ssh/login/private-key";
import { quoter, redactor, type Quote } from "../ssh/login/redact";
import { secretReader } from "../ssh/login/secret";
import { sshContext, type SshContext, type SshOptions } from "../ssh/options";
import { withDeadline, type Deadline } from "../ssh/transport/deadline";
import { watchProgress } from "../ssh/transport/progress";
import { untilItPasses } from "../ssh/transport/retry";
import type { Attempt } from "../ssh/transport/socket";
import { throughMaster } from "./config/config-file";
import { asGiven, configRejected, fromOutput, type ResolvedHost } from "./config/resolve";
import { removeLoginFiles, startAgent, writeFiles, type FileOptions } from "./connection-files";
import { commandRunner } from "./exec";
import { connectionFailure } from "./failures";
import { behindJumpHost, routeOpener, type Route } from "./jump-hosts";
import { readConnectionLog, type ConnectionLog, type LogPhase } from "./log-lines";
import { startAskpass } from "./login/askpass";
import { readLogin, secretVariables } from "./login/credentials";
import { passwordOffer, type PasswordOffer } from "./login/password-offer";
import { machineFinder } from "./machine";
import { startMaster, watchMaster, type Master } from "./master";
import { outputOfSsh } from "./ssh-process";
import { requireVersion } from "./version";

export type { SshOptions } from "../ssh/options";

/** {@link SshOptions}, and where the machine's ssh is. */
export interface OpenSshOptions extends SshOptions {
  /** The program; default: `ssh`, which is searched in PATH. */
  readonly program?: string;
}

/** A logged-in master, with its warnings and the function that quotes its texts. */
interface OpenedMaster extends Master {
  readonly warnings: readonly string[];
  readonly quote: Quote;
}

/** The machine's ssh for one process. */
export interface OpenSsh extends Reach {
  readonly connect: Connect;
  /** Asks `ssh -G`, without connecting. */
  readonly findJumpHosts: FindJumpHosts;
  readonly resolve: ResolveRoute;
}

/** Opens the machine's ssh, once per process: its version, the private folder, jump hosts and what is known about passwords are shared. */
export function openOpenSsh(options: OpenSshOptions): OpenSsh {
  const context = sshContext(options);
  const find = machineFinder(context, options.program);
  const resolve = hostResolver(context, find);
  const open = masterOpener(context, find, resolve);
  const connect: Connect = async (host, signal) => {
    const master = await open(host, signal);
    const { label } = host;
    const warnings = [...master.warnings];
    const warn = (text: string): void => {
      if (!warnings.includes(text)) warnings.push(text);
    };
    const exec = commandRunner({ master, label, clock: context.clock, quote: master.quote, warn });
    return { exec, warnings, close: master.close } satisfies Connection;
  };
  const route: ResolveRoute = (host) => resolve(host, new AbortController().signal);
  return { connect, resolve: route, findJumpHosts: jumpHostFinder(route) };
}

type Resolve = (host: Host, signal: AbortSignal) => Promise<ResolvedHost>;

/** Resolves a host as ssh does: with `ssh -G` where the user's files count, each host once. */
function hostResolver(context: SshContext, find: ReturnType<typeof machineFinder>): Resolve {
  const known = new Map<string, Promise<ResolvedHost>>();
  const ask = async (host: Host, signal: AbortSignal): Promise<ResolvedHost> => {
    const machine = await find(host.label, signal);
    const base = machine.folder.next();
    const login = { lines: [], keys: [], secrets: [] };
    await writeFiles({
      host: { ...host, hostKeys: { pinned: [], strict: "yes" } },
      login,
      machine,
      context,
      base,
    });
    const args = ["-G", "-F", `${base}.conf`, "--", asGiven(host, context.localUser()).host.address];
    const { code, stdout, stderr } = await outputOfSsh(machine.program, args, signal);
    if (code !== 0) throw configRejected(host, stderr);
    return fromOutput(host, stdout, context.localUser());
  };
  return async (host, signal) => {
    if (host.sshConfig === undefined) return asGiven(host, context.localUser());
    const key = JSON.stringify(host);
    const resolved = known.get(key) ?? ask(host, signal);
    known.set(key, resolved);
    resolved.catch(() => known.delete(key));
    return resolved;
  };
}

function masterOpener(
  context: SshContext,
  find: ReturnType<typeof machineFinder>,
  resolve: Resolve,
): (host: Host, signal: AbortSignal) => Promise<OpenedMaster> {
  const { clock, passwordGuard: guard } = context;
  const read = secretReader(context);
  const parse = privateKeyParser();
  const openRoute = routeOpener(clock, context.handshakesPerJumpHost, openJumpHost);
  return openMaster;

  /** A jump host gets no password: its prompt would look like that of its target. */
  function openJumpHost(host: Host, signal: AbortSignal, opening: readonly string[]): Promise<Master> {
    const { privateKeys, passphrase, agent } = host.login;
    const login = { privateKeys, ...(passphrase && { passphrase }), ...(agent !== undefined && { agent }) };
    return openMaster({ ...host, login }, signal, opening);
  }

  async function openMaster(
    asked: Host,
    signal: AbortSignal,
    opening: readonly string[] = [],
  ): Promise<OpenedMaster> {
    const { preparingExpired, prepares } = watchProgress(asked);
    const { machine, resolved, login } = await withDeadline(
      clock,
      asked.connectTimeoutMs,
      signal,
      preparingExpired,
      (inner) => {
        const preparing = async () => {
          const machine = await find(asked.label, inner);
          requireVersion(asked, machine.version);
          const resolved = await resolve(asked, inner);
          prepares("its credentials were not read");
          return { machine, resolved, login: await readLogin(resolved.host, context, read, parse) };
        };
        return orAborted(preparing(), inner);
      },
    );
    const { host } = resolved;
    const quote = quoter(redactor(login.secrets));
    const isAwaited = host.awaited === true;
    const progress = watchProgress(host);
    const password = passwordOffer(guard, host, resolved.name, login.password);
    const route =
      host.jumpHosts.length > 0 ? await openRoute(host.jumpHosts, host.label, opening, signal) : undefined;
    const slots = route?.slots ?? new Semaphore(Infinity);
    try {
      if (login.password !== undefined && login.keys.length === 0)
        guard.refuseIfBarred(host.label, host.user, login.password, isAwaited);
      const opened = await slots.run(
        () =>
          withDeadline(clock, host.connectTimeoutMs, signal, progress.expired, (inner, deadline) =>
            untilItPasses(context, inner, isAwaited, progress.failed, () => {
              const base = machine.folder.next();
              const through =
                route === undefined
                  ? {}
                  : { route: throughMaster(machine.program.path, route.master.path, host) };
              const files: FileOptions = { host, login, machine, context, base, ...through };
              const timedOut = (phase: LogPhase): LogoffError | undefined => {
                if (signal.aborted) return undefined;
                progress.enter(phase);
                return progress.expired();
              };
              return attempt({ files, host, quote, password, route, timedOut, deadline }, inner);
            }),
          ),
        signal,
      );
      return { ...opened, close: () => opened.close().then(() => route?.release()) };
    } catch (thrown) {
      await route?.release();
      throw thrown;
    } finally {
      password.end();
    }
  }

  /** One attempt to log in. @throws LogoffError the signal's reason, or why the password must not be offered */
  async function attempt(options: AttemptOptions, signal: AbortSignal): Promise<Attempt<OpenedMaster>> {
    const { files, host, quote, password, route, deadline } = options;
    const { machine, base, login } = files;
    await writeFiles(files);
    const agent = await startAgent(files);
    const askpass =
      login.password === undefined
        ? undefined
        : await startAskpass(base, clock, (prompt) =>
            deadline.pauseWhile(() => password.answer(prompt, signal)),
          );
    const hidden = Object.fromEntries(secretVariables(host).map((variable) => [variable, undefined]));
    const readLog = async (): Promise<ConnectionLog> =>
      readConnectionLog(await readFile(`${base}.log`, "utf8").catch(() => ""));
    try {
      const env = { ...hidden, ...askpass?.env };
      const { control } = await startMaster(machine, base, host.address, env, signal);
      const log = await readLog();
      if (control !== undefined) {
        password.settle("accepted");
        if (log.acceptedKey !== undefined) context.acceptedKeys.add(host.user, log.acceptedKey);
        const master = watchMaster(machine, base, host.label, control, clock, quote);
        return { ok: true, value: { ...master, quote, warnings: warningsOf(log, host, quote) } };
      }
      const refusal = password.refusal();
      if (refusal !== undefined) throw refusal;
      const unansweredPrompt = password.unanswered();
      const isRejected = log.isPasswordRejected || unansweredPrompt !== undefined;
      password.settle(isRejected ? "rejected" : "unanswered");
      const failure = connectionFailure(log, {
        host,
        quote,
        isPasswordOffered: password.wasOffered(),
        ...(unansweredPrompt !== undefined && { unansweredPrompt }),
        hasPassword: () => login.password !== undefined && guard.isProven(host.user, login.password),
        hasKey: (print) => context.acceptedKeys.has(host.user, print),
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
      await removeLoginFiles(files);
    }
  }
}

interface AttemptOptions {
  readonly files: FileOptions;
  readonly host: ResolvedHost["host"];
  readonly quote: Quote;
  readonly password: PasswordOffer;
  readonly route: Route | undefined;
  /** The error for a deadline in this phase; undefined if it was not the deadline that ended the attempt. */
  readonly timedOut: (phase: LogPhase) => LogoffError | undefined;
  readonly deadline: Deadline;
}

/** The warning about the key of a new host, which ssh has accepted. */
function warningsOf(
  { added, hostKey = "unknown" }: ConnectionLog,
  host: Host,
  quote: Quote,
): readonly string[] {
  if (added === undefined) return [];
  const accepted = `key ${hostKey} of new host "${host.label}" was accepted`;
  return "name" in added
    ? [`${accepted} and added to known_hosts as ${quote(added.name)}`]
    : [`${accepted} but could not be added to "${quote(added.problem)}"`];
}
