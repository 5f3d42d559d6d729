import type { ErrorCode } from "../../base/errors";
import type { ReportedError } from "../../report/report";

/** What the command's options add to the messages of a code. Codes whose messages are enough are absent. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  "host-key-unknown":
    "once the key is compared, --host-key accepts it for one host, and --accept-new records the keys of all hosts that have none",
  "output-unrecognised": "--check prints the form of the host's answer without names: please report it",
  "session-not-found": "--list shows who is there; --if-missing ignore counts a missing session as done",
  "limit-exceeded": "--dry-run shows who would be logged off; --limit and --limit-per-host allow more",
};

/** One line for each kind of failure, in the order of the hosts. */
export function hintsFor(hosts: readonly { readonly error?: ReportedError }[]): readonly string[] {
  const lines = hosts.flatMap(({ error }) => {
    const line = error && advice[error.code];
    return error === undefined || line === undefined ? [] : [`${error.code}: ${line}`];
  });
  return [...new Set(lines)];
}
