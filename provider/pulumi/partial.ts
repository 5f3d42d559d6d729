/** What create and update throw once a host was contacted: a state that is not finished, and why. Pure. */
import { printable } from "../errors";
import { isRecord } from "../plan/unknown";
import { isDone, type HostResult, type Results } from "./state";

/** Hosts named one by one in an error; the others are counted. */
const namedHosts = 20;

/**
 * The partial state travels as base64 in gRPC trailers: 9 MB went through and 14 MB lost the resource. So many bytes of
 * protobuf stay below 8 MB in base64.
 */
const mostBytes = 5_900_000;

/**
 * The SDK's host turns an error with an `id` into a partial state. The engine prints the `reasons` and nothing else, and
 * keeps the `properties` as outputs.
 */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];

  constructor(id: string, properties: Readonly<Record<string, unknown>>, reasons: readonly string[]) {
    super(reasons[0] ?? "Not finished");
    this.name = "PartialFailure";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}

/** Why hosts are left over that simply wait for the next run. */
const waits: readonly (string | undefined)[] = ["outside-window", "timed-out"];

/**
 * Whether a run leaves the resource failed: with `any` by a host that is not done. With `budget` only by what ended the run
 * as a whole and is no matter of single hosts: too many failures, a limit on all sessions, a password that is offered no
 * more, somebody who cancelled. A host that failed, or that the window or the total time left over, waits for the next run.
 */
export function isFailed(
  hostResults: Readonly<Record<string, HostResult>>,
  failOn: "any" | "budget",
): boolean {
  const endedRun = ({ status, error }: HostResult): boolean =>
    error?.code === "aborted" ||
    error?.code === "budget-exceeded" ||
    (status === "skipped" && !waits.includes(error?.code));
  return Object.values(hostResults).some(
    (result) => !isDone(result) && (failOn === "any" || endedRun(result)),
  );
}

/** A line that sums up, at most 20 hosts with what to do about them, and how many more there are. */
export function failureReasons(name: string, { hostResults, totals }: Results): readonly string[] {
  const open = Object.entries(hostResults).filter(([, result]) => !isDone(result));
  const counts = [
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} skipped`] : []),
  ].join(", ");
  // Failed ones first: a skipped host is a consequence.
  const ranked = [...open].sort(
    ([, a], [, b]) => Number(a.status === "skipped") - Number(b.status === "skipped"),
  );
  const lines = ranked
    .slice(0, namedHosts)
    .map(([label, { error }]) =>
      printable(`${label}: ${error === undefined ? "not finished" : `${error.code}: ${error.message}`}`, 400),
    );
  const more = ranked.length - lines.length;
  return [
    `${name}: ${open.length} of ${totals.hosts} hosts not done (${counts}); the next "pulumi up" runs only these`,
    ...lines,
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
}

/** Cuts the hosts' error messages until everything fits into the engine's way of taking a partial state. */
export function fitted(
  inputs: Readonly<Record<string, unknown>>,
  results: Results,
): Readonly<Record<string, unknown>> {
  for (const letters of [300, 120, 40]) {
    const properties = { ...inputs, ...withMessagesCut(results, letters) };
    if (structBytes(properties) <= mostBytes) return properties;
  }
  return { ...inputs, ...withMessagesCut(results, 0) };
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

const utf8 = new TextEncoder();

/** Bytes of a value as a google.protobuf.Value, which weighs more than its JSON where numbers are small. */
export function structBytes(value: unknown): number {
  if (typeof value === "string") return framed(utf8.encode(value).length);
  if (typeof value === "number") return 9;
  if (Array.isArray(value)) {
    return framed(value.reduce((sum: number, item) => sum + framed(structBytes(item)), 0));
  }
  if (!isRecord(value)) return 2;
  const entries = Object.entries(value).map(([key, item]) =>
    framed(framed(utf8.encode(key).length) + framed(structBytes(item))),
  );
  return framed(entries.reduce((sum, bytes) => sum + bytes, 0));
}

/** A field with its tag and length in front. */
function framed(bytes: number): number {
  let lengthBytes = 1;
  for (let rest = bytes; rest >= 128; rest /= 128) lengthBytes += 1;
  return 1 + lengthBytes + bytes;
}
