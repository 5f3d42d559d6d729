/** What may be written into a file for `ssh -F`, into a command line or into a ProxyCommand. Everything else is refused, never escaped. */
import { clientProblem } from "../machine/version";

/** A host name of letters, digits, dots, hyphens and underscores, or an IP address, which may have a zone. */
const address =
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?)$/u;

/**
 * A user name without blanks, controls, quotes and what shells or ssh expand. A backslash separates a domain: ssh keeps it as it is before
 * anything but a quote, a blank or another backslash.
 */
const user = /^(?![-#=])(?:[^\s\p{C}'"`$%;&<>|(){}\\]|\\(?=[^\s\p{C}'"`$%;&<>|(){}\\])){1,256}$/u;

/** A path as ssh reads it between double quotes: without what it expands, in a file or in a token. */
const path = /^[^\p{Cc}"%$\\]{1,4096}$/u;

/** The address, unchanged. @throws LogoffError `plan-invalid` */
export function checkedAddress(text: string, label: string): string {
  if (address.test(text)) return text;
  throw clientProblem(
    label,
    "its address must be a host name of letters, digits, dots and hyphens, or an IP address",
  );
}

/** The user, unchanged. @throws LogoffError `plan-invalid` */
export function checkedUser(text: string, label: string): string {
  if (user.test(text)) return text;
  throw clientProblem(
    label,
    "the user name must not begin with any of `- # =`, and not contain blanks, quotes or any of `$ % ; & < > | ( ) { }`",
  );
}

/** The path between double quotes; on Windows with slashes. @throws LogoffError `plan-invalid` */
export function quotedPath(
  text: string,
  label: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const slashed = platform === "win32" ? text.replaceAll("\\", "/") : text;
  if (path.test(slashed)) return `"${slashed}"`;
  throw clientProblem(label, "the path of a file must not contain quotes, `$`, `%` or backslashes");
}
