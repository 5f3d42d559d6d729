import { KeyedMutex } from "../base/concurrency";
import { ConnectionSlots } from "../base/connection-slots";
import { asLogoffError, LogoffError } from "../base/errors";
import { counted, printable } from "../base/text";
import type { Reach } from "../connection";
import { readOpenFiles } from "../files/open-files";
import type { Plan } from "../plan/plan";
import type { OnProgress } from "../report/events";
import { exitStatusOf } from "../report/outcome";
import type { Report } from "../report/report";
import { wouldGo } from "../report/text";
import { checkHosts } from "../run/check";
import { runRollout, type RolloutDeps } from "../run/rollout";
import { undrainEveryHost } from "../run/undrain/undrain";
import { afterWaveOf } from "./after-wave";
import { checkInOptionWords, inOptionWords, reportInOptionWords } from "./arguments/problem-names";
import { readRequest, type ReadRequest, type WholeRequest } from "./arguments/request";
import type { RunRequest } from "./arguments/run-request";
import { cancelOnSignals, type Cancellation } from "./cancellation";
import { ask, consentFor, questionFor, showWho } from "./confirm";
import type { ExitStatus } from "./exit-status";
import { checkNewJournal, createJournal, resumeJournal, unfinishedHosts, type OpenJournal } from "./journal";
import { checkJson, checkNdjson, checkText } from "./output/check-text";
import { hintsFor } from "./output/hints";
import { progressView, type ProgressView } from "./output/progress";
import { asList, asRun, changesNothing, resultText, warningLines, withCommands } from "./output/result";
import { checkFiles, writeFiles } from "./output/result-files";
import { paintFor, type World } from "./world";
import { wrongUsage } from "./wrong-usage";

/** A request whose plan is known. */
interface Work extends WholeRequest {
  readonly request: RunRequest;
  /** Whether somebody must agree first. */
  readonly mustAsk: boolean;
  readonly world: World;
  readonly reach: Reach;
  readonly slots: ConnectionSlots;
  readonly view: ProgressView;
  readonly cancellation: Cancellation;
  /** The journal of the interrupted run that this run goes on with. */
  readonly interrupted: OpenJournal | undefined;
}

/** Does what the arguments ask for, and returns the exit status. Never rejects. */
export async function runRequest(request: RunRequest, world: World): Promise<ExitStatus> {
  try {
    return await attempt(request, world);
  } catch (thrown) {
    const { message } = asLogoffError(thrown, "command-failed", "Cannot run");
    world.stderr.write(`session-logoff: ${inOptionWords(message)}\n`);
    return 1;
  }
}

async function attempt(request: RunRequest, world: World): Promise<ExitStatus> {
  const read: ReadRequest = await readRequest(request, world);
  if (read.problems !== undefined) return wrongUsage(read.problems, world);
  const { plan } = read;
  const { output, task } = request;
  try {
    await checkFiles(request, plan);
    if (request.journal?.isResumed === false && task === "log-off")
      await checkNewJournal(request.journal.path);
  } catch (thrown) {
    return wrongUsage([asLogoffError(thrown, "command-failed", "Cannot write").message], world);
  }
  const consent = consentFor(request, plan, world);
  if (consent.problem !== undefined) return wrongUsage([consent.problem], world);
  const view = progressView(world, {
    hosts: plan.hosts.length,
    quiet: output.quiet,
    verbose: output.verbose,
    looking: changesNothing(task),
    withMessages: output.format !== "text" || world.stdout.isTTY !== true,
  });
  const cancellation = cancelOnSignals(world, view.say);
  try {
    const open = await interruptedJournal(request, read, world.clock.date());
    if (open instanceof LogoffError) return wrongUsage([open.message], world);
    const debug = output.debug ? { debug: (line: string) => view.say(`debug: ${line}`) } : {};
    if (!output.quiet && open?.interrupted !== undefined) view.say(resumedLine(plan, open.interrupted));
    const rejectedBefore = open?.interrupted?.resumed.rejectedBy ?? [];
    const reach: Reach =
      request.here === true
        ? { connect: await world.connectHere() }
        : await world.openSsh({ ...debug, rejectedBefore });
    const slots = new ConnectionSlots(readOpenFiles);
    const mustAsk = consent.ask;
    const work = { ...read, request, mustAsk, world, reach, slots, view, cancellation, interrupted: open };
    return await (task === "check" ? checked(work) : reported(work)).finally(() => open?.close());
  } finally {
    cancellation.end();
    view.end();
  }
}

/** The journal that the run goes on with; undefined: there is none, or nothing is changed. An error is wrong usage. */
async function interruptedJournal(
  request: RunRequest,
  read: WholeRequest,
  now: Date,
): Promise<OpenJournal | LogoffError | undefined> {
  const { task, journal } = request;
  if (journal?.isResumed !== true || task !== "log-off") return undefined;
  return resumeJournal(journal.path, { ...read, request }, now).catch((thrown: unknown) =>
    asLogoffError(thrown, "journal-failed", "Cannot read the journal"),
  );
}

/** The hosts that failed are finished too; the result shows them. */
function resumedLine(plan: Plan, { startedAt, resumed }: NonNullable<OpenJournal["interrupted"]>): string {
  const hosts = plan.hosts.length;
  const finished = hosts - unfinishedHosts(plan, resumed).size;
  return `Resuming the run of ${printable(startedAt, 40)}: ${finished} of ${counted(hosts, "host")} finished`;
}

