import { asLogoffError } from "../errors";
import type { Report } from "../report/report";
import type { Front } from "./process";

/** A disk that does not answer must not hold up a run that has ended, least of all one that is killed in a second. */
const mostMs = 10_000;
const mostMsWhenCancelled = 400;

/** Writes a run's report to every path, side by side. What cannot be written is a warning: never rejects. */
export async function writeReports(
  paths: readonly string[],
  report: Report,
  isCancelled: boolean,
  front: Front,
  warn: (text: string) => void,
): Promise<void> {
  const { failed, skipped } = report.totals;
  const exitStatus = isCancelled ? 130 : failed + skipped > 0 ? 1 : 0;
  const over = new AbortController();
  const tooLong = front.clock
    .sleep(isCancelled ? mostMsWhenCancelled : mostMs, over.signal)
    .then(() => Promise.reject(new Error("the disk does not answer")));
  tooLong.catch(() => undefined);
  await Promise.all(
    paths.map(async (path) => {
      try {
        await Promise.race([front.writeReport(path, report, exitStatus), tooLong]);
      } catch (thrown) {
        warn(asLogoffError(thrown, "command-failed", `Cannot write the report "${path}"`).message);
      }
    }),
  );
  over.abort();
}
