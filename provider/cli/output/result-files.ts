import { resolve } from "node:path";
import { asLogoffError, LogoffError } from "../../base/errors";
import { counted, printable } from "../../base/text";
import { checkWritable, writeFileAtomically } from "../../files/atomic-file";
import type { Plan } from "../../plan/plan";
import type { Report } from "../../report/report";
import { reportText } from "../../report/report-text";
import { isLeftUndone } from "../../run/resumed";
import { hostLine, type GivenHost } from "../arguments/host-entries";
import type { RunRequest } from "../arguments/run-request";
import type { ExitStatus } from "../exit-status";
import { changesNothing } from "./result";

/** Checks before connecting that all files can be written. @throws LogoffError naming the first that cannot */
export async function checkFiles({ output, journal }: RunRequest, plan: Plan): Promise<void> {
  const { failedHosts } = output;
  for (const path of [...plan.reports, ...(failedHosts === undefined ? [] : [failedHosts])]) {
    if (journal !== undefined && resolve(path) === resolve(journal.path))
      throw new LogoffError("command-failed", `Cannot write "${printable(path, 500)}": it is the journal`);
    await checkWritable(path);
  }
}

interface FinishedRun {
  readonly request: RunRequest;
  readonly plan: Plan;
  /** As they were written, in the order of the plan. */
  readonly entries: readonly GivenHost[];
  readonly report: Report;
}

interface FilesWritten {
  /** The exit status of the run, but 1 instead of 0 if a file could not be written. */
  readonly exitStatus: ExitStatus;
  /** Lines below the result: files that could not be written, and the use of the list of failed hosts. */
  readonly lines: readonly string[];
}

/** Writes the reports and the unfinished hosts. Never rejects. */
export async function writeFiles(run: FinishedRun, exitStatus: ExitStatus): Promise<FilesWritten> {
  const { failed, problems } = await writeAll(filesOf(run, exitStatus));
  if (failed.size === 0) return { exitStatus, lines: againLines(run) };
  const { failedHosts } = run.request.output;
  const lines =
    failedHosts !== undefined && failed.has(failedHosts) ? problems : [...problems, ...againLines(run)];
  if (exitStatus !== 0) return { exitStatus, lines };
  // The files that were written have the status of the run.
  const again = await writeAll(filesOf(run, 1).filter(({ path }) => !failed.has(path)));
  return { exitStatus: 1, lines: [...again.problems, ...lines] };
}

interface OneFile {
  readonly path: string;
  readonly text: string;
}

function filesOf(
  { request, plan, entries, report }: FinishedRun,
  exitStatus: ExitStatus,
): readonly OneFile[] {
  const context = { dryRun: changesNothing(request.task), exitStatus };
  const reports = plan.reports.map((path) => ({ path, text: reportText(path, report, context) }));
  const { failedHosts } = request.output;
  if (failedHosts === undefined) return reports;
  const notDone = report.hosts.flatMap(({ status, host }, index) => {
    const entry = entries[index];
    if (status === "ok") return [];
    return [`${entry === undefined ? host : hostLine(entry, request.eachHost)}\n`];
  });
  return [...reports, { path: failedHosts, text: notDone.join("") }];
}

async function writeAll(
  files: readonly OneFile[],
): Promise<{ readonly failed: ReadonlySet<string>; readonly problems: readonly string[] }> {
  const failed = new Set<string>();
  const problems: string[] = [];
  for (const { path, text } of files) {
    try {
      await writeFileAtomically(path, text);
    } catch (thrown) {
      failed.add(path);
      problems.push(`session-logoff: ${asLogoffError(thrown, "command-failed", "Cannot write").message}`);
    }
  }
  return { failed, problems };
}

function againLines(run: FinishedRun): readonly string[] {
  return run.request.output.quiet ? [] : [...resumeLines(run), ...failedHostsLines(run)];
}

/** A budget that is exceeded stays exceeded, because failed hosts are not run again. */
function resumeLines({ request: { task, journal }, report }: FinishedRun): readonly string[] {
  const left = report.hosts.filter(isLeftUndone).length;
  const isOver = [report.ended, ...report.hosts.map(({ error }) => error)].some(
    (error) => error?.code === "budget-exceeded" || error?.code === "limit-exceeded",
  );
  if (journal === undefined || task !== "log-off" || left === 0 || isOver) return [];
  const are = left === 1 ? "is" : "are";
  return [
    `${counted(left, "host")} ${are} not done: the same options with --resume ${journal.path} go on with the run`,
  ];
}

function failedHostsLines({ request, report }: FinishedRun): readonly string[] {
  const { failedHosts } = request.output;
  const notDone = report.hosts.filter(({ status }) => status !== "ok").length;
  if (failedHosts === undefined || notDone === 0) return [];
  const how = request.eachHost.via === undefined ? "" : " without --via";
  return [`${counted(notDone, "host")} in ${failedHosts}: --hosts-file ${failedHosts}${how} runs only those`];
}