async function checked({
  request,
  plan,
  world,
  reach,
  slots,
  view,
  cancellation,
}: Work): Promise<ExitStatus> {
  const { stdout, clock } = world;
  const { format, quiet } = request.output;
  for (const warning of slots.makeRoomFor(plan.rollout.parallel, plan.hosts))
    view.say(`warning: ${inOptionWords(warning)}`);
  const found = await checkHosts(plan, {
    connect: reach.connect,
    clock,
    slots,
    here: request.here === true,
    stop: cancellation.stop,
    onDone: ({ host, ready }) => {
      if (!quiet && plan.hosts.length > 1) view.say(`${host}  ${ready ? "ready" : "not ready"}`);
    },
  });
  view.end();
  const checks = found.map(checkInOptionWords);
  const status = cancellation.isCancelled() ? 130 : checks.every(({ ready }) => ready) ? 0 : 1;
  if (format === "json") stdout.write(checkJson(checks, status));
  else if (format === "ndjson") stdout.write(checkNdjson(checks, status));
  else stdout.write(checkText(checks, styleFor(world)));
  if (format === "text")
    for (const line of hintsFor({ hosts: checks })) world.stderr.write(`hint: ${line}\n`);
  return status;
}

async function reported(work: Work): Promise<ExitStatus> {
  const { request, plan, entries, world, view, cancellation } = work;
  const performedReport = await performed(work);
  view.end();
  if (performedReport === undefined) return 130;
  const report = reportInOptionWords(performedReport);
  const ofRun = exitStatusOf(report, plan.failOn, cancellation.isCancelled());
  const { quiet, format } = request.output;
  const say = (line: string): unknown => world.stderr.write(`${line}\n`);
  for (const warning of warningLines(report)) say(`warning: ${warning}`);
  // Before the result, which shows the exit status of the command.
  const { exitStatus, lines } = await writeFiles({ request, plan, entries, report }, ofRun);
  world.stdout.write(resultText(report, request, exitStatus, styleFor(world)));
  if (!quiet && format === "text") for (const line of hintsFor(report)) say(`hint: ${line}`);
  for (const line of lines) world.stderr.write(`${line}\n`);
  return exitStatus;
}

/** The report of the task; undefined if the answer to the question was no. */
async function performed(work: Work): Promise<Report | undefined> {
  const { request, plan, mustAsk, world, view, cancellation, interrupted } = work;
  const { stop } = cancellation;
  const deps = { ...depsOf(work), onProgress: view.onProgress, stop };
  switch (request.task) {
    case "list":
      return asList(await readOnlyRun(work, "list", view.onProgress), request.narrowed);
    case "dry-run":
      return readOnlyRun(work, "dry-run", view.onProgress);
    case "undrain":
      return undrainEveryHost(plan, work.waitMs, deps);
    case "check":
    case "log-off":
      break;
  }
  const afterWave = afterWaveOf({ ...work, say: view.say });
  if (mustAsk) {
    const found = reportInOptionWords(await readOnlyRun(work, "dry-run", () => undefined));
    if (stop.aborted) return undefined;
    const isIdle =
      wouldGo(found) === 0 && (plan.drain === "none" || found.hosts.length === 0) && afterWave === undefined;
    // The report of a resumed run holds what the interrupted one did.
    if (isIdle && interrupted === undefined) return asRun(found);
    if (!isIdle) showWho(found, world);
    const agreed = isIdle || (await ask(questionFor(found, plan, request), world, stop));
    if (!agreed) {
      world.stderr.write(`${cancellation.isCancelled() ? "\n" : ""}Nothing was changed\n`);
      return undefined;
    }
  }
  const run = { ...deps, readOnly: undefined, ...(afterWave === undefined ? {} : { afterWave }) };
  const { journal } = request;
  const never = new AbortController().signal;
  if (journal === undefined) return runRollout(plan, run, never);
  const opened = interrupted ?? (await createJournal(journal.path, work, world.clock.date()));
  const resumed = opened.interrupted?.resumed;
  const noted = { ...run, journal: opened.journal, ...(resumed === undefined ? {} : { resumed }) };
  const report = await runRollout(plan, noted, never).finally(opened.close);
  return withFailure(report, await opened.close());
}

/** The last notes of a run have nothing after them that their loss could stop. It fails the run all the same. */
function withFailure(report: Report, failure: LogoffError | undefined): Report {
  const isKnown = [report.ended, ...report.hosts.map(({ error }) => error)].some(
    (error) => error?.code === "journal-failed",
  );
  if (failure === undefined || isKnown) return report;
  const { code, message } = failure;
  return { ...report, warnings: [...report.warnings, message], ended: report.ended ?? { code, message } };
}

/** A read-only run, which a stop may drop at once. */
async function readOnlyRun(
  work: Work,
  readOnly: "list" | "dry-run",
  onProgress: OnProgress,
): Promise<Report> {
  const { request, plan, world, cancellation, interrupted } = work;
  // Hosts that an interrupted run has finished are not contacted, not even to look.
  const hosts = unfinishedHosts(plan, interrupted?.interrupted?.resumed);
  const report = await runRollout(plan, { ...depsOf(work), hosts, onProgress, readOnly }, cancellation.stop);
  return request.here === true ? withCommands(report, world.commandHere) : report;
}

/** What every run of the command has in common. */
function depsOf({
  reach,
  world: { clock },
  slots,
}: Work): Pick<RolloutDeps, "connect" | "findJumpHosts" | "clock" | "slots" | "turns"> {
  return { ...reach, clock, slots, turns: new KeyedMutex() };
}

function styleFor(world: World) {
  const { stdout } = world;
  const columns = stdout.isTTY === true ? (stdout.columns ?? 80) : undefined;
  return { ...(columns === undefined ? {} : { columns }), paint: paintFor(world, stdout) };
}
