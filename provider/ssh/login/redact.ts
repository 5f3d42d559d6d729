import { printable } from "../../base/text";

/** Text that a host sent, fit for an error: our secrets taken out, should the host repeat them, and made printable. */
export type Quote = (text: string, maxLength?: number) => string;

/** Takes the given secrets out of any text, also where they stand as a JSON string. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const given = secrets.flatMap((secret) => (secret === undefined || secret === "" ? [] : [secret]));
  const forms = new Set(given.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // Longest first, or a secret that contains another would leave its tail behind.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** {@link Quote} for one connection. */
export function quoter(redact: (text: string) => string): Quote {
  return (text, maxLength) => redact(printable(redact(text), maxLength));
}
