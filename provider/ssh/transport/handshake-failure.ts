/** What went wrong in a handshake, in terms that the operator knows, and whether it may be retried. */
import { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { LoginAttempt } from "../login/auth";
import type { Quote } from "../login/redact";
import type { LongPackets } from "../ssh2-quirks";
import { longestBannerBytes, type Greeting } from "./banner";
import { mayPass } from "./socket";

/** The errors of a Client's `error` events: with a level of ssh2's, or with the code of a socket or a disconnect message. */
export interface Ssh2Error extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

/** Whether a failure may be retried, and how soon. */
export type Again = "never" | "soon" | "later";

/** The failure of a host that has sent text other than SSH; undefined when it has sent none, or its identification. */
export function beforeIdentification(
  greeting: Greeting,
  label: string,
  quote: Quote,
): [LogoffError, Again] | undefined {
  const words = greeting.words();
  if (words === undefined) return undefined;
  const said = `"${quote(words)}"`;
  const what = greeting.isTooLong()
    ? `it sent more than ${longestBannerBytes / 1024} KB before its SSH identification, beginning with ${said}`
    : `it closed the connection before its SSH identification, saying ${said}; a busy host turns connections away for a while (MaxStartups, PerSourcePenalties)`;
  const error = new LogoffError("host-unreachable", `Cannot connect to "${label}": ${what}`);
  return [error, greeting.isTooLong() ? "never" : "later"];
}

/** The error of a deadline or a cancel, with the text that the host has sent so far instead of an SSH identification. */
export function withWords(error: LogoffError, greeting: Greeting, quote: Quote): LogoffError {
  const words = greeting.words();
  if (words === undefined || error.code !== "timed-out") return error;
  return new LogoffError(error.code, `${error.message}; so far it said "${quote(words)}"`);
}

/** The failure of a login whose banner is too long; undefined when it is not. */
export function bannerTooLong(
  packets: LongPackets | undefined,
  label: string,
): [LogoffError, Again] | undefined {
  const bytes = packets?.tooLong();
  if (bytes === undefined) return undefined;
  const what = `it sent ${Math.ceil(bytes / 1024)} KB in one message before the login; its banner may have ${longestBannerBytes / 1024} KB at most`;
  return [new LogoffError("host-unreachable", `Cannot log in to "${label}": ${what}`), "never"];
}

/** SSH_DISCONNECT_TOO_MANY_CONNECTIONS (RFC 4250 4.2.2). */
const tooManyConnections = 12;

/** What an error of ssh2 means. @param disagreement what it means when it speaks of algorithms */
export function classify(
  error: Ssh2Error,
  host: Pick<Host, "label">,
  login: LoginAttempt,
  quote: Quote,
  disagreement: LogoffError | undefined,
): [LogoffError, Again] {
  if (disagreement !== undefined) return [disagreement, "never"];
  if (error.level === "client-authentication") return [login.failure(), "never"];
  if (typeof error.code === "number") {
    const words = `the host ended it, saying "${quote(error.message)}"`;
    if (login.offered()) return [login.failure(words), "never"];
    const refusal = new LogoffError("host-unreachable", `Cannot connect to "${host.label}": ${words}`);
    return [refusal, error.code === tooManyConnections ? "later" : "never"];
  }
  if (mayPass(error.code) || error.message === "Connection lost before handshake")
    return lost(
      error.code === undefined ? "it closed the connection at once" : "the connection was reset",
      host.label,
      login,
    );
  const message = `Cannot set up SSH with "${host.label}": ${quote(error.message)}`;
  return [new LogoffError("host-unreachable", message), "never"];
}

/** A connection that the host ended: after a rejection this is a refusal; before any offer it may be transient. */
export function lost(how: string, label: string, login: LoginAttempt): [LogoffError, Again] {
  if (login.rejected()) return [login.failure(`then ${how}`), "never"];
  const when = login.offered() ? " while a login was being checked" : "";
  return [
    new LogoffError("host-unreachable", `Cannot connect to "${label}": ${how}${when}`),
    login.offered() ? "never" : "soon",
  ];
}
