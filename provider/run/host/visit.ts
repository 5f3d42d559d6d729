import { asLogoffError, LogoffError } from "../../base/errors";
import type { HostPlan } from "../../plan/plan";
import type { RunContext } from "../context";
import { cleanUp, findAgain, needsCleanUp, warnOfCleanUp } from "./clean-up";
import { detectedHost, type DetectedHost } from "./detected-host";
import { inGracePeriod, visitDuringGrace, warnPeople } from "./grace-period";
import { logOffPass } from "./log-off-pass";
import { prepare } from "./prepare";
import { HostRecord } from "./record";
import { at, isGone, type HostRun, type HostState, type Next, type Step } from "./state";

export type { HostRun } from "./state";

/** The host has to be visited again. */
export interface ComeAgain {
  readonly state: HostState;
  readonly comeAgainInMs: number;
}

/** The result of a visit. */
export type Visited = ComeAgain | HostRun;

export type Visit = typeof visit;

/** Does all that can be done on a host without waiting, on one connection. Never rejects. */
export async function visit(run: RunContext, plan: HostPlan, state: HostState): Promise<Visited> {
  const record = new HostRecord(run, plan, state);
  run.records.set(record.label, record);
  try {
    let next = at(state.step);
    while (next.step !== "done" && next.atMs <= run.clock.now())
      next = await takeStep(run, record, next.step);
    await record.connection.release();
    if (next.step === "done") return end(run, record);
    return { state: record.stateFor(next.step), comeAgainInMs: Math.max(0, next.atMs - run.clock.now()) };
  } catch (thrown) {
    await record.connection.release();
    return fail(run, record, thrown);
  }
}

/** Takes a step and returns the next one. This is the order of a host's run. */
async function takeStep(run: RunContext, record: HostRecord, step: Step): Promise<Next> {
  const host = await hostFor(step, run, record);
  switch (step) {
    case "begin":
      return run.readOnly === undefined ? warnPeople(run, host, record, record.state.work) : at("done");
    case "grace":
      await visitDuringGrace(run, host, record);
      return inGracePeriod(run, record);
    case "log-off":
      record.endGracePeriod();
      return settled(run, record, await warnPeople(run, host, record, await logOffPass(run, host, record)));
    case "settle":
      return at("done");
    case "clean-up":
      await cleanUp(run, host, record);
      return at("done");
  }
}

function hostFor(step: Step, run: RunContext, record: HostRecord): Promise<DetectedHost> | DetectedHost {
  if (step === "begin") return prepare(run, record);
  return step === "clean-up" ? findAgain(run, record) : detectedHost(run, record);
}

/** What follows the last logoff: the host settles if the run has seen a session go. */
function settled({ plan, clock, onProgress }: RunContext, record: HostRecord, next: Next): Next {
  const { work, notFound } = record.state;
  if (next.step !== "done" || plan.settleMs === 0 || notFound !== null || !work.some(isGone)) return next;
  onProgress({ type: "settle-started", host: record.label, settleMs: plan.settleMs });
  return at("settle", clock.now() + plan.settleMs);
}

function end(run: RunContext, record: HostRecord): Visited {
  const { notFound, failure, usedExceptions } = record.state;
  if (notFound !== null && failure === null)
    return fail(run, record, new LogoffError("session-not-found", notFound));
  const report = record.report();
  run.records.set(record.label, { snapshot: () => report });
  run.onProgress({ type: "host-finished", host: record.label, report });
  return { report, usedExceptions };
}

/** Ends the run of a failed host, after one more visit if the host has to be cleaned up. */
function fail(run: RunContext, record: HostRecord, thrown: unknown): Visited {
  const error = asLogoffError(thrown, "command-failed", `Cannot finish "${record.label}"`);
  if (record.state.step === "clean-up") {
    warnOfCleanUp(record, error);
    return end(run, record);
  }
  record.fail(error);
  return needsCleanUp(run, record)
    ? { state: record.stateFor("clean-up"), comeAgainInMs: 0 }
    : end(run, record);
}

/** Fails a host that cannot be visited again, because the run was stopped while it waited. */
export function stopBetweenVisits(
  run: RunContext,
  plan: HostPlan,
  state: HostState,
  thrown: unknown,
): Visited {
  const record = new HostRecord(run, plan, state);
  run.records.set(record.label, record);
  return fail(run, record, thrown);
}
