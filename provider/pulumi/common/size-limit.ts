/** A state that fits into the engine's way of taking one from a create or update that failed. Pure. */
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import type { Props } from "./contract";

/**
 * The partial state travels as base64 in gRPC trailers: 9 MB went through and 14 MB lost the resource. As protobuf a state is at most
 * half as large again as its JSON, so this much JSON stays below 8 MB in base64.
 */
const mostBytes = 3_800_000;

/** Outputs that fit, and what the next run will lack. */
export interface SizedState {
  readonly properties: Props;
  readonly warnings: readonly string[];
}

/** What is left out when a state is too large. */
export interface SizeStep<R> {
  /** @param roomBytes how large the results may be, as JSON */
  readonly without: (results: R, roomBytes: number) => R;
  /** What is lost; absent if it is of no use to the next run. */
  readonly warning?: (before: R, after: R) => string;
}

/**
 * Takes one step after the other until everything fits.
 * @param steps what to leave out, what matters least first
 * @param markBytes what marks of secrets add
 */
export function fittedState<R extends object>(
  inputs: Props,
  results: R,
  steps: readonly SizeStep<R>[],
  markBytes = 0,
): SizedState {
  const roomBytes = mostBytes - jsonBytes(inputs) - markBytes;
  const warnings: string[] = [];
  let left = results;
  for (const { without, warning } of steps) {
    if (jsonBytes(left) <= roomBytes) break;
    const before = left;
    left = without(before, roomBytes);
    if (warning !== undefined) warnings.push(warning(before, left));
  }
  const bytes = jsonBytes(left);
  if (bytes > roomBytes) {
    const megabytes = ((mostBytes - roomBytes + bytes) / 1_000_000).toFixed(1);
    warnings.push(
      `The state may be too large to be saved (${megabytes} MB of at most ${mostBytes / 1_000_000}): give credentials once and not for every host, or make several resources`,
    );
  }
  return { properties: { ...inputs, ...left }, warnings };
}

/** Results of hosts with an error, of whichever resource. */
export interface WithErrors {
  readonly hostResults: Readonly<Record<string, object>>;
}

/** Shortens the messages of errors more and more. */
export function messageSteps<R extends WithErrors>(): readonly SizeStep<R>[] {
  return [120, 40, 0].map((letters) => ({
    without: (results) => ({
      ...results,
      hostResults: Object.fromEntries(
        Object.entries(results.hostResults).map(([label, result]) => [
          label,
          withMessageCut(result, letters),
        ]),
      ),
    }),
  }));
}

function withMessageCut(result: object, letters: number): object {
  const error: unknown = "error" in result ? result.error : undefined;
  if (!isRecord(error)) return result;
  const message = letters === 0 ? "" : printable(String(error["message"]), letters);
  return { ...result, error: { ...error, message } };
}

/** The size of a value in a state. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
