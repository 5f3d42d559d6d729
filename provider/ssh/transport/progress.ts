import { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { Phase } from "./handshake";

/** Where the attempts at one host stand, and so what the error of their deadline is. */
export interface Progress {
  readonly enter: (phase: Phase) => void;
  /** Is told of each failure that is tried again. */
  readonly failed: (error: LogoffError) => void;
  readonly expired: () => LogoffError;
  /** Says before the first attempt what is waited for, as it is said when time is up: `the agent did not list its keys`. */
  readonly prepares: (unfinished: string) => void;
  /** The error of a deadline before the first attempt. */
  readonly preparingExpired: () => LogoffError;
}

/** Begins with what ssh_config says. */
export function watchProgress(host: Pick<Host, "label" | "connectTimeoutMs">): Progress {
  let phase: Phase = "connecting";
  let lastFailure: LogoffError | undefined;
  let failures = 0;
  let preparing = "ssh_config was not read";
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
    prepares: (unfinished) => (preparing = unfinished),
    preparingExpired: () => new LogoffError("timed-out", `${what}: ${preparing} within ${seconds} s`),
  };
}
