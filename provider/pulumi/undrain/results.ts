/** Results of `HostUndrain` into outputs, and back. Pure. Every state ever written stays readable. */
import { isRecord } from "../../base/records";
import { unknownValue } from "../../plan/unknown";
import type { AwaitOutcome } from "../../run/undrain/await-hosts";
import type { Props } from "../common/contract";
import type { InputChanges } from "../common/resource-kind";
import { readStoredError, storedError } from "../common/stored-error";
import type { UndrainHostResult, UndrainResults } from "./state";

/** Written into every state; a change of form is a new number, and the old form stays readable. */
const stateVersion = 1;

/** What older outputs tell, as far as they can be read. */
export interface UndrainKnown {
  readonly hosts: ReadonlyMap<string, UndrainHostResult>;
  readonly finishedAt: string;
}

/** Reads outputs of any age. What cannot be read is absent, and a host that is absent is pending. Never throws. */
export function readUndrainKnown(outputs: unknown): UndrainKnown {
  const { hostResults, finishedAt } = isRecord(outputs) ? outputs : {};
  return {
    hosts: new Map(
      Object.entries(isRecord(hostResults) ? hostResults : {}).flatMap(([label, value]) => {
        const result = readHostResult(value);
        return result === undefined ? [] : [[label, result] as const];
      }),
    ),
    finishedAt: typeof finishedAt === "string" ? finishedAt : "",
  };
}

function readHostResult(value: unknown): UndrainHostResult | undefined {
  if (!isRecord(value)) return undefined;
  const status = statuses.find((one) => one === value["status"]);
  if (status === undefined) return undefined;
  const { bootId } = value;
  const error = status === "ok" ? undefined : readStoredError(value["error"]);
  return {
    status,
    // What cannot be read says nothing of the host, which may be closed.
    drained: drains.find((one) => one === value["drained"]) ?? "left",
    ...(typeof bootId === "string" ? { bootId } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

const statuses = ["ok", "failed", "skipped"] as const;
const drains = ["undrained", "no", "already", "left"] as const;

/** What became of a host, in the form of the state. */
export function toUndrainHostResult({ status, drained, bootId, error }: AwaitOutcome): UndrainHostResult {
  return {
    status,
    drained,
    ...(bootId === undefined ? {} : { bootId }),
    ...(error === undefined ? {} : { error: storedError(error) }),
  };
}

/** All outputs from what is known of the hosts that the inputs name, in the order of the inputs. */
export function toUndrainResults(
  labels: readonly string[],
  { hosts, finishedAt }: UndrainKnown,
): UndrainResults {
  const results = labels.flatMap((label) => {
    const result = hosts.get(label);
    return result === undefined ? [] : [[label, result] as const];
  });
  return {
    readyHosts: results.flatMap(([label, { status }]) => (status === "ok" ? [label] : [])),
    hostResults: Object.fromEntries(results),
    finishedAt,
    stateVersion,
  };
}

/** The results after an update, as far as they are known before it. An update that contacts no host keeps what was known. */
export function expectedUndrainResults(
  olds: Props,
  { labels, hostsToRun, hasUnknownHosts }: InputChanges,
): Readonly<Record<keyof UndrainResults, unknown>> {
  const results = toUndrainResults(labels, readUndrainKnown(olds));
  if (hostsToRun.size === 0 && !hasUnknownHosts) return { ...results };
  const running = [...hostsToRun].map((label) => [label, unknownValue] as const);
  return {
    readyHosts: unknownValue,
    hostResults: hasUnknownHosts
      ? unknownValue
      : { ...results.hostResults, ...Object.fromEntries<unknown>(running) },
    finishedAt: unknownValue,
    stateVersion,
  };
}
