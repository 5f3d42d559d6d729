/** Connections over the machine's own ssh: one master per host, and a process per command over it. */
import { aborted, orAborted } from "../base/abort";
import { Semaphore } from "../base/concurrency";
import { LogoffError } from "../base/errors";
import type { Connect, Connection, ExecResult, FindJumpHosts, Host, Reach } from "../connection";
import { jumpHostFinder, type ResolveRoute } from "../ssh/config/jump-host-routes";
import { knownHostsReader } from "../ssh/host-keys/known-hosts-files";
import { privateKeyParser } from "../ssh/login/private-key";
import { quoter, redactor, type Quote } from "../ssh/login/redact";
import { secretReader } from "../ssh/login/secret";
import { sshContext, type SshContext, type SshOptions } from "../ssh/options";
import { secretWords } from "../ssh/proxy-command/secret-words";
import { withDeadline } from "../ssh/transport/deadline";
import { watchProgress } from "../ssh/transport/progress";
import { untilItPasses } from "../ssh/transport/retry";
import type { Attempt } from "../ssh/transport/socket";
import { attemptLogin, type AttemptOptions } from "./attempt";
import { runCommand, runDirectly } from "./command";
import { throughMaster } from "./config/config-file";
import { unreadableFiles } from "./config/host-key-lines";
import type { ResolvedHost } from "./config/resolve";
import { removeFiles, type FileOptions } from "./connection-files";
import { commandRunner, type CommandLink } from "./exec";
import { routeOpener, type JumpMaster } from "./jump-hosts";
import type { ConnectionLog, LogPhase } from "./log-lines";
import { readLogin } from "./login/credentials";
import { passwordOffer } from "./login/password-offer";
import { machineFinder, type FindMachine } from "./machine/machine";
import { startMaster, watchMaster, type Master } from "./master";
import { hostResolver, type Resolve } from "./config/resolver";
import { clientProblem, requireVersion } from "./machine/version";

export type { SshOptions } from "../ssh/options";

/** {@link SshOptions}, and where the machine's ssh is. */
export interface OpenSshOptions extends SshOptions {
  /** The program; default: `ssh`, which is searched in PATH. */
  readonly program?: string;
  /** Whether ssh can share a connection (ControlMaster). Otherwise each command has a connection of its own. Default: not on Windows. */
  readonly multiplexes?: boolean;
}

/** A login that was accepted, with its warnings and the function that quotes its texts. */
interface OpenedLink extends CommandLink {
  readonly warnings: readonly string[];
  readonly quote: Quote;
  /** Whether a ProxyCommand of the program or of ssh_config carries it. */
  readonly usesProxyCommand: boolean;
  /** Whether the login was made with a security key. */
  readonly usesSecurityKey: boolean;
  /** Never rejects. */
  readonly close: () => Promise<void>;
  /** Absent: a connection for each command. */
  readonly master?: Master;
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
  const multiplexes = options.multiplexes ?? context.platform !== "win32";
  const open = linkOpener(context, find, resolve, multiplexes);
  const connect: Connect = async (host, signal) => {
    const link = await open(host, signal);
    const { label } = host;
    const warnings = [...link.warnings];
    const warn = (text: string): void => {
      if (!warnings.includes(text)) warnings.push(text);
    };
    const exec = commandRunner({ link, label, clock: context.clock, quote: link.quote, warn });
    const { usesProxyCommand, usesSecurityKey, close } = link;
    return { exec, warnings, usesProxyCommand, usesSecurityKey, close } satisfies Connection;
  };
  const route: ResolveRoute = (host) => resolve(host, new AbortController().signal);
  return { connect, resolve: route, findJumpHosts: jumpHostFinder(route) };
}

