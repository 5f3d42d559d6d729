/** What a preview knows of the results. Pure. */
import { unknownValue } from "../../plan/unknown";
import type { Changes } from "./changes";
import type { Props } from "../common/contract";
import { readKnown, stateVersion, toResults, type Results } from "./state";

/**
 * The results after an update, as far as they are known before it: everything that a run may change is unknown. An update that contacts no
 * host keeps what was known.
 */
export function expectedResults(
  olds: Props,
  { labels, hostsToRun, undrain, hasUnknownHosts }: Changes,
): Readonly<Record<keyof Results, unknown>> {
  const results = toResults(labels, readKnown(olds));
  const changing = new Set([...hostsToRun, ...undrain]);
  const hostResults = hasUnknownHosts
    ? unknownValue
    : withUnknown(
        results,
        labels.filter((label) => changing.has(label)),
      );
  if (hostsToRun.size === 0 && !hasUnknownHosts) return { ...results, hostResults };
  return {
    totals: unknownValue,
    readyHosts: unknownValue,
    hostResults,
    remaining: unknownValue,
    bootIds: unknownValue,
    finishedAt: unknownValue,
    resume: unknownValue,
    stateVersion,
  };
}

function withUnknown({ hostResults }: Results, labels: readonly string[]): Readonly<Record<string, unknown>> {
  return { ...hostResults, ...Object.fromEntries(labels.map((label) => [label, unknownValue])) };
}
