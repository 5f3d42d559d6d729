import { Socket } from "node:net";
import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";
import type { Quote } from "../login/redact";
import type { LoggedIn } from "./handshake";

/** A connection in use: knows whether it still lives, and how to end it. */
export interface Link {
  readonly loggedIn: LoggedIn;
  /** The error of everything that still wants to use a connection that is gone; undefined while it lives. */
  readonly lost: () => LogoffError | undefined;
  /** Ends it at once, for a host that does not answer. */
  readonly destroy: (reason: LogoffError) => void;
  /** Ends it politely. Never rejects; resolves when our side of it is closed. */
  readonly close: () => Promise<void>;
}

/** How long our goodbye may take, and a host to close its side where we wait for that. */
const goodbyeMs = 1000;

/** Watches a connection that is logged in. */
export function watchLink(loggedIn: LoggedIn, label: string, clock: Clock, quote: Quote): Link {
  const { client, stream } = loggedIn;
  let lost: string | undefined;
  let closing: Promise<void> | undefined;
  const lose = (reason: string): void => {
    lost ??= reason;
  };
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      lose("it was closed");
      resolve();
    });
  });
  client.on("error", (error: Error & { level?: string }) => {
    lose(
      error.level === "client-timeout" ? "three keepalives in a row were not answered" : quote(error.message),
    );
    stream.destroy();
  });
  // A jump host's channel does not close by itself when its other end does.
  client.once("end", () => stream.destroy());

  // As OpenSSH does, and it spares a round trip: a socket is closed as soon as our goodbye has left. A jump host in contrast
  // would drop a goodbye that it has not passed on yet, and closes the channel when it has.
  const farewell =
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
      // ssh2 throws when its side of a dead connection is written to; then there is nobody to say goodbye to
    }
    await atMost(farewell, goodbyeMs);
    stream.destroy();
    await atMost(closed, goodbyeMs);
  };
  return {
    loggedIn,
    // The stack of an error costs more than the goodbye of a connection that nobody asks about any more.
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
