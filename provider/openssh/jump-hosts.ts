/** Connects through jump hosts. Each has one master, which all hosts behind it share. */
import { createHash } from "node:crypto";
import { aborted } from "../base/abort";
import type { Clock } from "../base/clock";
import { Semaphore } from "../base/concurrency";
import { LogoffError } from "../base/errors";
import { sharedResources } from "../base/shared-resource";
import { printable } from "../base/text";
import type { Host } from "../connection";
import { failedJumpHosts } from "../ssh/transport/failed-jump-hosts";
import type { Failure } from "./failures";
import type { Master } from "./master";

/** The connection to a jump host. */
export interface JumpMaster extends Master {
  /** Whether a ProxyCommand carries it. */
  readonly usesProxyCommand: boolean;
}

/** A route to a host. It stays open until it is released. */
export interface Route {
  readonly jumpHost: string;
  readonly master: JumpMaster;
  /** Limits concurrent logins through this jump host. */
  readonly slots: Semaphore;
  /** Never rejects. */
  readonly release: () => Promise<void>;
}

/**
 * Opens the route through the jump hosts, nearest to us first.
 * @param opening contains the jump hosts that are being opened and wait for this one
 * @throws LogoffError `jump-host-failed`, `plan-invalid` for a loop, `aborted`
 */
export type OpenRoute = (
  hosts: readonly Host[],
  target: string,
  opening: readonly string[],
  signal: AbortSignal,
) => Promise<Route>;

/** @param open opens the master of a host through its `jumpHosts` */
export function routeOpener(
  clock: Pick<Clock, "now">,
  loginsPerJumpHost: number,
  open: (host: Host, signal: AbortSignal, opening: readonly string[]) => Promise<JumpMaster>,
): OpenRoute {
  const shared = sharedResources<{ readonly master: JumpMaster; readonly slots: Semaphore }>(({ master }) =>
    master.close(),
  );
  const failed = failedJumpHosts(clock);
  return async (hosts, target, opening, signal) => {
    const flat = hosts.flatMap((jumpHost) => [...jumpHost.jumpHosts, { ...jumpHost, jumpHosts: [] }]);
    const last = flat.at(-1);
    if (last === undefined) throw new Error("A route needs a jump host");
    const host = { ...last, jumpHosts: flat.slice(0, -1) };
    const key = createHash("sha256").update(JSON.stringify(host)).digest("base64");
    if (opening.includes(key))
      throw new LogoffError("plan-invalid", `Cannot reach "${target}": its jump hosts form a loop`);
    const refusal = failed.met(key);
    if (refusal !== undefined)
      throw new LogoffError(
        "jump-host-failed",
        `Did not reach "${target}": not tried, since "${last.label}" has just failed (${refusal.code}): ${refusal.message}`,
        { cause: refusal, untried: true },
      );
    const openShared = async (unused: AbortSignal, lost: () => void) => {
      try {
        const master = await open(host, unused, [...opening, key]);
        void master.ended.then(lost);
        return { master, slots: new Semaphore(loginsPerJumpHost) };
      } catch (thrown) {
        failed.note(key, thrown);
        throw thrown;
      }
    };
    const share = await shared.take(key, openShared, signal).catch((thrown: unknown) => {
      throw signal.aborted ? aborted(signal) : throughJumpHost(thrown, last.label, target);
    });
    return { jumpHost: last.label, ...share.value, release: share.release };
  };
}

/** The error of a target whose jump host failed. The message of the jump host's error already names earlier jump hosts. */
function throughJumpHost(thrown: unknown, jumpHost: string, target: string): LogoffError {
  const inner = thrown instanceof LogoffError ? thrown : undefined;
  const message = `Cannot reach "${target}" through "${jumpHost}" (${inner?.code ?? "host-unreachable"}): ${inner?.message ?? "the connection failed"}`;
  return new LogoffError(
    "jump-host-failed",
    message,
    inner === undefined ? {} : { cause: inner, untried: inner.untried },
  );
}

/** The failure of a host behind a jump host: the jump host's log says why it opened no channel to it. */
export async function behindJumpHost(failure: Failure, route: Route, target: string): Promise<Failure> {
  if (failure.error.code !== "host-unreachable") return failure;
  const { jumpHost, master } = route;
  const failed = (reason: string): Failure => {
    const message = `Cannot reach "${target}" through "${jumpHost}": ${reason}`;
    return { error: new LogoffError("jump-host-failed", message), mayPass: false };
  };
  const lost = master.lost();
  if (lost !== undefined) return failed(lost.message);
  const refusal = /^channel \d+: open failed: ([^:\n]+)(?:: (.*))?$/u.exec(
    lastRefusal(await master.log()) ?? "",
  );
  if (refusal === null) return failure;
  const [, kind = "", words = ""] = refusal;
  if (kind === "administratively prohibited")
    return failed("it does not allow forwarding (AllowTcpForwarding)");
  const message = `Cannot connect to "${target}": "${jumpHost}" cannot reach it (${printable(words || kind)})`;
  return { error: new LogoffError("host-unreachable", message), mayPass: true };
}

function lastRefusal(log: string): string | undefined {
  return log
    .split(/\r?\n/u)
    .filter((line) => / open failed: /u.test(line))
    .at(-1);
}
