import { startInOrder } from "../base/concurrency";
import { LogoffError } from "../base/errors";
import { counted } from "../base/text";
import type { HostPlan, Plan } from "../plan/plan";
import { finishWave, type AfterWave, type AfterWaveContext } from "./after-wave";
import type { RunContext } from "./context";
import type { HostRun } from "./host/visit";
import { hasBegun } from "./resumed";
import type { RunOne } from "./session-limit";
import { isExceeded } from "./waves";

/** What {@link runWaves} needs besides the plan. */
export interface WaveControl extends Pick<RunContext, "outsideWindow">, AfterWaveContext {
  /** Ends the run. */
  readonly end: AbortController;
  readonly afterWave: AfterWave | undefined;
}

/** What became of all waves. */
export interface WavesEnd {
  readonly runs: readonly HostRun[];
  /** Why the command after a wave failed; absent: none did. */
  readonly error?: LogoffError;
}

/**
 * Runs wave after wave until the run is stopped, and what follows each. Hosts wait for each other only between waves; within a wave each host goes
 * at its own pace.
 */
export async function runWaves(
  waves: readonly (readonly HostPlan[])[],
  plan: Plan,
  run: RunOne,
  control: WaveControl,
): Promise<WavesEnd> {
  const { rollout } = plan;
  const { clock, outsideWindow, stop, end } = control;
  const runs = new Map<string, HostRun>();
  const failures = new FailureCount();
  let error: LogoffError | undefined;
  const note = (done: HostRun, waveSize: number): void => {
    runs.set(done.report.host, done);
    // A wave tests the ones after it, but hosts that the window holds back test nothing.
    const { error: own } = done.report;
    if (own?.code === "outside-window") end.abort(new LogoffError(own.code, own.message));
    if (done.report.status !== "failed") return;
    failures.add();
    const { inRun, inWave } = failures;
    if (rollout.maxFailures !== null && isExceeded(rollout.maxFailures, { inRun, inWave, waveSize }))
      end.abort(budgetExceeded(inRun, rollout.maxFailures));
  };
  const { resumed } = control;
  const isFinished = ({ host: { label } }: HostPlan): boolean => resumed?.done.has(label) === true;
  /** Whether an interrupted run had begun with a wave, so that its pause is over. */
  const isBegun = (wave: readonly HostPlan[]): boolean =>
    resumed !== undefined && wave.some(({ host }) => hasBegun(resumed, host.label));
  for (const [index, wave] of waves.entries()) {
    // Outside the window there is no point in pausing.
    const outside = index > 0 ? outsideWindow(clock.date()) : undefined;
    if (outside !== undefined) end.abort(outside);
    // A pause is cut short only by a stop, and then each remaining host reports why it was skipped.
    const isPaused = index > 0 && rollout.pauseMs > 0 && !isBegun(wave);
    if (isPaused) await clock.sleep(rollout.pauseMs, stop).catch(() => undefined);
    failures.startWave();
    // The failures of an interrupted run count before anything begins.
    for (const host of wave.filter(isFinished)) note(await run(host, () => undefined), wave.length);
    const unfinished = wave.filter((host) => !isFinished(host));
    await startInOrder(unfinished, rollout.parallel, async (host, begins) => {
      note(await run(host, begins), wave.length);
    });
    if (control.afterWave === undefined) continue;
    const which = { number: index + 1, waves: waves.length, hosts: wave };
    const after = await finishWave(control.afterWave, which, [...runs.values()], control);
    error ??= after.error;
    if (after.error !== undefined) end.abort(after.error);
    for (const done of after.runs) note(done, wave.length);
  }
  return { runs: [...runs.values()], ...(error === undefined ? {} : { error }) };
}

/** Counts failed hosts. */
class FailureCount {
  inRun = 0;
  inWave = 0;

  startWave(): void {
    this.inWave = 0;
  }

  add(): void {
    this.inRun += 1;
    this.inWave += 1;
  }
}

function budgetExceeded(failed: number, limit: NonNullable<Plan["rollout"]["maxFailures"]>): LogoffError {
  const allowed = "hosts" in limit ? String(limit.hosts) : `${limit.percent}% of a wave`;
  const message = `Stopped after ${counted(failed, "failed host")}: \`rollout.maxFailures\` allows ${allowed}; fix the cause and run again`;
  return new LogoffError("budget-exceeded", message);
}
