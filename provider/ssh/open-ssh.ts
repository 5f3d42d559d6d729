/** Connections over SSH, through ssh2. Nothing outside this folder depends on SSH. */
import { orAborted } from "../base/abort";
import { Semaphore } from "../base/concurrency";
import { LogoffError } from "../base/errors";
import type { Connect, Connection, FindJumpHosts, Host, Reach } from "../connection";
import { jumpHostFinder } from "./config/jump-host-routes";
import { hostResolver, type ResolveHost } from "./config/ssh-config";
import { acceptNewKeys } from "./host-keys/accept-new";
import { hostKeyRules } from "./host-keys/host-key";
import { knownHostsReader, type KnownHostsSource } from "./host-keys/known-hosts-files";
import { readCredentials } from "./login/credentials";
import type { PasswordClaim, PasswordVerdict } from "./login/password-guard";
import { privateKeyParser } from "./login/private-key";
import { provenCredentials } from "./login/proven-credentials";
import { quoter, redactor, type Quote } from "./login/redact";
import { secretReader } from "./login/secret";
import { sshContext, type SshContext, type SshOptions } from "./options";
import { legacyWarning } from "./transport/algorithms";
import { withDeadline } from "./transport/deadline";
import { commandRunner } from "./transport/exec";
import { handshake } from "./transport/handshake";
import { jumpHosts, type Route } from "./transport/jump-host";
import { watchLink, type Link } from "./transport/link";
import { linkChain } from "./transport/link-chain";
import { watchProgress, type Progress } from "./transport/progress";
import { untilItPasses } from "./transport/retry";
import { openSocket } from "./transport/socket";

export type { SshOptions } from "./options";

/** ssh2 logs what a host sends before it is authenticated; its own longest lines are lists of algorithms. */
const longestDebugLine = 2000;

/** A logged-in connection, with its warnings and the function that quotes its texts. */
interface OpenedLink extends Link {
  readonly warnings: readonly string[];
  readonly quote: Quote;
}

/** SSH for one process. */
export interface Ssh extends Reach {
  /**
   * Times out after the host's `connectTimeoutMs`; each jump host has its own timeout. Waiting for a jump host's slot, or for a password
   * to be proven on another host, does not count. Transient errors are retried in that time, but never after a credential was offered, and
   * never for an awaited host, which is visited again anyway.
   */
  readonly connect: Connect;
  /** Reads ssh_config for the hosts that use it, without connecting. */
  readonly findJumpHosts: FindJumpHosts;
}

/** A client that also tells how it would reach a host, without connecting. */
export interface BuiltInClient extends Ssh {
  readonly resolve: ResolveHost;
}

/** Opens SSH, once per process: opened keys, parsed files, jump hosts and what is known about passwords are shared. */
export function openSsh(options: SshOptions): BuiltInClient {
  const context = sshContext(options);
  const resolveTarget = hostResolver(context);
  const openLink = linkOpener(context, resolveTarget);
  const connect: Connect = async (host, signal) => {
    const { clock } = context;
    const { label } = host;
    const link = await openLink(host, signal);
    const warnings = [...link.warnings];
    const warn = (text: string): void => {
      if (!warnings.includes(text)) warnings.push(text);
    };
    const links = linkChain(link, label, clock, (inner) => openLink(host, inner));
    const exec = commandRunner({ links, label, clock, quote: link.quote, warn });
    return { exec, warnings, close: links.close } satisfies Connection;
  };
  return { connect, resolve: resolveTarget, findJumpHosts: jumpHostFinder(resolveTarget) };
}

