import { openErrorLines } from "../common/partial-failure";
import { isDone, type Results } from "./state";

/** A summary line, then the errors of at most 20 hosts, and how many more there are. */
export function failureReasons(name: string, { hostResults, totals }: Results): readonly string[] {
  const open = Object.entries(hostResults).filter(([, result]) => !isDone(result));
  const counts = [
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} skipped`] : []),
  ].join(", ");
  return [
    `${name}: ${open.length} of ${totals.hosts} hosts not done (${counts}); the next "pulumi up" runs only these`,
    ...openErrorLines(open),
  ];
}
