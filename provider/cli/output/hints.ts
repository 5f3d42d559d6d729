import type { ErrorCode } from "../../base/errors";
import type { ReportedError } from "../../report/report";

/** What the command's options add to the messages of a code. Codes whose messages are enough are absent. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  "host-key-unknown":
    "once the key is compared, --host-key accepts it for one host, and --accept-new records the keys of all hosts that have none",
  "output-unrecognised": "--check prints the form of the host's answer without names: please report it",
  "session-not-found": "--list shows who is there; --if-missing ignore counts a missing session as done",
  "drain-failed":
    "--check shows the mode of each host; --undrain lifts any drain on Windows, and on Linux only one of this tool",
  "not-back": "--undrain --wait 30m waits for the hosts again, and opens each that is back",
  "not-restarted":
    "once the hosts have restarted, --undrain --wait 30m opens them; where no restart is needed, --no-restart leaves it out",
  "then-failed":
    "the output of the command is above; --undrain opens the hosts of its wave, and --failed-hosts writes those that were skipped",
  "limit-exceeded": "--dry-run shows who would be logged off; --limit and --limit-per-host allow more",
};

/** One line for each kind of failure, in the order of the hosts, and that of the run last. */
export function hintsFor({
  hosts,
  ended,
}: {
  readonly hosts: readonly { readonly error?: ReportedError }[];
  readonly ended?: ReportedError;
}): readonly string[] {
  const errors = [...hosts.map(({ error }) => error), ended];
  const lines = errors.flatMap((error) => {
    const line = error && advice[error.code];
    return error === undefined || line === undefined ? [] : [`${error.code}: ${line}`];
  });
  return [...new Set(lines)];
}
