/** Turns failures of a handshake into errors for the operator, and decides whether to retry. */
import { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { LoginAttempt } from "../login/auth";
import type { Quote } from "../login/redact";
import type { LongPackets } from "../ssh2-quirks";
import { longestBannerBytes, type Greeting } from "./banner";
import { isTransientCode } from "./socket";

/** An error of a Client's `error` event, with ssh2's level, or the code of a socket error or a disconnect message. */
export interface Ssh2Error extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

/** Whether a failure may be retried, and how soon. */
export type Retry = "never" | "soon" | "later";

/** The failure of a host that sent text instead of its SSH identification; undefined when it sent no text, or its identification. */
export function beforeIdentification(
  greeting: Greeting,
  label: string,
  quote: Quote,
): [LogoffError, Retry] | undefined {
  const text = greeting.text();
  if (text === undefined) return undefined;
  const quoted = `"${quote(text)}"`;
  const reason = greeting.isTooLong()
    ? `it sent more than ${longestBannerBytes / 1024} KB before its SSH identification, beginning with ${quoted}`
    : `it closed the connection before its SSH identification, saying ${quoted}; if its SSH server is busy, it refuses connections for a while (MaxStartups, PerSourcePenalties): wait a few minutes and run again with a lower \`rollout.parallel\`; otherwise check the port`;
  const error = new LogoffError("host-unreachable", `Cannot connect to "${label}": ${reason}`);
  return [error, greeting.isTooLong() ? "never" : "later"];
}

/** The error; for a timeout, with the text that the host has sent instead of its SSH identification. */
export function withGreeting(error: LogoffError, greeting: Greeting, quote: Quote): LogoffError {
  const text = greeting.text();
  if (text === undefined || error.code !== "timed-out") return error;
  return new LogoffError(error.code, `${error.message}; the host has sent only "${quote(text)}"`);
}

/** The failure of a login whose banner is too long; undefined for any other. */
export function bannerTooLong(
  packets: LongPackets | undefined,
  label: string,
): [LogoffError, Retry] | undefined {
  const bytes = packets?.tooLong();
  if (bytes === undefined) return undefined;
  const reason = `it sent ${Math.ceil(bytes / 1024)} KB in one message before the login; a banner may be at most ${longestBannerBytes / 1024} KB long`;
  return [new LogoffError("host-unreachable", `Cannot log in to "${label}": ${reason}`), "never"];
}

/** SSH_DISCONNECT_TOO_MANY_CONNECTIONS (RFC 4250 4.2.2). */
const tooManyConnections = 12;

/** The failure for an error of ssh2. @param disagreement the failure to report if the algorithms did not match */
export function classify(
  error: Ssh2Error,
  host: Pick<Host, "label">,
  login: LoginAttempt,
  quote: Quote,
  disagreement: LogoffError | undefined,
): [LogoffError, Retry] {
  if (disagreement !== undefined) return [disagreement, "never"];
  if (error.level === "client-authentication") return [login.failure(), "never"];
  if (typeof error.code === "number") {
    const reason = `the host ended the connection, saying "${quote(error.message)}"`;
    if (login.offered()) return [login.failure(reason), "never"];
    const refusal = new LogoffError("host-unreachable", `Cannot connect to "${host.label}": ${reason}`);
    return [refusal, error.code === tooManyConnections ? "later" : "never"];
  }
  if (isTransientCode(error.code) || error.message === "Connection lost before handshake")
    return connectionEnded(
      error.code === undefined ? "it closed the connection at once" : "the connection was reset",
      host.label,
      login,
    );
  const message = `Cannot set up SSH with "${host.label}": ${quote(error.message)}`;
  return [new LogoffError("host-unreachable", message), "never"];
}

/** The failure of a connection that the host ended: a rejection after a rejected offer, and transient before any offer. */
export function connectionEnded(how: string, label: string, login: LoginAttempt): [LogoffError, Retry] {
  if (login.rejected()) return [login.failure(`then ${how}`), "never"];
  const when = login.offered()
    ? " while a login was being checked"
    : "; check that the port is its SSH server's, and that the server accepts this machine";
  return [
    new LogoffError("host-unreachable", `Cannot connect to "${label}": ${how}${when}`, {
      isProven: login.isProven(),
    }),
    login.offered() ? "never" : "soon",
  ];
}
