/** A state that fits into the engine's way of taking one from a create or update that failed. Pure. */
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import type { WarnedSession } from "../../report/report";
import { isAsked, type Results, type ResumeEntry } from "./state";

/**
 * The partial state travels as base64 in gRPC trailers: 9 MB went through and 14 MB lost the resource. This many bytes of
 * protobuf stay below 8 MB in base64.
 */
const mostBytes = 5_900_000;

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
 */
export function withinSizeLimit(
  inputs: Readonly<Record<string, unknown>>,
  results: Results,
  isOver: (warned: WarnedSession) => boolean,
): SizedState {
  const weigh = scale();
  const fits = (some: Results): boolean => weigh({ ...inputs, ...some }) <= mostBytes;
  const warnings: string[] = [];
  let left = results;
  for (const { without, warning } of steps(isOver)) {
    if (fits(left)) return { properties: { ...inputs, ...left }, warnings };
    left = without(left);
    if (warning !== undefined) warnings.push(warning);
  }
  if (!fits(left)) {
    const all = Object.keys(left.resume).length;
    left = withLatestResume(left, mostBytes - weigh({ ...inputs, ...left, resume: {} }));
    const lost = all - Object.keys(left.resume).length;
    warnings.push(
      `Cannot keep the warnings and logoffs of ${lost} of ${all} hosts, the state would be too large: the next run may warn these people again`,
    );
  }
  if (!fits(left)) {
    const megabytes = Math.ceil((weigh({ ...inputs, ...left }) * 4) / 3 / 1_000_000);
    warnings.push(
      `The state is too large to be saved (${megabytes} MB of 8): give credentials once and not for every host, or make several resources`,
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
      bytes: entryBytes(label, people),
      atMs: Math.max(...people.map((one) => (isAsked(one) ? Infinity : Date.parse(one.warnedAt)))),
    }))
    .sort((a, b) => (a.atMs === b.atMs ? 0 : b.atMs - a.atMs));
  // Lengths in front of what grows may grow by some bytes themselves.
  let room = roomBytes - 32;
  const kept = new Set<string>();
  for (const { label, bytes } of hosts) {
    room -= bytes;
    if (room < 0) break;
    kept.add(label);
  }
  const resume = Object.entries(results.resume).filter(([label]) => kept.has(label));
  return { ...results, resume: Object.fromEntries(resume) };
}

/** Weighs outputs whose fields are mostly the same each time: a cancelled run has no time to weigh all of them anew. */
function scale(): (properties: Readonly<Record<string, unknown>>) => number {
  const weighed = new Map<unknown, number>();
  return (properties) => {
    let sum = 0;
    for (const [name, value] of Object.entries(properties)) {
      const bytes = weighed.get(value) ?? structBytes(value);
      weighed.set(value, bytes);
      sum += framedEntry(name, bytes);
    }
    return framed(sum);
  };
}

/** Bytes of a value as a google.protobuf.Value, which weighs more than its JSON where numbers are small. */
export function structBytes(value: unknown): number {
  if (typeof value === "string") return framed(Buffer.byteLength(value));
  if (typeof value === "number") return 9;
  let sum = 0;
  if (Array.isArray(value)) {
    for (const item of value) sum += framed(structBytes(item));
    return framed(sum);
  }
  if (!isRecord(value)) return 2;
  for (const key of Object.keys(value)) sum += entryBytes(key, value[key]);
  return framed(sum);
}

function entryBytes(key: string, value: unknown): number {
  return framedEntry(key, structBytes(value));
}

function framedEntry(key: string, valueBytes: number): number {
  return framed(framed(Buffer.byteLength(key)) + framed(valueBytes));
}

/** A field with its tag and length in front. */
function framed(bytes: number): number {
  let lengthBytes = 1;
  for (let rest = bytes; rest >= 128; rest /= 128) lengthBytes += 1;
  return 1 + lengthBytes + bytes;
}