function linkOpener(
  context: SshContext,
  find: FindMachine,
  resolve: Resolve,
  multiplexes: boolean,
): (host: Host, signal: AbortSignal) => Promise<OpenedLink> {
  const { clock, passwordGuard: guard } = context;
  const read = secretReader(context);
  const readKnownHosts = knownHostsReader(context).read;
  const parse = privateKeyParser();
  const openRoute = routeOpener(clock, context.handshakesPerJumpHost, openJumpHost);
  return openLink;

  /** A jump host gets no password: its prompt would look like that of its target. */
  async function openJumpHost(
    host: Host,
    signal: AbortSignal,
    opening: readonly string[],
  ): Promise<JumpMaster> {
    const { privateKeys, passphrase, agent } = host.login;
    const login = { privateKeys, ...(passphrase && { passphrase }), ...(agent !== undefined && { agent }) };
    const { master, close, usesProxyCommand } = await openLink({ ...host, login }, signal, opening);
    if (master === undefined) throw clientProblem(host.label, jumpHostsNeedMasters);
    // Its end releases the jump hosts before it.
    return { ...master, close, usesProxyCommand };
  }

  async function openLink(
    asked: Host,
    signal: AbortSignal,
    opening: readonly string[] = [],
  ): Promise<OpenedLink> {
    const { preparingExpired, prepares } = watchProgress(asked);
    const { machine, resolved, login, unreadable } = await withDeadline(
      clock,
      asked.connectTimeoutMs,
      signal,
      preparingExpired,
      (inner) => {
        const preparing = async () => {
          const machine = await find(asked, inner);
          requireVersion(asked, machine.version);
          const resolved = await resolve(asked, inner);
          prepares("its credentials were not read");
          const login = await readLogin(resolved.host, context, read, parse);
          const unreadable = await unreadableFiles(resolved, readKnownHosts, (path) =>
            prepares(`the known_hosts file "${path}" was not read`),
          );
          return { machine, resolved, login, unreadable };
        };
        return orAborted(preparing(), inner);
      },
    );
    const { host } = resolved;
    const command = host.proxyCommand ?? resolved.configCommand;
    const words = command === undefined ? [] : secretWords(command, context.env);
    const quote = quoter(redactor([...login.secrets, ...words]));
    const isAwaited = host.awaited === true;
    const progress = watchProgress(host);
    const password = passwordOffer(guard, host, resolved.name, login.password);
    if (!multiplexes && host.jumpHosts.length > 0) throw clientProblem(host.label, jumpHostsNeedMasters);
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
              const why = unreadable === undefined ? {} : { unreadable };
              const files: FileOptions = { ...resolved, login, machine, context, base, ...why, ...through };
              const timedOut = (phase: LogPhase): LogoffError | undefined => {
                if (signal.aborted) return undefined;
                progress.enter(phase);
                return progress.expired();
              };
              const { pauseWhile } = deadline;
              const options = { files, host, quote, password, route, timedOut, pauseWhile, context };
              return multiplexes ? loginOnce(options, inner) : tryDirectly(options, resolved, inner);
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

  /** One attempt to start a master. */
  async function loginOnce(options: AttemptOptions, signal: AbortSignal): Promise<Attempt<OpenedLink>> {
    const { files, host, quote } = options;
    const { machine, base } = files;
    const attempt = await attemptLogin(options, signal, async (tools) => {
      const { value, proxyWords } = await startMaster(tools.machine, base, files.givenName, tools.signal);
      const master = value && watchMaster(machine, base, host.label, value, clock, quote);
      return { value: master, proxyWords };
    });
    if (!attempt.ok) return attempt;
    const { value: master, log } = attempt;
    const run: CommandLink["run"] = (command, stdin, inner, warn) =>
      runCommand({ master, label: host.label, clock, warn }, command, stdin, inner);
    const { lost, close } = master;
    return { ok: true, value: { master, run, lost, close, quote, ...noted(options, log) } };
  }

  /** One attempt to log in and out again, where each command has a connection of its own. `exit` is a command of every shell. */
  async function tryDirectly(
    options: AttemptOptions,
    resolved: ResolvedHost,
    signal: AbortSignal,
  ): Promise<Attempt<OpenedLink>> {
    const { files, host, quote } = options;
    const first = { label: host.label, clock, warn: () => undefined };
    const attempt = await attemptLogin(options, signal, async (tools) => ({
      value: await runDirectly({ ...first, files, ...tools }, "exit", undefined),
      proxyWords: [],
    }));
    if (!attempt.ok) return attempt;
    const banner = attempt.value.stderr;
    const closing = new AbortController();
    const run: CommandLink["run"] = async (command, stdin, inner, warn) => {
      const base = files.machine.folder.next();
      const password = passwordOffer(guard, host, resolved.name, files.login.password);
      const own = {
        ...options,
        files: { ...files, base },
        password,
        timedOut: () => undefined,
        pauseWhile: <T>(wait: () => Promise<T>) => wait(),
      };
      const both = AbortSignal.any([inner, closing.signal]);
      try {
        const done = await attemptLogin(own, both, async (tools) => ({
          value: await runDirectly({ ...first, warn, files: own.files, ...tools }, command, stdin),
          proxyWords: [],
        }));
        if (done.ok) return withoutBanner(done.value, banner);
        const { message, isProven } = done.error;
        const error = new LogoffError(
          "connection-lost",
          `Lost the connection to "${host.label}": a new connection for the command failed: ${message}`,
          { cause: done.error, isProven },
        );
        return { kind: "lost", error };
      } finally {
        password.end();
        await removeFiles(own.files, false);
      }
    };
    await removeFiles(files, false);
    const close = (): Promise<void> => {
      closing.abort(
        new LogoffError("connection-lost", `Lost the connection to "${host.label}": we closed it`),
      );
      return Promise.resolve();
    };
    const lost = (): LogoffError | undefined =>
      closing.signal.aborted ? aborted(closing.signal) : undefined;
    return { ok: true, value: { run, lost, close, quote, ...noted(options, attempt.log) } };
  }
}

/** What the log of a login tells. Through a jump host, its own proxy command is ours. */
function noted(
  { host, quote, route }: AttemptOptions,
  log: ConnectionLog,
): Pick<OpenedLink, "usesProxyCommand" | "usesSecurityKey" | "warnings"> {
  return {
    usesProxyCommand: route === undefined ? log.usesProxyCommand : route.master.usesProxyCommand,
    usesSecurityKey: log.isSecurityKey,
    warnings: warningsOf(log, host, quote),
  };
}

/** The result without what the host says before each login, which ssh prints to standard error. */
function withoutBanner(result: ExecResult, banner: Uint8Array): ExecResult {
  const { length } = banner;
  const isFirst = Buffer.from(result.stderr.subarray(0, length)).equals(banner);
  return isFirst ? { ...result, stderr: result.stderr.subarray(length) } : result;
}

const jumpHostsNeedMasters =
  "jump hosts need ControlMaster, which ssh does not have on Windows: use `connection.client: builtin` for this host";

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
