/** What create and update throw once a host was contacted: a state that is not finished, and why. Pure. */
import { printable } from "../errors";
import { isDone, type Results } from "./state";

/** Hosts named one by one in an error; the others are counted. */
const namedHosts = 20;

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
