import { LogoffError, type PlanProblem } from "../errors";
import type { Plan } from "../plan";
import type { HostReport } from "../report/report";
import { runRollout, type RolloutDeps } from "../rollout";
import type { Cancellation } from "./cancellation";
import type { Front } from "./process";
import { progressLines } from "./progress-lines";
import { toHostResult, type Known } from "./state";

/** An error that the engine prints as it is: every problem on a line of its own. */
export function planError(name: string, problems: readonly PlanProblem[]): LogoffError {
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
  return new LogoffError("plan-invalid", [`${name}: inputs cannot be used:`, ...lines].join("\n"), {
    problems,
  });
}

type EarlierRun = NonNullable<RolloutDeps["earlier"]> extends ReadonlyMap<string, infer E> ? E : never;

/** What a run adds to what was known. */
export interface RunResult {
  readonly known: Known;
  /** Whether any host was contacted. */
  readonly contacted: boolean;
}

/**
 * Runs the named hosts of a plan, prints what happens, and adds the outcomes to what was known. Always ends: when it is
 * cancelled and hosts do not finish in time, they count as stopped.
 */
export async function runAndRecord(
  name: string,
  plan: Plan,
  labels: ReadonlySet<string>,
  known: Known,
  front: Front,
): Promise<RunResult> {
  const say = (line: string): void => front.print(`${name}: ${line}`);
  const outcome = await front.runs.hold((cancellation) =>
    runHosts(name, plan, labels, known, front, cancellation),
  );
  for (const warning of outcome.warnings) say(`warning: ${warning}`);
  const hosts = new Map(known.hosts);
  const resume = new Map(known.resume);
  for (const report of outcome.reports) {
    hosts.set(report.host, toHostResult(report));
    resume.set(report.host, report.warned);
  }
  const contacted = outcome.reports.some((report) => report.contacted);
  const finishedAt = contacted ? outcome.finishedAt : known.finishedAt;
  return { known: { hosts, finishedAt, resume }, contacted };
}

interface Outcome {
  readonly reports: readonly HostReport[];
  readonly warnings: readonly string[];
  readonly finishedAt: string;
}

/** The report of the run, or what its events told when it does not end in time or breaks. */
async function runHosts(
  name: string,
  plan: Plan,
  labels: ReadonlySet<string>,
  known: Known,
  front: Front,
  { stop, signal, gaveUp }: Cancellation,
): Promise<Outcome> {
  const started = new Set<string>();
  const finished = new Map<string, HostReport>();
  const print = progressLines(name, labels.size, front.clock, front.print);
  const deps = {
    connect: front.connect,
    clock: front.clock,
    slots: front.slots,
    turns: front.turns,
    hosts: labels,
    stop,
    earlier: new Map([...labels].map((label) => [label, earlierRun(label, known)])),
    onProgress: (event: Parameters<typeof print>[0]): void => {
      if (event.type === "host-started") started.add(event.host);
      if (event.type === "host-finished") finished.set(event.host, event.report);
      print(event);
    },
  };
  const unfinished = (error: LogoffError): Outcome => ({
    reports: [...labels].map(
      (host) => finished.get(host) ?? unfinishedReport(host, started.has(host), error),
    ),
    warnings: plan.warnings,
    finishedAt: front.clock.date().toISOString(),
  });
  const run = runRollout(plan, deps, signal).then(
    ({ hosts, warnings, finishedAt }) => ({ reports: hosts, warnings, finishedAt }),
    (thrown: unknown) =>
      unfinished(
        new LogoffError(
          "command-failed",
          `The run broke: ${thrown instanceof Error ? thrown.message : "unknown error"}`,
        ),
      ),
  );
  const tooLate = gaveUp.then(() =>
    unfinished(
      new LogoffError(
        "aborted",
        "Stopped before it was finished, and what was sent could not be verified in time",
      ),
    ),
  );
  return Promise.race([run, tooLate]);
}

/** Who was warned already, and whether the host is drained by us. */
function earlierRun(label: string, known: Known): EarlierRun {
  const drained = known.hosts.get(label)?.drained;
  return {
    warned: known.resume.get(label) ?? [],
    ...(drained === "until-restart" || drained === "until-destroy" ? { drained } : {}),
  };
}

function unfinishedReport(host: string, wasStarted: boolean, { code, message }: LogoffError): HostReport {
  return {
    host,
    platform: null,
    status: wasStarted ? "failed" : "skipped",
    error: { code, message },
    drained: "no",
    durationMs: 0,
    warnings: [],
    sessions: [],
    notFound: [],
    contacted: wasStarted,
    warned: [],
  };
}
