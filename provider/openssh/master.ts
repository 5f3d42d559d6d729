/** One connection to a host: a master of ssh in the background, over whose socket commands run. */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Clock } from "../base/clock";
import { LogoffError } from "../base/errors";
import type { Quote } from "../ssh/login/redact";
import { openControl, type Control } from "./control-socket";
import { limitLog, logTooLong, openLogMs, readLogEnd } from "./log-file";
import { lastWords } from "./log-lines";
import type { Machine } from "./machine/machine";
import { endRest, runSsh, type Outcome } from "./machine/ssh-process";

/** A master that is logged in. */
export interface Master {
  /** The control socket. */
  readonly path: string;
  readonly machine: Machine;
  /** What its log says so far. */
  readonly log: () => Promise<string>;
  /** The error for any further use of a lost connection; undefined while it is alive. */
  readonly lost: () => LogoffError | undefined;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** Ends it at once, for a host that does not answer. */
  readonly destroy: (reason: LogoffError) => void;
  /** Ends it, at the latest after a second. Never rejects. */
  readonly close: () => Promise<void>;
}

/** A master that has just been started, and the number of the process group in which its ProxyCommand runs. */
export interface Started {
  readonly control: Control;
  readonly group: number | undefined;
}

/** How long a master may take to end when it is asked to. */
const goodbyeMs = 1000;
/** How long a master stays after this process has ended without closing it. */
const persistSeconds = 60;

/**
 * Starts a master and waits until its host has accepted the login, or until ssh has ended.
 * @param base is its path in the private folder, whose `.conf` is written
 * @throws LogoffError the signal's reason, after which no process is left
 */
export async function startMaster(
  machine: Machine,
  base: string,
  address: string,
  signal: AbortSignal,
): Promise<Outcome<Started>> {
  // Without -v, ssh hides what the ProxyCommand of a master says on standard error (sshconnect.c).
  const args = ["-v", "-f", "-N", "-M", "-S", base, "-E", `${base}.log`, "-F", `${base}.conf`];
  const persist = ["-o", `ControlPersist=${persistSeconds}`];
  try {
    const { code, pid, lastLines } = await runSsh(
      machine.program,
      [...args, ...persist, "--", address],
      signal,
    );
    const control = code === 0 ? await openControl(base) : undefined;
    if (control === undefined) await endRest({ pid }, machine.program);
    return { value: control && { control, group: pid }, proxyWords: lastLines };
  } catch (thrown) {
    // It may have gone to the background just before it was ended.
    (await openControl(base))?.terminate();
    throw thrown;
  }
}

/** The {@link Master} behind a control connection. */
export function watchMaster(
  machine: Machine,
  base: string,
  label: string,
  { control, group }: Started,
  clock: Clock,
  quote: Quote,
): Master {
  let lost: string | undefined;
  let closing: Promise<void> | undefined;
  const pids = [control.pid, ...(group === undefined ? [] : [group])];
  const forget = pids.map((pid) => machine.program.watchdog?.watch(pid));
  const destroy = (reason: LogoffError): void => {
    lost ??= reason.message;
    killProcess(control.pid);
  };
  const stopLooking = limitLog(`${base}.log`, openLogMs, clock, () => destroy(logTooLong(label)));
  const ended = control.closed.then(() => {
    stopLooking();
    lost ??= quote(lastWords(readNow(`${base}.log`)) ?? "it was closed");
  });
  const allGone = ended
    .then(() => endRest({ pid: group }, machine.program))
    .then(() => forget.forEach((each) => each?.()));
  const atMost = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const stopTimer = clock.after(ms, () => resolve(false));
      void ended.then(stopTimer).then(() => resolve(true));
    });
  const close = async (): Promise<void> => {
    lost ??= "we closed it";
    control.terminate();
    if (!(await atMost(goodbyeMs))) {
      killProcess(control.pid);
      await atMost(goodbyeMs);
      control.release();
    }
    await allGone;
    for (const extension of ["", ".log", ".conf", ".known", ".pin"])
      await rm(base + extension, { force: true });
  };
  return {
    path: base,
    machine,
    log: () => readLogEnd(`${base}.log`),
    lost: () =>
      lost === undefined && !control.isClosed()
        ? undefined
        : new LogoffError("connection-lost", `Lost the connection to "${label}": ${lost ?? "it was closed"}`),
    ended,
    destroy,
    close: () => (closing ??= close()),
  };
}

/** Synchronously, because the error of the first command to notice the loss names the reason. */
function readNow(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The pid is that of a process that still holds its socket, so it is no other's. */
function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it has ended
  }
}
