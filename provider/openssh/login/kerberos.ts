/** Why this machine has no Kerberos ticket to offer, as the log of ssh has it. */
import type { Quote } from "../../ssh/login/redact";

/**
 * What GSSAPI says about a failure of its own, in the words of MIT and of Heimdal (macOS), and the line after it with the reason. ssh logs both before
 * it offers anything. A host that rejects a ticket causes neither.
 */
const failure =
  /^debug1: (?:Unspecified GSS failure\.|No credentials were supplied|Miscellaneous failure).*\r?\n([^\r\n]+)/mu;

/** The reason in the log (`LogLevel=DEBUG1`); undefined if a ticket was offered, or Kerberos was not used at all. */
export function kerberosProblem(log: string): string | undefined {
  return failure.exec(log)?.[1];
}

/** What to do about a {@link kerberosProblem}. */
export function kerberosAdvice(problem: string, quote: Quote): string {
  if (/expired/iu.test(problem)) return "the Kerberos ticket has expired: renew it with `kinit`";
  if (/^No (?:Kerberos )?credentials/u.test(problem))
    return `there is no Kerberos ticket (${quote(problem)}): get one with \`kinit\``;
  return `Kerberos fails on this machine (${quote(problem)}): compare with \`klist\``;
}
