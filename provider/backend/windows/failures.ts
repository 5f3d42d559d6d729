import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { Target } from "../backend";

/** @param action what was tried, such as `list the sessions` */
export function denied({ label }: Target, action: string, detail: string): LogoffError {
  return new LogoffError("permission-denied", `Cannot ${action} on "${label}": ${detail}`);
}

/** The reason of a denial, with the message of the host. */
export function deniedDetail({ server }: Target, said: string): string {
  const relayed =
    server === undefined
      ? ""
      : ` (a login by public key carries no credentials to "${server}": log in with a password)`;
  return `the login lacks Full Control over other users' sessions${relayed}: "${printable(said)}"; log in as an administrator`;
}

export function unreachableServer({ label }: Target, server: string, said: string): LogoffError {
  return new LogoffError(
    "command-failed",
    `Cannot list the sessions of "${label}": the host before the ">" cannot reach "${server}" by remote procedure call: "${printable(said)}"; check its name and the firewall, on a client edition of Windows set AllowRemoteRPC to 1, and log in with a password (a login by public key carries no credentials on)`,
  );
}

export function unreadable({ label }: Target, reason: string): LogoffError {
  return new LogoffError("output-unrecognised", `Cannot read the sessions of "${label}": ${reason}`);
}

/** Two lists of one host contradict each other. They may agree when requested again a moment later. */
export function contradictory({ label }: Target, contradiction: string): LogoffError {
  return new LogoffError(
    "output-unrecognised",
    `Cannot read the sessions of "${label}": ${printable(contradiction)}; one of the two lists is incomplete`,
    { isContradiction: true },
  );
}
