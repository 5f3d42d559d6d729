import type { ErrorCode } from "../errors";
import type { ReportedError } from "../report/report";

/** What to do next, in the command's own words; codes whose messages say it all are absent. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  "host-unreachable":
    "check the address, the port and the firewall; --timeout-connect gives slow hosts more time",
  "host-key-unknown":
    "compare the fingerprint with the host's own, then add the key to known_hosts, or give --known-hosts, --host-key or --accept-new",
  "host-key-changed":
    "somebody may be in between: if the host was reinstalled, remove its old line from known_hosts",
  "auth-unavailable": "give --identity, --password-env, or load a key into your SSH agent",
  "auth-rejected":
    "check --user, and the key or the password; nothing is tried often, so that no account is locked",
  "no-common-algorithm": "--legacy-algorithms also offers what old servers need",
  "permission-denied": "log in as an administrator: Full Control over other users' sessions is needed",
  "unsupported-host": "--check says what is missing on the host",
  "output-unrecognised": "--check prints the form of the host's answer without names: please report it",
  "session-not-found": "--list shows who is there; --if-missing ignore takes it as done",
  "session-stuck": "--stuck reset ends such sessions; --timeout-logoff gives them more time",
  "sessions-remain": "run again; --drain until-restart keeps people from coming back",
  "limit-exceeded": "--dry-run shows who it would be; --limit and --limit-per-host allow more",
};

/** A line for each kind of failure of these hosts, in the order of their appearance. */
export function adviceFor(hosts: readonly { readonly error?: ReportedError }[]): readonly string[] {
  const codes = new Set(hosts.flatMap(({ error }) => (error === undefined ? [] : [error.code])));
  return [...codes].flatMap((code) => (advice[code] === undefined ? [] : [`${code}: ${advice[code]}`]));
}
