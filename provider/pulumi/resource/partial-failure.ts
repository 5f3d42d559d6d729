/** The error of create and update once a host was contacted: a partial state, and why it is partial. Pure. */
import { counted, firstAndMore, printable } from "../../base/text";
import type { ReportedError } from "../../report/report";
import { sharedErrors, toldErrors, type HostError } from "../../report/shared-errors";
import { alsoOn } from "../../report/text";
import { isDone, type Results } from "./state";

/** The most hosts that are listed; the others are counted. */
const limits = { errors: 20, hosts: 20 };

/**
 * The SDK's host turns an error with an `id` into a partial state. The engine prints the `reasons` and nothing else, and
 * keeps the `properties` as outputs.
 */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];

  constructor(id: string, properties: Readonly<Record<string, unknown>>, reasons: readonly string[]) {
    super(reasons[0] ?? "Not done");
    this.name = "PartialFailure";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}

/** A summary line, then the errors of at most 20 hosts, and how many more there are. */
export function failureReasons(name: string, { hostResults, totals }: Results): readonly string[] {
  const open = Object.entries(hostResults).filter(([, result]) => !isDone(result));
  const counts = [
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} skipped`] : []),
  ].join(", ");
  // Failed hosts first, because skipped ones are a consequence.
  const ranked = [...open].sort(
    ([, a], [, b]) => Number(a.status === "skipped") - Number(b.status === "skipped"),
  );
  const hosts = ranked.map(([host, { status, error = unfinished }]) => ({ host, status, error }));
  return [
    `${name}: ${open.length} of ${totals.hosts} hosts not done (${counts}); the next "pulumi up" runs only these`,
    ...errorLines(hosts),
  ];
}

const unfinished: ReportedError = { code: "command-failed", message: "not done" };

/** Each error once, with the first host that has it, and at most 20 hosts; the others are counted. */
export function errorLines(hosts: readonly HostError[]): readonly string[] {
  const { told, untold } = toldErrors(sharedErrors(hosts), limits);
  const lines = told.flatMap((one) => {
    const also = alsoOn(one);
    const line = `${firstAndMore(one.hosts)}: ${one.code}: ${one.message}`;
    return [printable(line, 400), ...(also === undefined ? [] : [printable(also, 2000)])];
  });
  return [...lines, ...(untold === 0 ? [] : [`… and ${counted(untold, "more host")} with other errors`])];
}