function linkOpener(
  context: SshContext,
  resolveTarget: ResolveHost,
): (host: Host, signal: AbortSignal) => Promise<OpenedLink> {
  const { clock, debug, passwordGuard: guard } = context;
  const tools = { read: secretReader(context), parse: privateKeyParser() };
  const knownHosts = knownHostsReader(context);
  const learnKey = acceptNewKeys(context, knownHosts);
  const newWarnings = onlyOnce();
  const jumps = jumpHosts(context, openLink);
  return openLink;

  /** Reading has the deadline of a connection, because files may be on an unreachable machine, and agents may prompt a person. */
  function preparing<T>(
    of: Host,
    signal: AbortSignal,
    work: (inner: AbortSignal, prepares: Progress["prepares"]) => Promise<T>,
  ): Promise<T> {
    const { prepares, preparingExpired } = watchProgress(of);
    return withDeadline(clock, of.connectTimeoutMs, signal, preparingExpired, (inner) =>
      orAborted(work(inner, prepares), inner),
    );
  }

  async function openLink(
    asked: Host,
    signal: AbortSignal,
    opening: readonly string[] = [],
  ): Promise<OpenedLink> {
    const target = await preparing(asked, signal, () => resolveTarget(asked));
    const { host } = target;
    const progress = watchProgress(host);
    const [credentials, sources] = await preparing(host, signal, async (inner, prepares) => [
      await readCredentials(host, target, context, { ...tools, prepares }, inner),
      await knownHosts.read(host.hostKeys, (path) => prepares(`the known_hosts file "${path}" was not read`)),
    ]);
    const { requiredRsaBits } = target.algorithms;
    const owner = {
      ...host,
      ...(target.alias !== undefined && { alias: target.alias }),
      ...(requiredRsaBits !== undefined && { requiredRsaBits }),
    };
    const rules = hostKeyRules(owner, sources);
    const onlyPassword = credentials.keys.length + credentials.agentKeys.length === 0;
    if (!rules.provesHost && onlyPassword) throw passwordWithheld(host.label);
    const quote = quoter(redactor(credentials.secrets));
    const isAwaited = host.awaited === true;
    const proven = provenCredentials(context, host.user, credentials.password);

    let claim: PasswordClaim | undefined;
    let ended = false;
    const claimPassword = async (waiting: AbortSignal): Promise<void> => {
      if (claim !== undefined) return;
      const claimed = await guard.claim(
        host.label,
        host.user,
        credentials.password ?? "",
        waiting,
        isAwaited,
      );
      // The host may have disconnected during the wait; an unsettled claim would block all other hosts.
      if (ended) claimed.settle("not-offered");
      else claim = claimed;
    };
    const route =
      host.jumpHosts.length > 0 ? await jumps.route(host.jumpHosts, host.label, opening, signal) : direct;
    try {
      // Claim the password only just before it is offered: a host that is down must not prevent others from proving it.
      if (onlyPassword) guard.refuseIfBarred(host.label, host.user, credentials.password ?? "", isAwaited);
      const loggedIn = await route.slots.run(
        () =>
          withDeadline(clock, host.connectTimeoutMs, signal, progress.expired, (inner, deadline) =>
            untilItPasses(context, inner, isAwaited, progress.failed, async () => {
              progress.enter("connecting");
              const dialled = await route.open(host, inner);
              if (!dialled.ok) return dialled;
              const handshakeOptions = {
                host,
                user: host.user,
                algorithms: target.algorithms,
                rules,
                credentials,
                proven,
                quote,
                debug: debug && ((line: string) => debug(quote(`${host.label}: ${line}`, longestDebugLine))),
                enter: progress.enter,
                learn: (blob: Buffer) => learnKey(owner, blob, inner),
                claimPassword: (waiting: AbortSignal) => deadline.pauseWhile(() => claimPassword(waiting)),
                passwordVerdict: (verdict: PasswordVerdict) => {
                  if (verdict !== "not-offered") claim?.settle(verdict);
                },
              };
              return handshake(dialled.value, handshakeOptions, inner);
            }),
          ),
        signal,
      );
      const own = host.algorithms === "legacy" ? [legacyWarning] : [];
      const warnings = [...newWarnings(sources), ...target.warnings, ...own, ...loggedIn.warnings];
      const link = watchLink(loggedIn, host.label, clock, quote);
      return { ...link, warnings, quote, close: () => link.close().then(route.release) };
    } catch (thrown) {
      await route.release();
      throw thrown;
    } finally {
      ended = true;
      claim?.settle("not-offered");
    }
  }
}

/** A direct route, without a limit of its own and with nothing to release. */
const direct: Pick<Route, "slots" | "release"> & { readonly open: typeof openSocket } = {
  open: openSocket,
  slots: new Semaphore(Infinity),
  release: () => Promise.resolve(),
};

function passwordWithheld(label: string): LogoffError {
  const why =
    "with `connection.strictHostKeyChecking: no`, a password is not offered, and there is no private key; set `connection.privateKeyFile`, or check host keys";
  return new LogoffError("auth-unavailable", `Cannot log in to "${label}": ${why}`);
}

/** The warnings of known_hosts files, each on one connection only, because all hosts of a run read the same files. */
function onlyOnce(): (sources: readonly KnownHostsSource[]) => readonly string[] {
  const told = new Set<string>();
  return (sources) => {
    const fresh = sources.flatMap((source) => source.warnings).filter((warning) => !told.has(warning));
    fresh.forEach((warning) => told.add(warning));
    return fresh;
  };
}
