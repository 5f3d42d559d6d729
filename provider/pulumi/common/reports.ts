import { asLogoffError } from "../../base/errors";
import type { Plan } from "../../plan/plan";
import { exitStatusOf, failsRun } from "../../report/outcome";
import type { Report } from "../../report/report";
import type { Scope } from "./call";

/** A disk that does not answer must not hold up a run that has ended, least of all one that is killed in a second. */
const mostMs = 10_000;
const mostMsWhenCancelled = 400;

/** Writes a run's report to every path, side by side. What cannot be written is a warning: never rejects. */
export async function writeReports(
  { reports, failOn }: Pick<Plan, "reports" | "failOn">,
  report: Report,
  isCancelled: boolean,
  { clock, writeReport, voice }: Pick<Scope, "clock" | "writeReport" | "voice">,
): Promise<void> {
  // The resource succeeds when everything was done before it was cancelled, and the report says so.
  const isFailed = failsRun(report.hosts, failOn, report.ended);
  const exitStatus = exitStatusOf(report, failOn, isCancelled && isFailed);
  const over = new AbortController();
  const tooLong = clock
    .sleep(isCancelled ? mostMsWhenCancelled : mostMs, over.signal)
    .then(() => Promise.reject(new Error("the disk does not answer")));
  tooLong.catch(() => undefined);
  await Promise.all(
    reports.map(async (path) => {
      try {
        await Promise.race([writeReport(path, report, exitStatus), tooLong]);
      } catch (thrown) {
        voice.warn(asLogoffError(thrown, "command-failed", `Cannot write the report "${path}"`).message);
      }
    }),
  );
  over.abort();
}
