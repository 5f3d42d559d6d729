/** Opens connections through a ProxyCommand, and says what the command had to do with a failure. */
import { onAbort, throwIfAborted } from "../../base/abort";
import { Semaphore } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import type { Quote } from "../login/redact";
import type { SshContext } from "../options";
import { holdGreeting, type Greeting } from "../transport/banner";
import { isTransientCode, meaningOf, type Attempt, type Endpoint } from "../transport/socket";
import type { Carried, Carrier } from "./carrier";
import { startProxy, type ProxyEnd, type ProxyProcess } from "./proxy-process";

/** The way to one host. */
export interface ProxyRoute {
  /** Starts a process for one attempt. @throws LogoffError the signal's reason */
  readonly open: (endpoint: Endpoint, signal: AbortSignal) => Promise<Attempt<Carried>>;
  readonly slots: Semaphore;
  readonly usesProxyCommand: true;
  /** Resolves when no process is left, after every stream has been closed. Never rejects. */
  readonly release: () => Promise<void>;
}

/** What a shell ends with when it finds no program, or cannot run it; the last is that of `cmd.exe`. */
const missing: ReadonlyMap<number, string> = new Map([
  [126, "its program cannot be run"],
  [127, "its program is missing"],
  [9009, "its program is missing"],
]);
const longestWords = 400;

/**
 * The way through a command whose tokens have been replaced.
 * @param quote redacts the words of the command
 */
export function proxyRoute(
  command: string,
  label: string,
  context: Pick<SshContext, "env" | "baseFolder" | "platform" | "clock" | "debug">,
  quote: Quote,
): ProxyRoute {
  const debug = (what: string): void => context.debug?.(`${label}: ${what}`);
  const started = new Set<Promise<void>>();
  const open: ProxyRoute["open"] = async (_endpoint, signal) => {
    throwIfAborted(signal);
    debug("starting its proxy command");
    let proxy: ProxyProcess;
    try {
      proxy = await startProxy(command, context, (text) =>
        debug(`its proxy command says "${quote(text, longestWords)}"`),
      );
    } catch (thrown) {
      return notStarted(label, thrown);
    }
    const gone = proxy.gone.finally(() => started.delete(gone));
    started.add(gone);
    const greeting = holdGreeting(proxy.stream);
    // Cancelled while the process started.
    onAbort(signal, () => proxy.stream.destroy())();
    throwIfAborted(signal);
    const carrier = carrierOf(label, proxy, greeting, quote);
    return { ok: true, value: { stream: proxy.stream, greeting, carrier } };
  };
  return {
    open,
    slots: new Semaphore(Infinity),
    usesProxyCommand: true,
    release: async () => {
      await Promise.all(started);
    },
  };
}

/** What the codes mean when a process is started, not a connection. */
const whyNotStarted: ReadonlyMap<string | undefined, string> = new Map([
  ["ENOENT", "the shell (SHELL) or the folder in which it runs is missing"],
  ["EAGAIN", "this machine or its user has too many processes (ulimit -u)"],
]);

function notStarted(label: string, thrown: unknown): Attempt<never> {
  const { code } = thrown as NodeJS.ErrnoException;
  const reason = whyNotStarted.get(code) ?? meaningOf(code);
  const message = `Cannot connect to "${label}": its proxy command cannot be started: ${reason}`;
  const error = new LogoffError("host-unreachable", message);
  return { ok: false, error, mayPass: code === "EAGAIN" || isTransientCode(code) };
}

function carrierOf(
  label: string,
  { end, lastLines }: ProxyProcess,
  greeting: Greeting,
  quote: Quote,
): Carrier {
  const words = (): string => quote(lastLines().join("; "), longestWords);
  const saying = (): string => (words() === "" ? "" : `, saying "${words()}"`);
  const ended = (): string | undefined => {
    const how = end();
    return how === undefined ? undefined : `its proxy command ${endText(how)}${saying()}`;
  };
  return {
    ended,
    failure: (failed) => {
      const how = ended();
      if (how === undefined || failed.error.code !== "host-unreachable") return failed;
      const error = withMore(failed.error, how);
      if (greeting.isIdentified()) return { ...failed, error };
      const mayPass = !isPermanent(end());
      if (greeting.text() !== undefined) return { ...failed, error, mayPass: mayPass && failed.mayPass };
      const message = `Cannot connect to "${label}": ${how}`;
      return { ok: false, error: new LogoffError("host-unreachable", message), mayPass };
    },
    delay: (error) => {
      if (error.code !== "timed-out") return error;
      const how = ended();
      if (how !== undefined) return withMore(error, how);
      if (words() !== "") return withMore(error, `its proxy command says "${words()}"`);
      return greeting.isIdentified() ? error : withMore(error, "its proxy command has said nothing");
    },
  };
}

function endText(end: ProxyEnd): string {
  if (end === "closed") return "closed the connection";
  if ("signal" in end) return `was ended by ${end.signal}`;
  const why = missing.get(end.code);
  return `ended with exit code ${end.code}${why === undefined ? "" : ` (${why})`}`;
}

function isPermanent(end: ProxyEnd | undefined): boolean {
  return typeof end === "object" && "code" in end && missing.has(end.code);
}

function withMore(error: LogoffError, more: string): LogoffError {
  const { code, message, cause, isProven } = error;
  return new LogoffError(code, `${message}; ${more}`, { cause, isProven });
}
