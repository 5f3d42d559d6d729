import { Socket } from "node:net";
import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";
import type { Quote } from "../login/redact";
import type { Carrier } from "../proxy-command/carrier";
import type { LoggedIn } from "./handshake";

/** A logged-in connection, with its state and the ways to end it. */
export interface Link {
  readonly loggedIn: LoggedIn;
  /** The error for any further use of a lost connection; undefined while it is alive. */
  readonly lost: () => LogoffError | undefined;
  /** Ends it without a goodbye, for a host that does not answer. */
  readonly destroy: (reason: LogoffError) => void;
  /** Says goodbye and ends it. Resolves when our side is closed. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Time limit for sending our goodbye, and again for the connection to close. */
const goodbyeMs = 1000;

/** The {@link Link} of a logged-in connection. @param carrier what carries it, if not a socket of our own */
export function watchLink(
  loggedIn: LoggedIn,
  label: string,
  clock: Clock,
  quote: Quote,
  carrier?: Carrier,
): Link {
  const { client, stream } = loggedIn;
  let lost: string | undefined;
  let closing: Promise<void> | undefined;
  const lose = (reason: string): void => {
    lost ??= reason;
  };
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      lose(carrier?.ended() ?? "it was closed");
      resolve();
    });
  });
  client.on("error", (error: Error & { level?: string }) => {
    lose(
      error.level === "client-timeout" ? "three keepalives in a row were not answered" : quote(error.message),
    );
    stream.destroy();
  });
  // A channel through a jump host does not close by itself when its far end does.
  client.once("end", () => stream.destroy());

  // Like OpenSSH, close a socket as soon as our goodbye is sent, which saves a round trip. A jump host would drop a goodbye that it
  // has not passed on yet, so wait until it closes the channel.
  const goodbyeSent =
    stream instanceof Socket
      ? new Promise<void>((resolve) => stream.once("finish", resolve).once("close", resolve))
      : closed;
  const atMost = (ended: Promise<void>, ms: number): Promise<void> =>
    new Promise((resolve) => {
      const stopTimer = clock.after(ms, resolve);
      void ended.then(stopTimer).then(resolve);
    });
  const close = async (): Promise<void> => {
    lose("we closed it");
    try {
      client.end();
    } catch {
      // ssh2 throws on a write to a dead connection, which needs no goodbye
    }
    await atMost(goodbyeSent, goodbyeMs);
    stream.destroy();
    await atMost(closed, goodbyeMs);
  };
  return {
    loggedIn,
    // Created on demand: the stack of an error costs more than the goodbye of a connection that is no longer used.
    lost: () =>
      lost === undefined
        ? undefined
        : new LogoffError("connection-lost", `Lost the connection to "${label}": ${lost}`),
    destroy: (reason) => {
      lose(reason.message);
      stream.destroy();
    },
    close: () => (closing ??= close()),
  };
}
