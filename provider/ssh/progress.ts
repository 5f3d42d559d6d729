import type { Host } from "../connection";
import { LogoffError } from "../errors";
import type { Phase } from "./handshake";

/** Where the attempts at one host stand, and so what the error of their deadline is. */
export interface Progress {
  readonly enter: (phase: Phase) => void;
  /** Is told of each failure that is tried again. */
  readonly failed: (error: LogoffError) => void;
  readonly expired: () => LogoffError;
  /** The error of a login that could not even be read, since the agent did not answer. */
  readonly agentExpired: () => LogoffError;
}

/** Begins at the first attempt. */
export function watchProgress(host: Pick<Host, "label" | "connectTimeoutMs">): Progress {
  let phase: Phase = "connecting";
  let lastFailure: LogoffError | undefined;
  let failures = 0;
  const seconds = host.connectTimeoutMs / 1000;
  const what = `Cannot connect to "${host.label}"`;
  return {
    enter: (next) => (phase = next),
    failed: (error) => {
      phase = "connecting";
      lastFailure = error;
      failures += 1;
    },
    expired: () => {
      if (phase !== "connecting")
        return new LogoffError("timed-out", `${what}: ${phase} was not finished after ${seconds} s`);
      if (lastFailure === undefined)
        return new LogoffError("host-unreachable", `${what}: no answer within ${seconds} s`);
      const tries = `${failures} ${failures === 1 ? "attempt" : "attempts"} in ${seconds} s`;
      return new LogoffError(lastFailure.code, `${lastFailure.message} (${tries})`, {
        cause: lastFailure.cause,
      });
    },
    agentExpired: () =>
      new LogoffError("timed-out", `${what}: the agent did not list its keys within ${seconds} s`),
  };
}
