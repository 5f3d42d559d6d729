import { LogoffError, type ErrorCode } from "../../base/errors";
import { counted, firstAndMore } from "../../base/text";
import type { Platform } from "../../connection";
import type { ConnectionDefaults } from "../../plan/connection-defaults";
import type { Plan } from "../../plan/plan";
import { readPlan } from "../../plan/read-plan";
import type { OnProgress } from "../../report/events";
import { sharedErrors } from "../../report/shared-errors";
import { undrainHosts, type UndrainOutcome } from "../../run/undrain/undrain";
import type { Cancellation } from "../process/cancellation";
import { undrainLines } from "../progress/undrain-lines";
import type { Scope } from "../common/call";
import { connectionOfEvery, entriesOf } from "./kept-hosts";
import { errorLines } from "../common/partial-failure";
import { ourDrain, withParallelAllowed, type Known, type OurDrain } from "./state";

/** A host that still refuses new logons because of us, and why. */
export interface StillDrained {
  readonly host: string;
  readonly error: LogoffError;
  /** As the inputs say; absent: they do not. */
  readonly platform?: Platform;
}

/** What lifting drains adds to what was known. */
export interface Undrained {
  readonly known: Known;
  /** Hosts with an error that somebody has to fix: a login, a host key, a right. They must not be forgotten. */
  readonly failed: readonly StillDrained[];
  /** Hosts that did not answer, and may be gone for good. */
  readonly unreachable: readonly StillDrained[];
}

/**
 * Allows new logons again on the named hosts where the state says that we refused them. `plan` says how they are
 * reached. Always ends: when it is cancelled, a host that does not answer in time counts as failed.
 */
export async function undrainAndRecord(
  plan: Pick<Plan, "hosts" | "rollout" | "timeouts">,
  labels: readonly string[],
  known: Known,
  { connect, clock, slots, turns, voice }: Omit<Scope, "writeReport" | "newId">,
  { stop, signal, gaveUp }: Cancellation,
): Promise<Undrained> {
  const drained = new Map(
    labels.flatMap((label): [string, OurDrain][] => {
      const ours = ourDrain(known.hosts.get(label));
      return ours === undefined ? [] : [[label, ours]];
    }),
  );
  const hosts = new Map(known.hosts);
  const lines = undrainLines({ hosts: drained.size, clock, voice });
  const onProgress: OnProgress = (event) => {
    lines.hear(event);
    const before = event.type === "host-drained" ? hosts.get(event.host) : undefined;
    if (event.type === "host-drained" && before !== undefined)
      hosts.set(event.host, { ...before, drained: event.drained });
  };
  const opened = plan.hosts.filter(({ host }) => drained.has(host.label));
  slots.makeRoomFor(plan.rollout.parallel, opened).forEach(voice.warn);
  const planned = new Map(plan.hosts.map(({ host }) => [host.label, host.platform]));
  const outcomes = await Promise.race([
    undrainHosts(plan, drained, { connect, clock, slots, turns, onProgress, stop }, signal),
    gaveUp.then((): readonly UndrainOutcome[] => []),
  ]).finally(lines.end);
  const errors = new Map(outcomes.flatMap(({ host, error }) => (error ? [[host, error] as const] : [])));
  const still = [...drained.keys()]
    .filter((host) => ourDrain(hosts.get(host)) !== undefined)
    .map((host): StillDrained => {
      const platform = planned.get(host);
      const error = errors.get(host) ?? (planned.has(host) ? tooLate : unplanned);
      return { host, error, ...(platform === undefined ? {} : { platform }) };
    });
  return {
    known: { ...known, hosts },
    failed: still.filter(({ error }) => !isUnreachable(error)),
    unreachable: still.filter(({ error }) => isUnreachable(error)),
  };
}

const tooLate = new LogoffError("aborted", "Stopped before it was done");
const unplanned = new LogoffError("host-unreachable", "The state does not say how to reach it");

/** Nobody answers there: the machine may not exist any more, and with it the drain. */
const silent: readonly ErrorCode[] = ["host-unreachable", "timed-out", "connection-lost"];

function isUnreachable({ code, cause }: LogoffError): boolean {
  if (code === "jump-host-failed" && cause instanceof LogoffError) return isUnreachable(cause);
  return silent.includes(code);
}

/** Error lines that name up to twenty hosts. */
export function stillDrainedReasons(name: string, still: readonly StillDrained[]): readonly string[] {
  if (still.length === 0) return [];
  return [
    `${name}: ${counted(still.length, "host")} ${still.length === 1 ? "is" : "are"} still drained by this resource; fix the errors below and run again, or allow new logons there with ${byHand(still)}`,
    ...errorLines(still),
  ];
}

/** Warnings about hosts that do not answer, each error once. They name all hosts, which may be forgotten now. */
export function unreachableWarnings(still: readonly StillDrained[]): readonly string[] {
  return sharedErrors(still).flatMap(({ hosts, message }) => [
    `${firstAndMore(hosts)}: may still be drained by this resource: ${message}`,
    ...inGroups(hosts.slice(1), 50).map((some) => `this also applies to ${some.join(", ")}`),
  ]);
}

function inGroups(hosts: readonly string[], size: number): readonly (readonly string[])[] {
  return hosts.length === 0 ? [] : [hosts.slice(0, size), ...inGroups(hosts.slice(size), size)];
}

/** What lifts a drain on the platforms that these hosts may have. */
function byHand(still: readonly StillDrained[]): string {
  const [windows, linux] = ['"chglogon /enable"', '"rm /run/nologin"'];
  if (still.every(({ platform }) => platform === "windows")) return windows;
  return still.every(({ platform }) => platform === "linux")
    ? linux
    : `${windows} (Windows) or ${linux} (Linux)`;
}

/**
 * How the state's inputs reach these of their hosts, for hosts that the program names no longer.
 * @throws LogoffError `plan-invalid`
 */
export function planFromState(
  name: string,
  olds: Readonly<Record<string, unknown>>,
  labels: readonly string[],
  defaults: ConnectionDefaults,
): Pick<Plan, "hosts" | "rollout" | "timeouts"> {
  const hosts = entriesOf(olds, labels);
  if (hosts.length === 0) return { hosts: [], rollout: noRollout, timeouts: noTimeouts };
  // How hosts are reached and how many at once; the rest has no part in lifting a drain.
  const { timeouts, rollout } = withParallelAllowed(olds);
  const inputs = { connection: connectionOfEvery(olds), timeouts, rollout, hosts, sessions: { all: true } };
  const { plan, problems } = readPlan(inputs, { defaults });
  if (plan !== undefined) return plan;
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
  const what = `${name}: drained hosts cannot be reached with the connection in the state, so they stay drained:`;
  throw new LogoffError("plan-invalid", [what, ...lines].join("\n"), { problems });
}

const noRollout: Plan["rollout"] = { parallel: 1, waves: [], pauseMs: 0, maxFailures: null };
const noTimeouts: Plan["timeouts"] = { commandMs: 1, logoffMs: 1, totalMs: null };
