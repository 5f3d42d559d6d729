import { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { Phase } from "./handshake";

/** The progress of connecting to a host, from which the error of the deadline is made. */
export interface Progress {
  readonly enter: (phase: Phase) => void;
  /** Records a failure that is retried. */
  readonly failed: (error: LogoffError) => void;
  /** The error of a deadline during the attempts. */
  readonly expired: () => LogoffError;
  /** Sets what the error of a deadline before the first attempt reports: `the agent did not list its keys`. */
  readonly prepares: (unfinished: string) => void;
  /** The error of a deadline before the first attempt. */
  readonly preparingExpired: () => LogoffError;
}

/** Starts in the preparation, with the reading of ssh_config. */
export function watchProgress(host: Pick<Host, "label" | "connectTimeoutMs">): Progress {
  let phase: Phase = "connecting";
  let lastFailure: LogoffError | undefined;
  let failures = 0;
  let preparing = "ssh_config was not read";
  const seconds = host.connectTimeoutMs / 1000;
  const prefix = `Cannot connect to "${host.label}"`;
  const before = (): string => {
    if (lastFailure === undefined) return "";
    const { message } = lastFailure;
    const reason = message.startsWith(`${prefix}: `) ? message.slice(prefix.length + 2) : message;
    return `; the attempt before failed: ${reason}`;
  };
  return {
    enter: (next) => (phase = next),
    failed: (error) => {
      phase = "connecting";
      lastFailure = error;
      failures += 1;
    },
    expired: () => {
      if (phase !== "connecting")
        return new LogoffError(
          "timed-out",
          `${prefix}: timed out after ${seconds} s while ${phase}; raise \`timeouts.connect\` if the host is slow${before()}`,
        );
      if (lastFailure === undefined)
        return new LogoffError(
          "host-unreachable",
          `${prefix}: no answer within ${seconds} s; check the address, the port and the firewall, or raise \`timeouts.connect\` if the host is slow`,
        );
      const tries = `${failures} ${failures === 1 ? "attempt" : "attempts"} in ${seconds} s`;
      return new LogoffError(lastFailure.code, `${lastFailure.message} (${tries})`, {
        cause: lastFailure.cause,
      });
    },
    prepares: (unfinished) => (preparing = unfinished),
    preparingExpired: () => new LogoffError("timed-out", `${prefix}: ${preparing} within ${seconds} s`),
  };
}
