/** A state that fits into the engine's way of taking one from a create or update that failed. Pure. */
import { printable } from "../../base/text";
import type { WarnedSession } from "../../report/report";
import { isAsked, type Results, type ResumeEntry } from "./state";

/**
 * The partial state travels as base64 in gRPC trailers: 9 MB went through and 14 MB lost the resource. As protobuf a state is at most
 * half as large again as its JSON, so this much JSON stays below 8 MB in base64.
 */
const mostBytes = 3_800_000;

/** Outputs that fit, and what the next run will lack. */
export interface SizedState {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/**
 * Leaves out step by step what matters least until everything fits. What hosts became and which ones are drained is never
 * left out, nor a logon time: with half an identity somebody who was not warned might pass for warned.
 *
 * @param isOver whether a warning's grace period is over: then the session is warned again in any case
 * @param markBytes what marks of secrets add
 */
export function withinSizeLimit(
  inputs: Readonly<Record<string, unknown>>,
  results: Results,
  isOver: (warned: WarnedSession) => boolean,
  markBytes = 0,
): SizedState {
  const roomBytes = mostBytes - jsonBytes(inputs) - markBytes;
  const warnings: string[] = [];
  let left = results;
  for (const { without, warning } of steps(isOver)) {
    if (jsonBytes(left) <= roomBytes) return { properties: { ...inputs, ...left }, warnings };
    left = without(left);
    if (warning !== undefined) warnings.push(warning);
  }
  if (jsonBytes(left) > roomBytes) {
    const all = Object.keys(left.resume).length;
    left = withLatestResume(left, roomBytes - jsonBytes({ ...left, resume: {} }));
    const lost = all - Object.keys(left.resume).length;
    warnings.push(
      `Cannot keep the warnings and logoffs of ${lost} of ${all} hosts, the state would be too large: the next run may warn these people again`,
    );
  }
  if (jsonBytes(left) > roomBytes) {
    const megabytes = ((mostBytes - roomBytes + jsonBytes(left)) / 1_000_000).toFixed(1);
    warnings.push(
      `The state may be too large to be saved (${megabytes} MB of at most ${mostBytes / 1_000_000}): give credentials once and not for every host, or make several resources`,
    );
  }
  return { properties: { ...inputs, ...left }, warnings };
}

interface Step {
  readonly without: (results: Results) => Results;
  /** What is lost, unless it is of no use to the next run. */
  readonly warning?: string;
}

function steps(isOver: (warned: WarnedSession) => boolean): readonly Step[] {
  return [
    {
      without: (results) =>
        withPeople(results, (people) => people.filter((one) => isAsked(one) || !isOver(one))),
    },
    ...[120, 40, 0].map((letters) => ({ without: (results: Results) => withMessagesCut(results, letters) })),
    {
      without: (results) =>
        withPeople(results, (people) =>
          people.map((one) => (isAsked(one) ? one : { ...one, remindersMs: [] })),
        ),
      warning:
        "Cannot keep which reminders were sent, the state would be too large: the next run may send them again",
    },
  ];
}

function withMessagesCut(results: Results, letters: number): Results {
  const hostResults = Object.fromEntries(
    Object.entries(results.hostResults).map(([label, { error, ...rest }]) => [
      label,
      error === undefined
        ? rest
        : {
            ...rest,
            error: { code: error.code, message: letters === 0 ? "" : printable(error.message, letters) },
          },
    ]),
  );
  return { ...results, hostResults };
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

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
