/** Connections through other machines, which are opened once and shared by everything behind them. */
import { createHash } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { aborted, onAbort, orAborted } from "../../base/abort";
import { Semaphore } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { Host } from "../../connection";
import type { SshContext } from "../options";
import { holdGreeting, type Dialled } from "./banner";
import { failedJumpHosts } from "./failed-jump-hosts";
import type { Link } from "./link";
import type { Attempt, Endpoint } from "./socket";

/** A way to a host that somebody holds; it stays open until it is given back. */
export interface Route {
  /** One attempt to reach the far end, as a byte stream. @throws LogoffError the signal's reason */
  readonly open: (endpoint: Endpoint, signal: AbortSignal) => Promise<Attempt<Dialled<ClientChannel>>>;
  /** Waits for one of the places for handshakes through this jump host. */
  readonly slots: Semaphore;
  /** Gives it back; the last one closes it. Never rejects. */
  readonly release: () => Promise<void>;
}

export interface JumpHosts {
  /**
   * The way through the given machines, nearest to us first.
   * @param opening the jump hosts that are being opened and wait for this one
   * @throws LogoffError `jump-host-failed`, its message with the hop and what went wrong there, untried when that is known from
   * another host; `aborted`
   */
  readonly route: (
    hops: readonly Host[],
    target: string,
    opening: readonly string[],
    signal: AbortSignal,
  ) => Promise<Route>;
}

interface Shared {
  readonly link: Promise<Link>;
  readonly stop: AbortController;
  readonly slots: Semaphore;
  users: number;
}

// RFC 4254 5.1
const administrativelyProhibited = 1;

/** @param openLink opens a connection to a host whose `jumpHosts` are the way to it */
export function jumpHosts(
  { clock, handshakesPerJumpHost }: Pick<SshContext, "clock" | "handshakesPerJumpHost">,
  openLink: (host: Host, signal: AbortSignal, opening: readonly string[]) => Promise<Link>,
): JumpHosts {
  const open = new Map<string, Shared>();
  const refusals = failedJumpHosts(clock);

  const share = (key: string, host: Host, opening: readonly string[]): Shared => {
    const known = open.get(key);
    if (known) return known;
    const stop = new AbortController();
    const link = openLink(host, stop.signal, [...opening, key]);
    const made: Shared = { link, stop, slots: new Semaphore(handshakesPerJumpHost), users: 0 };
    open.set(key, made);
    const forget = (): void => {
      if (open.get(key) === made) open.delete(key);
    };
    // What is gone is not shared further: whoever comes next opens it anew.
    link.then(
      (opened) => opened.loggedIn.client.once("close", forget),
      (thrown: unknown) => {
        forget();
        refusals.note(key, thrown);
      },
    );
    return made;
  };
  const release = async (key: string, shared: Shared): Promise<void> => {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (open.get(key) === shared) open.delete(key);
    shared.stop.abort();
    await shared.link.then(
      (link) => link.close(),
      () => undefined,
    );
  };
  return {
    route: async (hops, target, opening, signal) => {
      const flat = hops.flatMap((hop) => [...hop.jumpHosts, { ...hop, jumpHosts: [] }]);
      const last = flat.at(-1);
      if (last === undefined) throw new Error("A route needs a jump host");
      const host = { ...last, jumpHosts: flat.slice(0, -1) };
      const key = createHash("sha256").update(JSON.stringify(host)).digest("base64");
      // ssh_config can send us round; a jump host that waits for itself would wait for ever.
      if (opening.includes(key))
        throw new LogoffError("plan-invalid", `Cannot reach "${target}": its jump hosts lead in a circle`);
      const refusal = refusals.met(key);
      if (refusal !== undefined) throw notTried(refusal, last.label, target);
      const shared = share(key, host, opening);
      shared.users += 1;
      let given = false;
      const giveBack = async (): Promise<void> => {
        if (given) return;
        given = true;
        await release(key, shared);
      };
      try {
        const link = await orAborted(shared.link, signal);
        return {
          open: (endpoint, inner) => forward(link, last.label, endpoint, inner),
          slots: shared.slots,
          release: giveBack,
        };
      } catch (thrown) {
        await giveBack();
        throw signal.aborted ? aborted(signal) : throughHop(thrown, last.label, target);
      }
    },
  };
}

/** The error of a hop, as its target shows it. A hop's own hop is already in its message. */
function throughHop(thrown: unknown, hop: string, target: string): LogoffError {
  const inner = thrown instanceof LogoffError ? thrown : undefined;
  const message = inner?.message ?? "it could not be connected";
  const code = inner?.code ?? "host-unreachable";
  return new LogoffError(
    "jump-host-failed",
    `Cannot reach "${target}" through "${hop}" (${code}): ${message}`,
    inner === undefined ? {} : { cause: inner, untried: inner.untried },
  );
}

function notTried(refusal: LogoffError, hop: string, target: string): LogoffError {
  return new LogoffError(
    "jump-host-failed",
    `Did not reach "${target}": not tried, since "${hop}" has just failed (${refusal.code}): ${refusal.message}`,
    { cause: refusal, untried: true },
  );
}

function forward(
  link: Link,
  hop: string,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Attempt<Dialled<ClientChannel>>> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, mayPass: boolean): void => {
      const message = `Cannot reach "${endpoint.label}" through "${hop}": ${reason}`;
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
            // The hop works; the far end is what cannot be reached.
            const message = `Cannot connect to "${endpoint.label}": "${hop}" cannot reach it (${printable(error.message)})`;
            resolve({ ok: false, error: new LogoffError("host-unreachable", message), mayPass: true });
          }
          return;
        }
        const greeting = holdGreeting(channel);
        channel.on("error", () => undefined);
        // ssh2 throws from a timer when a channel says goodbye over a connection that is gone; a closed one says nothing.
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
      fail(link.lost()?.message ?? "its connection is gone", false);
    }
  });
}
