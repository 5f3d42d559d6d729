import { asLogoffError } from "../errors";
import type { Plan } from "../plan";
import type { Report } from "../report/report";
import { counted } from "../report/text";
import { checkWritable, reportText, writePrivately } from "../report-files";
import type { RunRequest } from "./args";
import type { ExitStatus } from "./exit-status";
import { hostLine, type HostEntry } from "./host-entries";
import { changesNothing } from "./result";
import type { World } from "./world";

/** Tries the places of all files before anything is connected to. @throws LogoffError naming the first that fails */
export async function checkFiles({ output }: RunRequest, plan: Plan): Promise<void> {
  const { failedHosts } = output;
  for (const path of [...plan.reports, ...(failedHosts === undefined ? [] : [failedHosts])])
    await checkWritable(path);
}

interface Written {
  readonly request: RunRequest;
  readonly plan: Plan;
  /** As they were written, in the order of the plan. */
  readonly entries: readonly HostEntry[];
  readonly world: World;
}

/** Writes the reports and the hosts that are not done. Whether all could be written; what could not is said. */
export async function writeFiles(
  { request, plan, entries, world }: Written,
  report: Report,
  exitStatus: ExitStatus,
): Promise<boolean> {
  const context = { dryRun: changesNothing(request.task), exitStatus };
  const notDone = report.hosts.flatMap(({ status, host }, index) => {
    const entry = entries[index];
    if (status === "ok") return [];
    return [`${entry === undefined ? host : hostLine(entry, request.eachHost)}\n`];
  });
  const { failedHosts, quiet } = request.output;
  const files = [
    ...plan.reports.map((path) => ({ path, text: reportText(path, report, context) })),
    ...(failedHosts === undefined ? [] : [{ path: failedHosts, text: notDone.join("") }]),
  ];
  let allWritten = true;
  for (const { path, text } of files) {
    try {
      await writePrivately(path, text);
    } catch (thrown) {
      allWritten = false;
      const { message } = asLogoffError(thrown, "command-failed", "Cannot write");
      world.stderr.write(`session-logoff: ${message}\n`);
    }
  }
  if (failedHosts !== undefined && notDone.length > 0 && !quiet) {
    const how = request.eachHost.via === undefined ? "" : " without --via";
    const again = `--hosts-file ${failedHosts}${how} runs only those`;
    world.stderr.write(`${counted(notDone.length, "host")} in ${failedHosts}: ${again}\n`);
  }
  return allWritten;
}
