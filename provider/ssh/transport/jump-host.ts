/** Connects through jump hosts. The connection to each is opened once and shared by all hosts behind it. */
import { createHash } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { aborted, onAbort } from "../../base/abort";
import { Semaphore } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import { sharedResources } from "../../base/shared-resource";
import { printable } from "../../base/text";
import type { Host } from "../../connection";
import type { SshContext } from "../options";
import { holdGreeting, type Dialled } from "./banner";
import { failedJumpHosts } from "./failed-jump-hosts";
import type { Link } from "./link";
import type { Attempt, Endpoint } from "./socket";

/** A route to a host. It stays open until it is released. */
export interface Route {
  /** Makes one attempt to open a byte stream to the endpoint. @throws LogoffError the signal's reason */
  readonly open: (endpoint: Endpoint, signal: AbortSignal) => Promise<Attempt<Dialled<ClientChannel>>>;
  /** Limits concurrent handshakes through this jump host. */
  readonly slots: Semaphore;
  /** Whether a proxy command carries the connection to the first jump host. */
  readonly usesProxyCommand: boolean;
  /** Releases the route; the last release closes the connection to the jump host. Never rejects. */
  readonly release: () => Promise<void>;
}

export interface JumpHosts {
  /**
   * The route through the given jump hosts, nearest to us first.
   * @param opening contains the jump hosts that are being opened and wait for this one
   * @throws LogoffError `jump-host-failed`, whose message names the jump host and its error, and which is untried if that error is known
   * from another host; `aborted`
   */
  readonly route: (
    hosts: readonly Host[],
    target: string,
    opening: readonly string[],
    signal: AbortSignal,
  ) => Promise<Route>;
}

/** An open jump host. */
interface OpenJumpHost {
  readonly link: JumpLink;
  readonly slots: Semaphore;
}

/** The connection to a jump host. */
export type JumpLink = Link & Pick<Route, "usesProxyCommand">;

// RFC 4254 5.1
const administrativelyProhibited = 1;

/** @param openLink opens a connection to a host through its `jumpHosts` */
export function jumpHosts(
  { clock, handshakesPerJumpHost }: Pick<SshContext, "clock" | "handshakesPerJumpHost">,
  openLink: (host: Host, signal: AbortSignal, opening: readonly string[]) => Promise<JumpLink>,
): JumpHosts {
  const shared = sharedResources<OpenJumpHost>(({ link }) => link.close());
  const failed = failedJumpHosts(clock);
  const open = async (
    key: string,
    host: Host,
    opening: readonly string[],
    unused: AbortSignal,
    lost: () => void,
  ): Promise<OpenJumpHost> => {
    try {
      const link = await openLink(host, unused, [...opening, key]);
      link.loggedIn.client.once("close", lost);
      return { link, slots: new Semaphore(handshakesPerJumpHost) };
    } catch (thrown) {
      failed.note(key, thrown);
      throw thrown;
    }
  };
  return {
    route: async (hosts, target, opening, signal) => {
      const flat = hosts.flatMap((jumpHost) => [...jumpHost.jumpHosts, { ...jumpHost, jumpHosts: [] }]);
      const last = flat.at(-1);
      if (last === undefined) throw new Error("A route needs a jump host");
      const host = { ...last, jumpHosts: flat.slice(0, -1) };
      const key = createHash("sha256").update(JSON.stringify(host)).digest("base64");
      // ssh_config may contain a loop, and a jump host that waits for itself would wait forever.
      if (opening.includes(key))
        throw new LogoffError("plan-invalid", `Cannot reach "${target}": its jump hosts form a loop`);
      const refusal = failed.met(key);
      if (refusal !== undefined) throw notTried(refusal, last.label, target);
      const share = await shared
        .take(key, (unused, lost) => open(key, host, opening, unused, lost), signal)
        .catch((thrown: unknown) => {
          throw signal.aborted ? aborted(signal) : throughJumpHost(thrown, last.label, target);
        });
      const { link, slots } = share.value;
      return {
        open: (endpoint, inner) => forward(link, last.label, endpoint, inner),
        slots,
        usesProxyCommand: link.usesProxyCommand,
        release: share.release,
      };
    },
  };
}

/** The error of a target whose jump host failed. The message of the jump host's error already names earlier jump hosts. */
function throughJumpHost(thrown: unknown, jumpHost: string, target: string): LogoffError {
  const inner = thrown instanceof LogoffError ? thrown : undefined;
  const message = inner?.message ?? "the connection failed";
  const code = inner?.code ?? "host-unreachable";
  return new LogoffError(
    "jump-host-failed",
    `Cannot reach "${target}" through "${jumpHost}" (${code}): ${message}`,
    inner === undefined ? {} : { cause: inner, untried: inner.untried },
  );
}

function notTried(refusal: LogoffError, jumpHost: string, target: string): LogoffError {
  return new LogoffError(
    "jump-host-failed",
    `Did not reach "${target}": not tried, since "${jumpHost}" has just failed (${refusal.code}): ${refusal.message}`,
    { cause: refusal, untried: true },
  );
}

function forward(
  link: Link,
  jumpHost: string,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Attempt<Dialled<ClientChannel>>> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, mayPass: boolean): void => {
      const message = `Cannot reach "${endpoint.label}" through "${jumpHost}": ${reason}`;
      resolve({ ok: false, error: new LogoffError("jump-host-failed", message), mayPass });
    };
    const lost = link.lost();
    if (lost !== undefined) {
      fail(lost.message, false);
      return;
    }
    let late = false;
    const stopListening = onAbort(signal, (error) => {
      late = true;
      reject(error);
    });
    const { client } = link.loggedIn;
    try {
      client.forwardOut("127.0.0.1", 0, endpoint.address, endpoint.port, (error, channel) => {
        stopListening();
        if (error !== undefined) {
          const { reason } = error as Error & { reason?: number };
          const gone = link.lost();
          if (gone !== undefined) fail(gone.message, false);
          else if (reason === administrativelyProhibited)
            fail("it does not allow forwarding (AllowTcpForwarding)", false);
          else {
            // The jump host works, but cannot reach the target.
            const message = `Cannot connect to "${endpoint.label}": "${jumpHost}" cannot reach it (${printable(error.message)})`;
            resolve({ ok: false, error: new LogoffError("host-unreachable", message), mayPass: true });
          }
          return;
        }
        const greeting = holdGreeting(channel);
        channel.on("error", () => undefined);
        // When a channel closes after its connection is lost, ssh2 throws from a timer, unless the channel is marked as closed.
        const silence = (): void => {
          (channel as unknown as { outgoing: { state: string } }).outgoing.state = "closed";
        };
        client.setMaxListeners(0);
        client.once("close", silence);
        channel.once("close", () => client.off("close", silence));
        if (late) channel.destroy();
        else resolve({ ok: true, value: { stream: channel, greeting } });
      });
    } catch {
      stopListening();
      fail(link.lost()?.message ?? "its connection was lost", false);
    }
  });
}
