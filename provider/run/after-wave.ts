/** What follows a wave: the operator's command for its ready hosts, and the wait until they are back. */
import { aborted } from "../base/abort";
import { asLogoffError, type LogoffError } from "../base/errors";
import type { HostPlan } from "../plan/plan";
import type { HostReport } from "../report/report";
import type { RunContext } from "./context";
import { isDrainedByUs } from "./host/state";
import type { HostRun } from "./host/visit";
import { doneNote } from "./journal";
import type { Resumed } from "./resumed";
import { hostAwaiter, type AwaitDeps, type AwaitedHost } from "./undrain/await-hosts";
import { awaitedReport } from "./undrain/undrain";

/** A wave whose hosts are ready for the command. */
export interface ReadyWave {
  /** From 1. */
  readonly number: number;
  /** The number of waves of the run. */
  readonly waves: number;
  /** The labels of the hosts that are done, in the order of the plan. */
  readonly hosts: readonly string[];
  /** Whether an interrupted run began the command and did not see its end, so that it may run for the second time. */
  readonly isResumed: boolean;
}

/** What a front does after each wave. */
export interface AfterWave {
  /**
   * Runs the operator's command and resolves with why it failed; undefined: it succeeded. Never rejects.
   * @param end ends the command
   */
  readonly command: (wave: ReadyWave, end: AbortSignal) => Promise<LogoffError | undefined>;
  /** Waits afterwards until the hosts are back, and undrains those that the run drained. Absent: does not wait. */
  readonly undrain?: {
    /** Milliseconds until a host that is not back fails. */
    readonly totalMs: number;
    /** Whether each host must have restarted since its first listing. */
    readonly mustRestart: boolean;
  };
}

export interface AfterWaveContext
  extends Pick<RunContext, "plan" | "stop" | "signal" | "journal">, AwaitDeps {
  readonly stop: AbortSignal;
  /** Fires when the run is ended by itself, such as after its total time. */
  readonly enough: AbortSignal;
  readonly resumed: Resumed | undefined;
}

/** The end of a wave. */
export interface WaveEnd {
  /** Why the command failed; absent: it succeeded, or was not run. */
  readonly error?: LogoffError;
  /** The new results of hosts that were awaited. */
  readonly runs: readonly HostRun[];
}

/** Runs the command of a wave and waits for its hosts. Nothing begins in a run that is stopped. Never rejects. */
export async function finishWave(
  { command, undrain }: AfterWave,
  {
    number,
    waves,
    hosts,
  }: { readonly number: number; readonly waves: number; readonly hosts: readonly HostPlan[] },
  finished: readonly HostRun[],
  context: AfterWaveContext,
): Promise<WaveEnd> {
  const { plan, stop, enough, signal, onProgress, journal, resumed } = context;
  const done = new Map(finished.map((run) => [run.report.host, run]));
  const ready = hosts.flatMap(({ host }) => {
    const run = done.get(host.label);
    return run?.report.status === "ok" ? [{ host, run }] : [];
  });
  if (ready.length === 0 || stop.aborted) return { runs: [] };
  const labels = ready.flatMap(({ host: { label } }) =>
    resumed?.commands.get(label) === "ended" ? [] : [label],
  );
  if (labels.length > 0) {
    onProgress({ type: "wave-command", wave: number, waves, hosts: labels.length });
    const isResumed = labels.some((label) => resumed?.commands.get(label) === "began");
    const about = { wave: number, hosts: labels };
    const error = await journal.write({ note: "command", ...about }).then(
      () => command({ number, waves, hosts: labels, isResumed }, enough),
      (thrown: unknown) => asLogoffError(thrown, "journal-failed", "Cannot write the journal"),
    );
    if (error !== undefined) return { error, runs: [] };
    journal.add({ note: "command-ended", ...about });
  }
  if (undrain === undefined || hasStopped(stop)) return { runs: [] };
  const away = ready.filter(({ host }) => resumed?.back.has(host.label) !== true);
  const awaited = ({ host, run: { report } }: (typeof away)[number]): AwaitedHost => {
    const lifts = isDrainedByUs(report.drained) ? [report.drained] : [];
    return { host, lifts, ...(undrain.mustRestart ? { restartedSince: report.bootId ?? null } : {}) };
  };
  const options = {
    parallel: plan.rollout.parallel,
    commandMs: plan.timeouts.commandMs,
    totalMs: undrain.totalMs,
  };
  const awaitHost = hostAwaiter(options, context, signal);
  const runs = await Promise.all(
    away.map(async (one): Promise<HostRun> => {
      const { run } = one;
      const after = { ...run, report: reportAfter(run.report, await awaitHost(awaited(one))) };
      const { host, status } = after.report;
      journal.add(doneNote(after, stop.aborted ? aborted(stop) : undefined));
      if (status === "ok") journal.add({ note: "back", host });
      return after;
    }),
  );
  return { runs };
}

/** A run may be stopped while a command runs. */
function hasStopped({ aborted }: AbortSignal): boolean {
  return aborted;
}

/** A host that is not back fails, also where it could not be asked again: it was changed. */
function reportAfter(report: HostReport, outcome: Parameters<typeof awaitedReport>[1]): HostReport {
  const after = awaitedReport(report, outcome);
  return after.status === "skipped" ? { ...after, status: "failed" } : after;
}
