import { printable } from "../../base/text";

/** Prepares a host's text for an error: redacts our secrets, which the host may repeat, and makes it printable. */
export type Quote = (text: string, maxLength?: number) => string;

/** Redacts the given secrets in any text, including inside JSON strings. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const given = secrets.flatMap((secret) => (secret === undefined || secret === "" ? [] : [secret]));
  const forms = new Set(given.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // Longest first: otherwise the rest of a secret that contains another would remain.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** {@link Quote} for one connection. */
export function quoter(redact: (text: string) => string): Quote {
  return (text, maxLength) => redact(printable(redact(text), maxLength));
}
