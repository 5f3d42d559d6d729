/** What of the results is left out when the state is too large for the engine. Pure. */
import type { WarnedSession } from "../../report/report";
import { fittedState, jsonBytes, messageSteps, type SizedState, type SizeStep } from "../common/size-limit";
import { isAsked, type Results, type ResumeEntry } from "./state";

/**
 * Leaves out step by step what matters least until everything fits. What hosts became and which ones are drained is never
 * left out, nor a logon time: with half an identity somebody who was not warned might pass for warned.
 *
 * @param isOver whether a warning no longer counts: then the session is warned again in any case
 * @param markBytes what marks of secrets add
 */
export function withinSizeLimit(
  inputs: Readonly<Record<string, unknown>>,
  results: Results,
  isOver: (warned: WarnedSession) => boolean,
  markBytes = 0,
): SizedState {
  return fittedState(inputs, results, steps(isOver), markBytes);
}

function steps(isOver: (warned: WarnedSession) => boolean): readonly SizeStep<Results>[] {
  return [
    {
      without: (results) =>
        withPeople(results, (people) => people.filter((one) => isAsked(one) || !isOver(one))),
    },
    ...messageSteps<Results>(),
    {
      without: (results) =>
        withPeople(results, (people) =>
          people.map((one) => (isAsked(one) ? one : { ...one, remindersMs: [] })),
        ),
      warning: () =>
        "Cannot keep which reminders were sent, the state would be too large: the next run may send them again",
    },
    {
      without: (results, roomBytes) =>
        withLatestResume(results, roomBytes - jsonBytes({ ...results, resume: {} })),
      warning: (before, after) => {
        const all = Object.keys(before.resume).length;
        const lost = all - Object.keys(after.resume).length;
        return `Cannot keep the warnings and logoffs of ${lost} of ${all} hosts, the state would be too large: the next run may warn these people again`;
      },
    },
  ];
}

function withPeople(
  results: Results,
  change: (people: readonly ResumeEntry[]) => readonly ResumeEntry[],
): Results {
  const resume = Object.entries(results.resume).flatMap(([label, people]) => {
    const changed = change(people);
    return changed.length === 0 ? [] : [[label, changed] as const];
  });
  return { ...results, resume: Object.fromEntries(resume) };
}

/**
 * As many hosts as there is room for. First those where somebody was asked to go, who would otherwise count as gone; then those
 * where people were warned last, since most of their grace period is left.
 */
function withLatestResume(results: Results, roomBytes: number): Results {
  const hosts = Object.entries(results.resume)
    .map(([label, people]) => ({
      label,
      bytes: jsonBytes({ [label]: people }),
      atMs: Math.max(...people.map((one) => (isAsked(one) ? Infinity : Date.parse(one.warnedAt)))),
    }))
    .sort((a, b) => (a.atMs === b.atMs ? 0 : b.atMs - a.atMs));
  let room = roomBytes;
  const kept = new Set<string>();
  for (const { label, bytes } of hosts) {
    room -= bytes;
    if (room < 0) break;
    kept.add(label);
  }
  const resume = Object.entries(results.resume).filter(([label]) => kept.has(label));
  return { ...results, resume: Object.fromEntries(resume) };
}
